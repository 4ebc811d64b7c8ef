/* SPDX-License-Identifier: MIT */
/* Plans: a sampler as a straight-line list of operations with scalar coefficients.
 *
 * Nearly every published sampler makes linear combinations of the state, the denoiser's outputs and
 * Gaussian noise, with coefficients that follow from the grid alone. A builder writes them down
 * once, in double, as a list of operations; the engine runs that list over any number of samples. A
 * sampler of the caller's own is a builder:
 *
 *     int euler(void *user, quell_plan *plan, const quell_point *grid, size_t steps)
 *     {
 *         for (size_t i = 0; i < steps; i++) {
 *             quell_point t = grid[i], s = grid[i + 1];
 *             double r = s.sigma / t.sigma;
 *             quell_register_id x0 = quell_plan_denoise(plan, QUELL_STATE, &t);
 *             quell_term terms[] = {{r, QUELL_STATE}, {s.alpha - r * t.alpha, x0}};
 *             quell_plan_combine(plan, QUELL_STATE, 2, terms, 0, NULL);
 *             quell_plan_release(plan, x0);
 *             quell_plan_step(plan, &t, &s);
 *         }
 *         return 0;
 *     }
 *
 * Errors stick: after the first, every call does nothing, and the function that creates the sampler
 * reports it, with the number of the transition, from 0 on. A plan is used by one thread at a time,
 * and only inside the builder. */
#ifndef QUELL_PLAN_H
#define QUELL_PLAN_H

#include <stddef.h>
#include <stdint.h>
#include <quell/grid.h>
#include <quell/status.h>

