/* SPDX-License-Identifier: MIT */
/* A sampler's plan as data: the operations that it is, which a program may print, count, or run
 * itself. `quell plan` prints them.
 *
 *     quell_operation op = quell_operation_init();
 *     size_t evaluations = 0;
 *     for (size_t i = 0; !quell_sampler_operation(sampler, i, &op); i++)
 *         if (op.kind == QUELL_OPERATION_EVAL) evaluations++;
 */
#ifndef QUELL_OPERATION_H
#define QUELL_OPERATION_H

#include <stddef.h>
#include <stdint.h>
#include <quell/plan.h>
#include <quell/sampler.h>
#include <quell/status.h>

#ifdef __cplusplus
extern "C" {
#endif

/* What an operation does, in terms of the members of quell_operation below. D is the number of
 * elements of a sample. New kinds are added at the end. */
typedef enum quell_operation_kind {
    /* out = E[X | x_t = term[0].source] at the point t; with `apart`, out = that - source / alpha.
     * If `variance` is not QUELL_STATE, that register gets the v that the denoiser learned. */
    QUELL_OPERATION_EVAL,
    /* out = sum of terms and noises: quell_plan_combine. */
    QUELL_OPERATION_COMBINE,
    /* The transition from t to s is done. */
    QUELL_OPERATION_STEP,
    /* out += exp(spread_low + term[0].coefficient term[0].source) noise[0]: quell_plan_spread. */
    QUELL_OPERATION_SPREAD,
    /* out += term[0].coefficient r^2 term[0].source + noise[0].coefficient r noise[0], with r as
     * quell_plan_langevin has it or, with `by_norms`, r = |noise[0]| / |term[0].source|. */
    QUELL_OPERATION_LANGEVIN,
    /* The state goes from t to s in steps that each sample chooses, with all registers. */
    QUELL_OPERATION_ADAPT
} quell_operation_kind;

/* A noise in an operation.
 *
 * coefficient: what it is multiplied by.
 * slot, from, to: without `path` it is quell_noise(quell_noise_key(seed, from, to), slot, ...),
 *   where from and to are the times of its interval; with `path`, in Brownian mode, it is
 *   quell_noise_brownian(seed, slot, from, to, ...), where they are places (quell_noise_place). */
typedef struct quell_operation_noise {
    double coefficient;
    uint32_t slot;
    int path;
    double from;
    double to;
} quell_operation_noise;

/* An operation. Start from quell_operation_init(). What the kind does not use is 0. Coefficients
 * are doubles, as they were worked out; the engine rounds them to float, and of the first term of a
 * COMBINE whose source is `out`, and whose coefficient c is from 1/2 to 2, it rounds c - 1. */
typedef struct quell_operation {
    size_t size;
    quell_operation_kind kind;
    quell_register_id out;
    quell_register_id variance;
    int apart;
    int by_norms;
    double spread_low;
    size_t terms;
    size_t noises;
    quell_term term[QUELL_MAX_TERMS];
    quell_operation_noise noise[QUELL_MAX_NOISES];
    quell_point t;
    quell_point s;
} quell_operation;

/* A struct that says its own size, and is empty otherwise. */
static inline quell_operation quell_operation_init(void)
{
    static const quell_operation empty = {sizeof(quell_operation),
                                          QUELL_OPERATION_EVAL,
                                          0,
                                          0,
                                          0,
                                          0,
                                          0,
                                          0,
                                          0,
                                          {{0, 0}},
                                          {{0, 0, 0, 0, 0}},
                                          {0, 0, 0, 0, 0},
                                          {0, 0, 0, 0, 0}};
    return empty;
}

/* How many operations a sampler's plan has. 0 for NULL. Of a sampler made by _from_step they are
 * its STEPs alone. Thread-safe. */
QUELL_API size_t quell_sampler_operations(const quell_sampler *sampler);

/* Writes the i-th operation of a sampler's plan. QUELL_NOT_FOUND, with *operation as it was, when i
 * is past the end; QUELL_BAD_ARGUMENT for a NULL or for a size that this library does not know.
 * Thread-safe. */
QUELL_API quell_status quell_sampler_operation(const quell_sampler *sampler, size_t i,
                                               quell_operation *operation);

#ifdef __cplusplus
}
#endif
#endif
