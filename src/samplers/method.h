/* SPDX-License-Identifier: MIT */
/* A sampler by name. Adding one: its file, and its row in table.inc. */
#ifndef QUELL_SAMPLERS_METHOD_H
#define QUELL_SAMPLERS_METHOD_H

#include <math.h>
#include <stdbool.h>
#include <quell/plan.h>
#include <quell/schedule.h>
#include "base/spec.h"

/* Another name of a method, and the spec it stands for: {"dpmpp_2m", "xeab:order=2"}. */
struct quell_alias {
    const char *name, *spec;
};

/* The options of a method without any. */
#define QUELL_NO_OPTIONS ((const struct quell_option[]){{0}})

enum quell_noisiness { QUELL_DETERMINISTIC, QUELL_OPTIONALLY_STOCHASTIC, QUELL_STOCHASTIC };

/* order: the order of convergence at the default options: the weak order of a stochastic method; 0
 * if it converges for distilled models only. evaluations: how often a step evaluates the denoiser,
 * at the default options. options (or QUELL_NO_OPTIONS) and aliases end with a NULL name.
 *
 * build: writes the plan for the points grid[0], ..., grid[steps], along which alpha / sigma rises.
 * Only alpha at grid[0] and sigma at grid[steps] may be 0. `option` is in the order of `options`.
 * Errors stick to the plan. */
struct quell_method {
    const char *name, *summary, *source;
    int order, evaluations;
    enum quell_noisiness noise;
    bool no_path;   /* its noise belongs to no interval, so Brownian mode is refused */
    bool own_steps; /* each sample chooses its steps; only the grid's ends are used */
    const struct quell_alias *aliases; /* NULL: none */
    const struct quell_option *options;
    void (*build)(quell_plan *plan, const quell_point *grid, size_t steps, const double *option);
    /* NULL, or the eta (tau) with which a step replaces three quarters of the noise of s. Methods
     * whose steps then hold E[X | x_t], as those of first order do, have it: if most steps do more,
     * the law is too narrow, and more steps do not help. */
    double (*most_eta)(const quell_point *t, const quell_point *s, const double *option);
    /* NULL, or what refuses options that would make the law plainly wrong on a sampler's grid. */
    quell_status (*check)(const quell_schedule *schedule, const quell_point *grid, size_t steps,
                          const double *option);
};

/* What a file of samplers defines: its methods, ended by {0}.
 *
 *     QUELL_FAMILY(ddim) = {{.name = "ddim", ...}, {0}}; */
#define QUELL_FAMILY(file) const struct quell_method quell_family_##file[]

/* The i-th method, NULL past the end. */
const struct quell_method *quell_method_at(size_t i);

/* The method that a spec names, by name or alias, with its options read into option[]. */
quell_status quell_method_read(const char *spec, const struct quell_method **method,
                               double *option);

/* Returns whether a spec names a method that chooses its own steps. */
bool quell_method_own_steps(const char *spec);

/* out = terms[0] + terms[1] + ..., without noise:
 *
 *     QUELL_COMBINE(plan, QUELL_STATE, {s.sigma / t.sigma, QUELL_STATE}, {c, mu}); */
#define QUELL_COMBINE(plan, out, ...)                                                       \
    quell_plan_combine(plan, out, sizeof((quell_term[]){__VA_ARGS__}) / sizeof(quell_term), \
                       (quell_term[]){__VA_ARGS__}, 0, NULL)

/* The levels of noise of an ancestral step: t -> down without noise, then noise up to s, with
 * sigma_up = sqrt(sigma_s^2 - sigma_down^2). With r = (sigma_s / alpha_s) / (sigma_t / alpha_t) and
 * eta clipped to [0, 1],
 *
 *     sigma_down = sigma_s sqrt(r^2 + (1 - eta^2) (1 - r^2)),
 *     sigma_up   = eta sigma_s sqrt(1 - r^2),
 *
 * which keeps its digits where sigma_s << sigma_t (steps.c). */
struct quell_ancestral {
    quell_point down; /* alpha_s, sigma_down; its t is s's */
    double up;
};
struct quell_ancestral quell_ancestral(const quell_point *t, const quell_point *s, double eta);

/* mu = E[X | x_t = x] becomes eps = E[Z | x_t = x] = (x - alpha_t mu) / sigma_t, in place. */
void quell_to_eps(quell_plan *plan, quell_register_id mu, quell_register_id x,
                  const quell_point *t);

/* One transition of DDIM, which DDPM shares, with the noise of a slot; with eta = 0 the first-order
 * step of every exponential integrator, for any pair of points. */
void quell_ddim_transition(quell_plan *plan, const quell_point *t, const quell_point *s, double eta,
                           unsigned slot);

/* DDIM's most_eta, as in quell_method. */
double quell_ddim_most_eta(const quell_point *t, const quell_point *s, const double *option);

/* The same bound for the SDE of rate r (sde.h): the r with 1 - exp(-2 r h) = 3/4. */
double quell_most_rate(const quell_point *t, const quell_point *s);

#endif
