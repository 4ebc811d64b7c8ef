/* SPDX-License-Identifier: MIT */
/* Transitions of the caller's own: for samplers whose steps depend on the data, which a plan cannot
 * say. quell_sampler_from_step makes a sampler of one. */
#ifndef QUELL_TRANSITION_H
#define QUELL_TRANSITION_H

#include <stddef.h>
#include <stdint.h>
#include <quell/grid.h>
#include <quell/status.h>

#ifdef __cplusplus
extern "C" {
#endif

/* What a transition of the caller's is given: from t to s, of some samples. Valid during its call,
 * like all that the functions below return. */
typedef struct quell_transition quell_transition;

/* A transition as a function: takes x[rows][dim] from x_t to x_s in place. Called per tile, from
 * many threads. Returns 0 to go on, < 0 for an error, > 0 to stop. `transition` gives what it
 * needs, by the functions below. */
typedef int quell_step_fn(void *user, quell_transition *transition, const quell_point *t,
                          const quell_point *s, float *x);

/* The index of the sample in row 0, the rows and the elements of each, and the number of the
 * transition in this run, from 0 on. */
QUELL_API uint64_t quell_transition_first(const quell_transition *transition);
QUELL_API size_t quell_transition_rows(const quell_transition *transition);
QUELL_API size_t quell_transition_dim(const quell_transition *transition);
QUELL_API size_t quell_transition_index(const quell_transition *transition);

/* What quell_draw.context is, the caller's own. */
QUELL_API void *quell_transition_context(const quell_transition *transition);

/* Scratch memory k in {0, 1, 2, 3}, float[rows][dim], kept from one transition of the tile to the
 * next. */
QUELL_API float *quell_transition_scratch(quell_transition *transition, unsigned k);

/* out[rows][dim] = E[X | x_t = x]; out must not overlap x. */
QUELL_API quell_status quell_transition_denoise(quell_transition *transition, const quell_point *t,
                                                const float *x, float *out);

/* out[rows][dim] = the noise of slot k in {0, ..., 7}, which is quell_plan_noise(k, t, s): in
 * Brownian mode the path's over this interval. */
QUELL_API quell_status quell_transition_noise(quell_transition *transition, unsigned k, float *out);

/* The schedule at another time. */
QUELL_API quell_status quell_transition_at(quell_transition *transition, double t,
                                           quell_point *point);

#ifdef __cplusplus
}
#endif
#endif
