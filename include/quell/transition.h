/* SPDX-License-Identifier: MIT */
/* Transitions of the caller's own, for samplers whose steps depend on the data: a plan cannot
 * describe these. quell_sampler_from_step makes a sampler of such a function. */
#ifndef QUELL_TRANSITION_H
#define QUELL_TRANSITION_H

#include <stddef.h>
#include <stdint.h>
#include <quell/function.h>
#include <quell/grid.h>
#include <quell/status.h>

#ifdef __cplusplus
extern "C" {
#endif

/* One transition of one tile of samples, from t to s, as it is handed to the caller's function. It
 * is valid during that call, like everything that the functions below return, and is used by one
 * thread at a time. */
typedef struct quell_transition quell_transition;

/* A transition as a function: takes x[rows][dim] from x_t to x_s in place. It is called for a tile
 * at a time, from many threads at once. The functions below give it what it needs of `transition`.
 * Returns 0 to go on, < 0 for an error, > 0 to stop. If a function below has failed in this call,
 * to return its status is an error, too, though that is > 0. An error ends the run with
 * QUELL_DENOISER_FAILED and the message of the last failure in this call.
 *
 * A failure that the step ignores does not pass in silence. If a function below refuses what it is
 * given, the run ends with that error whatever the step returns. If the denoiser has no output,
 * `out` is NaN: a step may go on without it, and if NaN gets into x, the run ends with that
 * failure. */
typedef int quell_step_fn(void *user, quell_transition *transition, const quell_point *t,
                          const quell_point *s, float *x);

/* Return the index of the sample in row 0, as quell_call.first, the number of rows, the number of
 * elements of a row, and the number of the transition in this run, from 0 on. */
QUELL_API uint64_t quell_transition_first(const quell_transition *transition);
QUELL_API size_t quell_transition_rows(const quell_transition *transition);
QUELL_API size_t quell_transition_dim(const quell_transition *transition);
QUELL_API size_t quell_transition_index(const quell_transition *transition);

/* Returns all that a denoiser from a function would be told of these rows at t: their classes,
 * conditions, seeds and indices, and the context (quell_call). */
QUELL_API const quell_call *quell_transition_told(const quell_transition *transition);

/* Returns quell_draw.context. */
QUELL_API void *quell_transition_context(const quell_transition *transition);

/* Returns scratch memory number k in {0, 1, 2, 3}, float[rows][dim]. It keeps its values from one
 * transition of the tile to the next; in the first one of a run they are NaN before they are
 * written. NULL for another k. */
QUELL_API float *quell_transition_scratch(quell_transition *transition, unsigned k);

/* Evaluates the denoiser, with the sampler's clamp or threshold: out[rows][dim] = E[X | x_t = x]
 * for x[rows][dim]. `out` must not overlap x. Fails with QUELL_NOT_FINITE if x is not finite, or if
 * the result is not, which is then in `out`; with QUELL_DENOISER_FAILED or QUELL_STOPPED if the
 * denoiser returns an error or a stop. */
QUELL_API quell_status quell_transition_denoise(quell_transition *transition, const quell_point *t,
                                                const float *x, float *out);

/* Writes the noise of slot k in {0, ..., 7} of this interval to out[rows][dim]: the one that
 * quell_plan_noise(plan, k, t, s) names, so in Brownian mode an increment of the path. Fails with
 * QUELL_BAD_ARGUMENT for another k. */
QUELL_API quell_status quell_transition_noise(quell_transition *transition, unsigned k, float *out);

/* Writes the point of the schedule at any time t in [0, 1]. Fails with QUELL_BAD_ARGUMENT for
 * another t, and if a schedule of the caller's fails. */
QUELL_API quell_status quell_transition_at(quell_transition *transition, double t,
                                           quell_point *point);

#ifdef __cplusplus
}
#endif
#endif
