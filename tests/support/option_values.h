/* SPDX-License-Identifier: MIT */
/* The options of samplers, schedules and grids, moved over their ranges, for tests that try all. */
#ifndef QUELL_TESTS_OPTION_VALUES_H
#define QUELL_TESTS_OPTION_VALUES_H

#include <stddef.h>
#include "base/spec.h"

#define OPTION_VALUES 16 /* at most so many of one option */

/* Values within an option's range, apart from its default: its ends, and some between. Returns how
 * many. */
size_t option_values(const struct quell_option *option, double *value);

/* Appends ":NAME=VALUE", or ",NAME=VALUE" to a spec that has options. */
void option_put(char *text, size_t size, const struct quell_option *option, double value);

/* Appends the first thing that would do for each need of the option that the defaults of `all` do
 * not meet. */
void option_put_needs(char *text, size_t size, const struct quell_option *all,
                      const struct quell_option *option);

#endif
