/* SPDX-License-Identifier: MIT */
/* What kinds with weights in short numbers share. linear_int8 and conv_int8 have the operands [x,
 * weight, scale, bias], with whole weights from -127 to 127 and a scale for each output; x is
 * quantised when it is read. linear_bf16 and conv_bf16 have [x, weight, bias]; x and the weights
 * are rounded to bfloat16. */
#ifndef QUELL_PROGRAMS_QUANTISED_H
#define QUELL_PROGRAMS_QUANTISED_H

#include "programs/kind.h"
#include "simd/bytes.h"

/* Products of a sum, at most: 127 x 127 of each are less than 2^31. */
#define QUELL_MOST_BYTES ((size_t)131072)

/* Checks all but the elements of the operands from 1 on; k: the products of a sum. */
quell_status quell_quantised_infer(const struct quell_inference *at, size_t out, size_t k);

/* How a kind keeps its elements and weights: `group` of them at a time, of at most `widest` bytes
 * an element; which operand is the bias; and whether there are scales, and steps of x. */
struct quell_short {
    size_t group, widest, bias;
    bool scaled;
    const struct quell_byte_kernels *(*kernels)(const struct quell_kernels *kernels);
};
extern const struct quell_short quell_short_bytes, quell_short_halves;

/* Checks the elements of the weights. */
quell_status quell_short_check(const struct quell_program *program,
                               const struct quell_instruction *now);

/* What elements are multiplied by, and what a whole number then stands for, if the greatest bits of
 * their magnitudes are these. inverse 0: all are zeros. */
struct quell_step {
    float inverse, step;
};
struct quell_step quell_step_of(uint32_t greatest);

/* Quantises a row of `count` elements by its greatest one, with zeros up to a whole group; returns
 * its step. For kernels of bfloat16 numbers, rounds it. */
float quell_quantise_row(const struct quell_byte_kernels *bytes, size_t count, const float *x,
                         void *to);

/* The weights w[out][in][k...], where a linear map has no k, are packed tap by tap, each with its
 * `in` channels and zeros up to a whole group. These return the numbers of a tap, and the groups of
 * all taps. */
size_t quell_short_channels(const struct quell_short *form, const struct quell_shape *w);
size_t quell_short_groups(const struct quell_instruction *now, const struct quell_shape *w);

/* Members of struct quell_packing; the form is not of panels of floats. */
size_t quell_short_floats(const struct quell_program *program, const struct quell_instruction *now);
void quell_short_pack(const struct quell_program *program, const struct quell_instruction *now,
                      const float *from, float *to);
void quell_short_unpack(const struct quell_program *program, const struct quell_instruction *now,
                        size_t from, size_t count, float *to);
/* Whether conv_int8 or conv_bf16 can compute a convolution, whose result has a shape. */
bool quell_conv_can_be_short(const struct quell_inference *at, const struct quell_short *form);

bool quell_not_panels(const struct quell_program *program, const struct quell_instruction *now);

#endif
