/* SPDX-License-Identifier: MIT */
/* The plan as the engine reads it: a list of operations. */
#ifndef QUELL_CORE_PLAN_H
#define QUELL_CORE_PLAN_H

#include <stdbool.h>
#include <quell/plan.h>
#include <quell/schedule.h>
#include "base/spec.h"
#include "noise_name.h"

enum quell_op_kind {
    QUELL_EVAL,
    QUELL_COMBINE,
    QUELL_STEP,
    QUELL_SPREAD,
    QUELL_LANGEVIN,
    QUELL_ADAPT
};

/* An operation. `coefficient` holds the coefficients as they were computed, and `rounded` those
 * that the engine uses, without the 1 of an update.
 *
 * EVAL     out = denoiser(in[0]) at the point t; variance: the register for its learned variance,
 *          or 0; number: how many EVALs are before it; apart: in[0] / alpha is subtracted from out
 * COMBINE  out = sum_k coefficient[k] in[k] + sum_j coefficient[terms + j] noise(stream[j]); if out
 *          is among the terms, it is in[0]; update: coefficient[0] is 1 + rounded[0]
 * STEP     the transition from t to s is done
 * SPREAD   out += exp(coefficient[0] + coefficient[1] in[0]) noise(stream[0])
 * LANGEVIN out += coefficient[0] r^2 in[0] + coefficient[1] r z, z = noise(stream[0]), with the r
 *          of quell_plan_langevin, or r = |z| / |in[0]| if number is 1
 * ADAPT    x goes from t to s in steps that each sample chooses (samplers/adaptive.h), with all
 *          registers
 *
 * stream[j] is the index of a noise in the plan's list of names. */
struct quell_op {
    enum quell_op_kind kind;
    quell_register_id out, variance;
    unsigned terms, noises;
    bool update, apart;
    quell_register_id in[QUELL_MAX_TERMS];
    uint32_t stream[QUELL_MAX_NOISES];
    double coefficient[QUELL_MAX_TERMS + QUELL_MAX_NOISES];
    float rounded[QUELL_MAX_TERMS + QUELL_MAX_NOISES];
    quell_point t, s;
    size_t number;
};

/* For a register with an output that a stage (samplers/stages.h) evaluated with `apart`:
 * e^(lambda_t - lambda_k), and the weight w_k1 of the first output. */
struct quell_reached {
    bool apart;
    double fall, weight;
};

/* The step of a plan that is worst for rounding errors: the step from t to s multiplies an output,
 * and its rounding error, by `times`. */
struct quell_multiple {
    double times, t, s;
};

struct quell_plan {
    const quell_schedule *schedule;
    bool brownian; /* noise is a part of a Brownian path */
    size_t count, capacity;
    size_t evaluations; /* number of EVALs so far */
    struct quell_op *ops;
    size_t names, room; /* length and capacity of `name` */
    struct quell_noise_name *name;
    enum quell_cut {
        QUELL_ANY_PART, /* operations may take parts of samples */
        QUELL_WHOLE_SAMPLES,
        QUELL_ONE_SAMPLE /* operations need one sample at a time */
    } cut;
    double option[QUELL_MAX_OPTIONS]; /* of the method that appends ADAPT */
    struct quell_reached reached[QUELL_MAX_REGISTERS];
    struct quell_multiple multiple;
    unsigned in_use;    /* registers, one bit each */
    unsigned written;   /* registers that hold a value, one bit each */
    unsigned registers; /* the most registers that were in use at once */
    quell_status status;
};

/* Returns an empty plan. Free it with quell_plan_free, whatever its status. */
struct quell_plan quell_plan_begin(const quell_schedule *schedule);
void quell_plan_free(struct quell_plan *plan);

/* Like quell_plan_noise, for a noise of any name. */
uint32_t quell_plan_add_noise(quell_plan *plan, const struct quell_noise_name *name);

/* Appends ADAPT from t to s with the options of the method. A plan has one such method. */
void quell_plan_adapt(quell_plan *plan, const double *option, const quell_point *t,
                      const quell_point *s);

/* Appends LANGEVIN with r = |z| / |eps|. */
void quell_plan_langevin_norms(quell_plan *plan, quell_register_id x, quell_register_id eps,
                               double coefficient, quell_noise_term noise);

/* Appends an EVAL that writes E[X | x] - x / alpha = -(sigma / alpha) E[Z | x] to a new register.
 * The difference keeps its digits where sigma is small, if the denoiser can compute it directly. */
quell_register_id quell_plan_denoise_apart(quell_plan *plan, quell_register_id x,
                                           const quell_point *t);

/* Returns the number of STEPs in a plan. */
size_t quell_plan_steps(const struct quell_plan *plan);

/* Prints the plan; buffer, size and result are those of snprintf. */
size_t quell_plan_print(const struct quell_plan *plan, char *buffer, size_t size);

#endif
