/* SPDX-License-Identifier: MIT */
/* What a function was trained to return, and how E[X | x_t] is computed from it.
 *
 * E[X | x_t] is linear in the input and the output F = f(c_in x_t, time) of a network: E[X | x_t] =
 * c_skip x_t + c_out F.  From x_t = alpha X + sigma Z:
 *
 *     x0      c_skip = 0                         c_out = 1
 *     eps     c_skip = 1 / alpha                 c_out = -sigma / alpha
 *     v       c_skip = alpha / (a^2 + s^2)       c_out = -sigma / (a^2 + s^2)
 *     score   c_skip = 1 / alpha                 c_out = sigma^2 / alpha
 *     flow    c_skip = 1 / (alpha + sigma)       c_out = -sigma / (alpha + sigma)
 *
 * with a = alpha and s = sigma. With Karras' preconditioning, d the standard deviation of the data
 * (2206.00364, table 1, in x_t in place of x_t / alpha):
 *
 *     c_skip = alpha d^2 / (a^2 d^2 + s^2)      c_out = sigma d / sqrt(a^2 d^2 + s^2) */
#ifndef QUELL_DENOISERS_PARAMETRIZATION_H
#define QUELL_DENOISERS_PARAMETRIZATION_H

#include <stdbool.h>
#include <quell/grid.h>
#include <quell/schedule.h>
#include <quell/status.h>
#include "denoisers/denoiser.h"
#include "denoisers/time_form.h"
#include "base/digest.h"

enum quell_output { QUELL_X0, QUELL_EPS, QUELL_V, QUELL_SCORE, QUELL_FLOW };
enum quell_precondition { QUELL_PLAIN, QUELL_SIMPLE, QUELL_KARRAS, QUELL_UNSCALED, QUELL_STRAIGHT };

/* What stands for "no class" in the input of a program. QUELL_NO_CLASS_OWN: the number of classes,
 * or zeros if the input is one-hot. QUELL_NO_CLASS_UNKNOWN: nothing does. */
enum quell_no_class {
    QUELL_NO_CLASS_OWN,
    QUELL_NO_CLASS_UNKNOWN,
    QUELL_NO_CLASS_ZEROS,
    QUELL_NO_CLASS_INDEX,
};

/* How a network's output is turned into E[X | x_t]. */
struct quell_parametrization {
    enum quell_output output;
    enum quell_precondition precondition;
    /* The standard deviation of the data, for QUELL_SIMPLE and QUELL_KARRAS; 0 for 1. */
    double data;
    struct quell_time_form time; /* the network's time, if the precondition does not define it */
    enum quell_no_class no_class;
    size_t no_class_index;
    /* The result has twice as many channels as x, and the second half is v
     * (quell_function_options.variance). */
    bool learned_range;
};

/* The factors at one point of the schedule. `apart` is c_skip - 1 / alpha. */
struct quell_factors {
    double in, skip, out, time, apart;
};

/* Reads the names in quell_function_options. The message of a refusal begins with `who`. */
quell_status quell_parametrization_named(struct quell_parametrization *parametrization,
                                         const char *who, const char *output,
                                         const char *precondition);

static inline void quell_parametrization_digest(const struct quell_parametrization *parametrization,
                                                struct quell_digest *digest)
{
    quell_digest_whole(digest, (uint64_t)parametrization->output);
    quell_digest_whole(digest, (uint64_t)parametrization->precondition);
    quell_digest_number(digest, parametrization->data);
    quell_time_form_digest(&parametrization->time, digest);
    quell_digest_whole(digest, (uint64_t)parametrization->no_class);
    quell_digest_whole(digest, parametrization->no_class_index);
    quell_digest_whole(digest, parametrization->learned_range);
}

/* Returns whether the output is E[X | x_t] itself. */
static inline bool quell_parametrization_is_mean(const struct quell_parametrization *of)
{
    return of->output == QUELL_X0 && of->precondition != QUELL_KARRAS;
}

struct quell_factors quell_parametrization_at(const struct quell_parametrization *parametrization,
                                              double t, double alpha, double sigma);

/* Computes elements first, ..., first + count - 1 of at->out from the outputs F in `made`, which
 * may be the same memory: c_skip x + c_out F, minus x / alpha if at->apart. If c_skip is near 1, x
 * is added last, so that it is not rounded twice where the difference of the two matters. */
void quell_parametrization_apply(const struct quell_factors *factors,
                                 const struct quell_evaluation *at, size_t first, size_t count,
                                 const float *made);

/* Refuses a point at which the factors are not defined: eps and score divide by alpha, and the time
 * of the preconditioning is log(sigma / alpha). If the schedule of the training is known (`trained`
 * is not NULL), also refuses a point that this schedule does not have, if the network's input
 * depends on it: the time t, or x_t without scaling. */
quell_status quell_parametrization_check(const struct quell_parametrization *parametrization,
                                         const char *who, const quell_schedule *trained,
                                         const quell_point *point);

#endif