#ifdef __cplusplus
extern "C" {
#endif

/* A plan while its builder writes it. */
typedef struct quell_plan quell_plan;

/* A register holds one value per element of the state. Register 0 is the state itself: x_t on
 * entry, x_s or x_0 at the end. */
typedef int quell_register_id;
#define QUELL_STATE 0

/* How many registers there are, and the most terms and noises that one COMBINE takes. */
#define QUELL_MAX_REGISTERS 8
#define QUELL_MAX_TERMS 6
#define QUELL_MAX_NOISES 2

/* The terms of a linear combination: coefficient * register, and coefficient * noise. stream: the
 * name of the noise, which quell_plan_noise returns; the same name is the same noise. */
typedef struct quell_term {
    double coefficient;
    quell_register_id source;
} quell_term;

typedef struct quell_noise_term {
    double coefficient;
    uint32_t stream;
} quell_noise_term;

/* Returns the point of the schedule at t in [0, 1]. */
QUELL_API quell_point quell_plan_at(quell_plan *plan, double t);

/* Returns the point where log(alpha / sigma) = lambda, which must be finite: the inverse of the
 * schedule. Beyond an end of the schedule, t and alpha are those of the end, and only sigma follows
 * lambda. */
QUELL_API quell_point quell_plan_at_lambda(quell_plan *plan, double lambda);

/* Take a free register, and give one back. At most QUELL_MAX_REGISTERS are in use at once, the
 * state included. */
QUELL_API quell_register_id quell_plan_register(quell_plan *plan);
QUELL_API void quell_plan_release(quell_plan *plan, quell_register_id r);

/* EVAL: takes a free register, puts the denoiser's E[X | x_t = x] at the point t into it, and
 * returns it. */
QUELL_API quell_register_id quell_plan_denoise(quell_plan *plan, quell_register_id x,
                                               const quell_point *t);

/* The same with a second register, in *variance, which gets the v that the denoiser has learned
 * about the variance (quell_function_options.variance). Creating the sampler fails if it has
 * learned none. */
QUELL_API quell_register_id quell_plan_denoise_variance(quell_plan *plan, quell_register_id x,
                                                        const quell_point *t,
                                                        quell_register_id *variance);

/* COMBINE: out = sum_k term[k] + sum_j noise[j], in one pass over memory, added up in that order by
 * fused multiply-adds. There are 1 to QUELL_MAX_TERMS terms and up to QUELL_MAX_NOISES noises;
 * `out` may be the source of a term. Coefficients must be finite, and are rounded to float. Terms
 * and noises with the coefficient 0 are left out.
 *
 * The term whose source is `out`, or, if there is none, the first term, is added before the others.
 * If its coefficient c is from 1/2 to 2, the sum is made with c - 1, and the source itself
 * is added last: a run of a million steps then does not repeat the rounding of c a million
 * times. */
QUELL_API void quell_plan_combine(quell_plan *plan, quell_register_id out, size_t terms,
                                  const quell_term *term, size_t noises,
                                  const quell_noise_term *noise);

/* LANGEVIN: x += coefficient r^2 eps + noise.coefficient r z, where z is the noise that `noise`
 * names, and x and eps are two registers. This is the norm-based correction of Song et al.
 * (2011.13456, algorithm 5), whose step depends on the sample. For each sample, of D elements,
 *
 *     r^2 = D / (w |eps|^2 + (1 - w) D),   w = min(1, D / 100)
 *
 * (0 where that divides by 0). The paper has |z|^2 / |eps|^2, each a mean over a batch, which is
 * the limit of this r^2 as D grows. For a single sample in few dimensions the paper's ratio has no
 * finite mean, and would give another law. */
QUELL_API void quell_plan_langevin(quell_plan *plan, quell_register_id x, quell_register_id eps,
                                   double coefficient, quell_noise_term noise);

/* SPREAD: x += exp(low + (high - low) (v + 1) / 2) z, element by element, where z is the noise that
 * `stream` names: its standard deviation has a logarithm which v in [-1, 1] puts between low and
 * high. Both must be finite. */
QUELL_API void quell_plan_spread(quell_plan *plan, quell_register_id x, quell_register_id v,
                                 double low, double high, uint32_t stream);

/* Returns a name for the noise that drives the state from the point t to the point s: standard
 * normal numbers, the same wherever the name is used. Noises over intervals that do not overlap are
 * independent, and so are those of two slots k in {0, ..., 7}. If a method goes through an interval
 * twice, it meets the same noise twice, unless it takes another slot.
 *
 * By default the noise is stream k of quell_noise_key(seed, t, s), with the times of the points,
 * and any two intervals are independent. In Brownian mode it is (W(a) - W(b)) / sqrt|a - b|, where
 * a and b are the places of t and s (quell_noise_place) and W is the Brownian path of slot k,
 * whatever the grid: more steps refine the same path (noise.h). An interval shorter than 2^-24
 * there, as one with t = s, has no increment of the path; it has the noise of the default, which is
 * independent of all paths. */
QUELL_API uint32_t quell_plan_noise(quell_plan *plan, unsigned k, const quell_point *t,
                                    const quell_point *s);

/* The same for a method that divides its transition into pieces that do not overlap, numbered from
 * 0 to 7. Piece i has slot i, except in Brownian mode: there all pieces that are long enough are
 * increments of the path of slot 0, so that they refine one path. */
QUELL_API uint32_t quell_plan_noise_piece(quell_plan *plan, unsigned piece, const quell_point *t,
                                          const quell_point *s);

/* STEP: ends a transition from t to s, which for transition i are grid[i] and grid[i + 1] of the
 * builder's grid; creating the sampler fails with others. Here the run counts its progress, may be
 * stopped, and calls the observer. */
QUELL_API void quell_plan_step(quell_plan *plan, const quell_point *t, const quell_point *s);

/* Makes the plan fail with this status and this message, one line without a newline. */
QUELL_API void quell_plan_refuse(quell_plan *plan, quell_status status, const char *message);

/* A builder: writes the plan for the points grid[0], ..., grid[steps], along which alpha / sigma
 * rises. The last one may have sigma = 0. It ends each transition by quell_plan_step. Returns 0, or
 * another number on an error: creating the sampler then fails with the plan's first error, if it
 * has one, else with QUELL_BAD_ARGUMENT. */
typedef int quell_build_fn(void *user, quell_plan *plan, const quell_point *grid, size_t steps);

#ifdef __cplusplus
}
#endif
#endif
