/* SPDX-License-Identifier: MIT */
/* Samplers from builders. */
#ifndef QUELL_TESTS_BUILDERS_H
#define QUELL_TESTS_BUILDERS_H

#include <quell/quell.h>

/* The example of plan.h, word for word. */
int euler(void *user, quell_plan *plan, const quell_point *grid, size_t steps);

/* The sampler of a builder, of `steps` steps along "rectified" for three elements; NULL if creating
 * it fails. */
quell_sampler *built(quell_build_fn *build, void *user, size_t steps);

#endif
