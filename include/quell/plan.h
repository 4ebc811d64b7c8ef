/* SPDX-License-Identifier: MIT */
/* Plans: a sampler as a straight-line list of operations with scalar coefficients.
 *
 * Nearly every published sampler is a linear combination of the state, model outputs and Gaussian
 * noise, with coefficients known from the time grid. A builder writes that list once, in double;
 * the engine runs it over any number of samples. A sampler of one's own is a builder:
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
 * Errors stick: after the first, every call does nothing, and creating the sampler reports it. A
 * plan is used by one thread at a time, and only inside the builder. */
#ifndef QUELL_PLAN_H
#define QUELL_PLAN_H

#include <stddef.h>
#include <stdint.h>
#include <quell/grid.h>
#include <quell/status.h>

#ifdef __cplusplus
extern "C" {
#endif

/* A plan in the hands of its builder. */
typedef struct quell_plan quell_plan;

/* A register holds one value per element of the state. Register 0 is the state itself: x_t on
 * entry, x_s or x_0 at the end. */
typedef int quell_register_id;
#define QUELL_STATE 0

/* How many registers there are, and what one COMBINE takes at most. */
#define QUELL_MAX_REGISTERS 8
#define QUELL_MAX_TERMS 6
#define QUELL_MAX_NOISES 2

/* coefficient * register, and coefficient * noise: a term of a linear combination. stream: what
 * quell_plan_noise returns; the same wherever it is used again. */
typedef struct quell_term {
    double coefficient;
    quell_register_id source;
} quell_term;

typedef struct quell_noise_term {
    double coefficient;
    uint32_t stream;
} quell_noise_term;

/* The schedule at t in [0, 1]. */
QUELL_API quell_point quell_plan_at(quell_plan *plan, double t);

/* The point where log(alpha / sigma) = lambda, finite: the inverse of the schedule. Beyond its ends
 * t and alpha are those of the end, and sigma alone follows lambda. */
QUELL_API quell_point quell_plan_at_lambda(quell_plan *plan, double lambda);

/* A fresh register, and giving one back for reuse. At most QUELL_MAX_REGISTERS are in use at
 * once, the state included. */
QUELL_API quell_register_id quell_plan_register(quell_plan *plan);
QUELL_API void quell_plan_release(quell_plan *plan, quell_register_id r);

/* EVAL: a fresh register with the denoiser's E[X | x_t = x] at the point t. */
QUELL_API quell_register_id quell_plan_denoise(quell_plan *plan, quell_register_id x,
                                               const quell_point *t);

/* The same with a second fresh register, in *variance: the v that the denoiser learned of the
 * variance (quell_function_options.variance); creating the sampler fails if it has none. */
QUELL_API quell_register_id quell_plan_denoise_variance(quell_plan *plan, quell_register_id x,
                                                        const quell_point *t,
                                                        quell_register_id *variance);

/* COMBINE: out = sum_k terms[k] + sum_j noises[j], one pass over memory, added up in that order by
 * fused multiply-adds. 1 to QUELL_MAX_TERMS terms, up to QUELL_MAX_NOISES noises; `out` may be
 * among the terms. Coefficients are rounded to float; they must be finite. Terms and noises whose
 * coefficient is 0 are left out.
 *
 * The term of `out` itself (else the first) is the state's and goes before the others. Where its
 * coefficient c is from 1/2 to 2, the sum is made with c - 1, and the state added to it last: so a
 * run of a million steps does not repeat one rounding of c a million times. */
QUELL_API void quell_plan_combine(quell_plan *plan, quell_register_id out, size_t terms,
                                  const quell_term *term, size_t noises,
                                  const quell_noise_term *noise);

/* LANGEVIN: x += coefficient r^2 eps + noise.coefficient r z, z the noise named: the norm-based
 * correction of Song et al. (2011.13456, algorithm 5), whose step depends on the sample. For each
 * sample by itself, of D elements,
 *
 *     r^2 = D / (w |eps|^2 + (1 - w) D),   w = min(1, D / 100)
 *
 * (0 where that divides by 0). Theirs is |z|^2 / |eps|^2, each a mean over a batch, to which this
 * comes as D grows; of one sample in few dimensions that has no finite mean, and another law. x and
 * eps are two registers. */
QUELL_API void quell_plan_langevin(quell_plan *plan, quell_register_id x, quell_register_id eps,
                                   double coefficient, quell_noise_term noise);

/* SPREAD: x += exp(low + (high - low) (v + 1) / 2) z, element by element, z the noise of that name:
 * noise whose logarithm of the standard deviation v puts between low and high, finite. */
QUELL_API void quell_plan_spread(quell_plan *plan, quell_register_id x, quell_register_id v,
                                 double low, double high, uint32_t stream);

/* Names the noise that drives the state from the point t to the point s: standard normal numbers,
 * the same wherever the name is used. Noises of one slot k in {0, ..., 7} over intervals that do
 * not overlap are independent, and so are those of two slots. An interval that is gone through
 * twice has the same noise twice, unless in another slot.
 *
 * By default it is stream k of quell_noise_key(seed, t, s), with the times of the points, and any
 * two intervals are independent. In Brownian mode it is (W(t) - W(s)) / sqrt|t - s| for the
 * Brownian path W of slot k at the places of t and s (quell_noise_place), whatever the grid: more
 * steps refine the same path (noise.h). There an interval shorter than 2^-24 has no noise of its
 * own on the path, and gets that of the default, which is independent of all paths. t = s asks for
 * this. */
QUELL_API uint32_t quell_plan_noise(quell_plan *plan, unsigned k, const quell_point *t,
                                    const quell_point *s);

/* The same for a method that cuts its transition into pieces which do not overlap, numbered from 0
 * to 7: piece i has slot i, but in Brownian mode all that are long enough belong to the path of
 * slot 0, so that they too refine one path. */
QUELL_API uint32_t quell_plan_noise_piece(quell_plan *plan, unsigned piece, const quell_point *t,
                                          const quell_point *s);

/* STEP: ends a transition t -> s: progress, cancellation, the observer. */
QUELL_API void quell_plan_step(quell_plan *plan, const quell_point *t, const quell_point *s);

/* Refuses: the plan fails with this status and message (no newline). For builders. */
QUELL_API void quell_plan_refuse(quell_plan *plan, quell_status status, const char *message);

/* Builds the plan for the points grid[0], ..., grid[steps], along which alpha / sigma rises. The
 * last one may have sigma = 0. Returns 0, or < 0 on an error. */
typedef int quell_build_fn(void *user, quell_plan *plan, const quell_point *grid, size_t steps);

#ifdef __cplusplus
}
#endif
#endif
