/* SPDX-License-Identifier: MIT */
/* A sampler by name. Adding one: its file, and its row in methods.c. */
#ifndef QUELL_SAMPLERS_METHOD_H
#define QUELL_SAMPLERS_METHOD_H

#include <quell/plan.h>
#include "base/options.h"

/* build: writes the plan for times[0] > ... > times[steps]; `option` in the order of `options`.
 * Errors stick to the plan. */
struct quell_method {
    const char *name, *summary, *paper;
    const struct quell_option *options; /* ends with a NULL name */
    void (*build)(quell_plan *plan, const double *times, size_t steps, const double *option);
};

/* The i-th method, NULL past the end; the one that a spec names, NULL if there is none. */
const struct quell_method *quell_method_at(size_t i);
const struct quell_method *quell_method_find(const char *spec);

extern const struct quell_method quell_ddpm, quell_ddim;

/* One transition of DDIM, which DDPM shares. */
void quell_ddim_transition(quell_plan *plan, double from, double to, double eta);

#endif
