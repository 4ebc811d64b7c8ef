/* SPDX-License-Identifier: MIT */
/* What a plan makes of a Gaussian, without drawing: on X ~ N(mean, variance) in one dimension every
 * operation is linear, and so the law of x_0 follows exactly from the coefficients. */
#ifndef QUELL_TESTS_GAUSSIAN_LAW_H
#define QUELL_TESTS_GAUSSIAN_LAW_H

#include "core/plan.h"
#include "statistics.h"

/* Returns the law of x_s, where X has the law `data`. */
struct moments gaussian_law(struct moments data, const quell_point *s);

/* Returns the law of x_0 if x_t has the schedule's law at the plan's first point. Noises of
 * different streams are independent. */
struct moments gaussian_law_plan(struct moments data, const struct quell_plan *plan,
                                 const quell_point *t);

#endif
