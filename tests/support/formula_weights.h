/* SPDX-License-Identifier: MIT */
/* Weights that are a formula, so that a network's reference values need no file of weights:
 * tests/reference/networks.py has the same. */
#ifndef QUELL_TESTS_FORMULA_WEIGHTS_H
#define QUELL_TESTS_FORMULA_WEIGHTS_H

#include "networks/network.h"

/* out[i] = scale u_i, u_i uniform in [-1, 1): a hash of the name and i. */
void formula_fill(const char *name, double scale, size_t count, float *out);

/* Gives every tensor that it is asked for; `fail`: the number of the read that fails, from 1. */
struct formula_weights {
    size_t reads, fail;
};
struct quell_weights formula_weights(struct formula_weights *state);

#endif
