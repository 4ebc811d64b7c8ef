/* SPDX-License-Identifier: MIT */
/* A sampler by name. Adding one: its file, and its row in table.inc. */
#ifndef QUELL_SAMPLERS_METHOD_H
#define QUELL_SAMPLERS_METHOD_H

#include <math.h>
#include <quell/plan.h>
#include "base/options.h"

/* Another name of a method, and the spec it stands for: {"dpmpp_2m", "xeab:order=2"}. */
struct quell_alias {
    const char *name, *spec;
};

enum quell_noisiness { QUELL_DETERMINISTIC, QUELL_OPTIONALLY_STOCHASTIC, QUELL_STOCHASTIC };

/* order: of convergence, at the default options (of a stochastic method, its weak order);
 * evaluations: of the denoiser in a step, likewise. options and aliases end with a NULL name.
 *
 * build: writes the plan for the points grid[0], ..., grid[steps], along which alpha / sigma rises.
 * Only alpha at grid[0] and sigma at grid[steps] may be 0. `option` is in the order of `options`.
 * Errors stick to the plan. */
struct quell_method {
    const char *name, *summary, *paper;
    int order, evaluations;
    enum quell_noisiness noise;
    const struct quell_alias *aliases; /* NULL: none */
    const struct quell_option *options;
    void (*build)(quell_plan *plan, const quell_point *grid, size_t steps, const double *option);
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

/* One transition of DDIM, which DDPM shares. */
void quell_ddim_transition(quell_plan *plan, const quell_point *t, const quell_point *s,
                           double eta);

#endif
