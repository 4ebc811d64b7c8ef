/* SPDX-License-Identifier: MIT */
/* Norms over groups of channels that several workers compute together. Each worker has some
 * positions of all channels, and computes the sums of the blocks that begin there. Only these sums
 * are passed between workers. */
#ifndef QUELL_PROGRAMS_KINDS_NORM_GROUPS_H
#define QUELL_PROGRAMS_KINDS_NORM_GROUPS_H

#include "programs/divide.h"

/* The attributes of norm. */
enum {
    QUELL_NORM_DIMS,
    QUELL_NORM_GROUPS,
    QUELL_NORM_CENTRED,
    QUELL_NORM_CORRECTION,
    QUELL_NORM_EPSILON
};

/* Sets factor[sets] from the Squares of sets of `count` elements. */
void quell_norm_factors(const struct quell_instruction *of, size_t count, size_t sets,
                        float *factor);

/* Returns the size of the scratch memory, in floats. */
size_t quell_norm_groups_floats(const struct quell_instruction *of, const struct quell_shape *x);

/* Divides the result by its positions, in the same way as x, or by lines. */
void quell_norm_groups_divide(struct quell_program *program, struct quell_instruction *now);

/* Computes a worker's part of a divided result. */
void quell_norm_groups_run(const struct quell_execution *at,
                           const struct quell_standard_operand *scale,
                           const struct quell_standard_operand *shift);

#endif
