/* SPDX-License-Identifier: MIT */
/* What linear_int8 and conv_int8 share: operands [x, weight, scale, bias], with whole weights from
 * -127 to 127 and a scale for each output; x is quantised when it is read. */
#ifndef QUELL_PROGRAMS_QUANTISED_H
#define QUELL_PROGRAMS_QUANTISED_H

#include "programs/kind.h"
#include "simd/bytes.h"

/* Products of a sum, at most: 127 x 127 of each are less than 2^31. */
#define QUELL_MOST_BYTES ((size_t)131072)

/* Checks all but the elements of the operands from 1 on; k: the products of a sum. */
quell_status quell_quantised_infer(const struct quell_inference *at, size_t out, size_t k);

/* Checks the elements of the weights. */
quell_status quell_quantised_check(const struct quell_program *program,
                                   const struct quell_instruction *now);

/* What elements are multiplied by, and what a whole number then stands for, if the greatest bits of
 * their magnitudes are these. inverse 0: all are zeros. */
struct quell_step {
    float inverse, step;
};
struct quell_step quell_step_of(uint32_t greatest);

/* The floats of panels of `out` columns. */
size_t quell_quantised_floats(size_t out, size_t groups);

/* Writes the ends of the panels, where the weights are already, with bytes between them that are
 * 0. */
void quell_quantised_end(const struct quell_program *program, const struct quell_instruction *now,
                         size_t groups, float *panels);

/* The weight of column o, in group g, number i. */
static inline signed char *quell_byte_of(float *panels, size_t groups, size_t o, size_t g, size_t i)
{
    float *panel = panels + o / QUELL_PANEL * quell_byte_panel(groups);
    return (signed char *)panel + (g * QUELL_PANEL + o % QUELL_PANEL) * QUELL_GROUP + i;
}

/* For packings whose form is not of panels of floats. */
bool quell_not_panels(const struct quell_program *program, const struct quell_instruction *now);

#endif
