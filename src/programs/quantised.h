/* SPDX-License-Identifier: MIT */
/* Code for the kinds with weights in short numbers. linear_int8 and conv_int8 have the operands [x,
 * weight, scale, bias], with whole weights from -127 to 127 and a scale for each output; x is
 * quantised when it is read. linear_bf16 and conv_bf16 have [x, weight, bias]; x and the weights
 * are rounded to bfloat16. */
#ifndef QUELL_PROGRAMS_QUANTISED_H
#define QUELL_PROGRAMS_QUANTISED_H

#include "programs/kind.h"
#include "simd/bytes.h"

/* The greatest number of products in a sum: the sum of so many products 127 x 127 is less than
 * 2^31. */
#define QUELL_MOST_BYTES ((size_t)131072)

/* Checks the operands from 1 on, except their elements. `k` is the number of products in a sum. */
quell_status quell_quantised_infer(const struct quell_inference *at, size_t out, size_t k);

/* How a kind stores its elements and weights: in groups of `group`, with at most `widest` bytes for
 * an element. `bias` is the operand that is the bias. `scaled` says that there are scales, and
 * steps of x. */
struct quell_short {
    size_t group, widest, bias;
    bool scaled;
    const struct quell_byte_kernels *(*kernels)(const struct quell_kernels *kernels);
};
extern const struct quell_short quell_short_bytes, quell_short_halves;

/* Checks the elements of the weights. */
quell_status quell_short_check(const struct quell_program *program,
                               const struct quell_instruction *now);

/* The factor that elements are multiplied by, and the step that a whole number then stands for, if
 * `greatest` is the bits of the greatest magnitude. inverse is 0 if all elements are zeros. */
struct quell_step {
    float inverse, step;
};
struct quell_step quell_step_of(uint32_t greatest);

/* Quantises a row of `count` elements by its greatest one, with zeros up to a whole group, and
 * returns its step. For kernels of bfloat16 numbers, it rounds the row instead. */
float quell_quantise_row(const struct quell_byte_kernels *bytes, size_t count, const float *x,
                         void *to);

/* The weights w[out][in][k...] (without k for a linear map) are packed tap by tap, each with its
 * `in` channels and zeros up to a whole group. These functions return the numbers in a tap, and the
 * groups of all taps. */
size_t quell_short_channels(const struct quell_short *form, const struct quell_shape *w);
size_t quell_short_groups(const struct quell_instruction *now, const struct quell_shape *w);

/* Members of struct quell_packing; the form is not of panels of floats. */
size_t quell_short_floats(const struct quell_program *program, const struct quell_instruction *now);
void quell_short_pack(const struct quell_program *program, const struct quell_instruction *now,
                      const float *from, float *to);
void quell_short_unpack(const struct quell_program *program, const struct quell_instruction *now,
                        size_t from, size_t count, float *to);
/* Returns whether conv_int8 or conv_bf16 can compute a convolution. Its result must have a
 * shape. */
bool quell_conv_can_be_short(const struct quell_inference *at, const struct quell_short *form);

bool quell_not_panels(const struct quell_program *program, const struct quell_instruction *now);

#endif
