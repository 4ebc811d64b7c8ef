/* SPDX-License-Identifier: MIT */
/* A sampler's plan as data: a list of operations that a program may print, count, or run itself.
 * `quell plan` prints it.
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

/* What an operation does, by the members of quell_operation below. New kinds are added at the
 * end. */
typedef enum quell_operation_kind {
    /* out = E[X | x_t] at the point t, where x_t is the register term[0].source. With `apart`,
     * out = E[X | x_t] - x_t / alpha. It is computed before it is rounded, so that it keeps digits
     * which are lost if each of the two is rounded first. Methods of two stages ask for it where
     * the noise is low: there they need this difference alone. If `variance` is not QUELL_STATE,
     * that register gets the v that the denoiser has learned (quell_plan_denoise_variance). */
    QUELL_OPERATION_EVAL,
    /* out = the sum of the terms and noises (quell_plan_combine). */
    QUELL_OPERATION_COMBINE,
    /* The transition from t to s is done. */
    QUELL_OPERATION_STEP,
    /* out += exp(spread_middle + term[0].coefficient term[0].source) noise[0], where spread_middle
     * is (low + high) / 2 and the coefficient (high - low) / 2, with the low and high of
     * quell_plan_spread. */
    QUELL_OPERATION_SPREAD,
    /* out += term[0].coefficient r^2 term[0].source + noise[0].coefficient r noise[0], with the r
     * of quell_plan_langevin. With `by_norms`, r = |noise[0]| / |term[0].source|; only
     * "pc:corrector=langevin,formula=paper" has it. */
    QUELL_OPERATION_LANGEVIN,
    /* The state goes from t to s in steps that each sample chooses, as dpm_adaptive does. All other
     * registers are used on the way, and what they held is lost. */
    QUELL_OPERATION_ADAPT
} quell_operation_kind;

/* Returns the word for a kind, "eval", "combine", "step", "spread", "langevin" or "adapt", as
 * `quell plan --json` has it; "unknown" for a number that is no kind. Thread-safe. */
QUELL_API const char *quell_operation_name(quell_operation_kind kind);

/* A noise in an operation.
 *
 * coefficient: what the noise is multiplied by.
 * path: 1 if it is an increment of a Brownian path, else 0.
 * slot, from, to: without `path` the noise is quell_noise(quell_noise_key(seed, from, to), slot,
 *   ...), where from and to are the times of its interval. With `path` it is
 *   quell_noise_brownian(seed, slot, from, to, ...), where they are places (quell_noise_place). */
typedef struct quell_operation_noise {
    double coefficient;
    uint32_t slot;
    int path;
    double from;
    double to;
} quell_operation_noise;

/* An operation. Start from quell_operation_init(). Members that the kind does not use are 0.
 * Coefficients are the doubles that were computed. The engine rounds them to float, with one
 * exception: term[0] of a COMBINE is the term that quell_plan_combine treats separately, and if its
 * coefficient c is from 1/2 to 2, the engine rounds c - 1, and adds the source of the term itself
 * last. */
typedef struct quell_operation {
    size_t size;
    quell_operation_kind kind;
    quell_register_id out;
    quell_register_id variance;
    int apart;
    int by_norms;
    double spread_middle;
    size_t terms;
    size_t noises;
    quell_term term[QUELL_MAX_TERMS];
    quell_operation_noise noise[QUELL_MAX_NOISES];
    quell_point t;
    quell_point s;
} quell_operation;

/* Returns a struct with its size, and 0 in all other members. */
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

/* Returns how many operations a sampler's plan has; 0 for NULL. The plan of a sampler made by
 * _from_step has STEPs only. Thread-safe. */
QUELL_API size_t quell_sampler_operations(const quell_sampler *sampler);

/* Writes the i-th operation of a sampler's plan, from 0 on. Fails with QUELL_NOT_FOUND if i is past
 * the end, and with QUELL_BAD_ARGUMENT for a NULL or for a size that this library does not know.
 * Thread-safe. */
QUELL_API quell_status quell_sampler_operation(const quell_sampler *sampler, size_t i,
                                               quell_operation *operation);

#ifdef __cplusplus
}
#endif
#endif
