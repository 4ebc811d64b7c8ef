/* SPDX-License-Identifier: MIT */
/* Numbers that are a formula: tests/reference/networks.py has the same. */
#ifndef QUELL_TESTS_FORMULA_WEIGHTS_H
#define QUELL_TESTS_FORMULA_WEIGHTS_H

#include <stddef.h>

/* out[i] = scale u_i, u_i uniform in [-1, 1): a hash of the name and i. */
void formula_fill(const char *name, double scale, size_t count, float *out);

#endif
