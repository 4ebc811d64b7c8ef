/* SPDX-License-Identifier: MIT */
/* Windows over the positions of x[channels][s...], for conv, conv_transpose and pool. */
#ifndef QUELL_PROGRAMS_KINDS_WINDOW_H
#define QUELL_PROGRAMS_KINDS_WINDOW_H

#include "programs/kind.h"

#define QUELL_MOST_SPATIAL_DIMS 3

/* The attributes with these names, which come first in each of these kinds. */
enum { QUELL_STRIDE, QUELL_BEFORE, QUELL_AFTER, QUELL_DILATION, QUELL_WINDOW_ATTRIBUTES };
#define QUELL_WINDOW_LISTS                                     \
    [QUELL_STRIDE] = {.name = "stride", .type = QUELL_WHOLES}, \
    [QUELL_BEFORE] = {.name = "before", .type = QUELL_WHOLES}, \
    [QUELL_AFTER] = {.name = "after", .type = QUELL_WHOLES},   \
    [QUELL_DILATION] = {.name = "dilation", .type = QUELL_WHOLES}

/* A window. `rank` is the number of spatial dimensions. */
struct quell_window {
    size_t rank;
    int64_t in[QUELL_MOST_SPATIAL_DIMS], out[QUELL_MOST_SPATIAL_DIMS],
        taps[QUELL_MOST_SPATIAL_DIMS];
    int64_t stride[QUELL_MOST_SPATIAL_DIMS], before[QUELL_MOST_SPATIAL_DIMS];
    int64_t dilation[QUELL_MOST_SPATIAL_DIMS];
};

/* Checks that operand 0 is [channels, s...], and the attributes. `least` is the lower bound of
 * before and after. */
quell_status quell_window_check(struct quell_inference *at, bool stride_given, int64_t least);

/* Return the size of the result along spatial dimension d for a window of `taps`, or 0 or less if
 * there is no result. */
int64_t quell_window_size(const struct quell_inference *at, size_t d, size_t taps);
int64_t quell_window_transposed_size(const struct quell_inference *at, size_t d, size_t taps);

/* Sets the shape of the result of a convolution with operand 1, weight[out][in / groups][k...],
 * which it checks. */
quell_status quell_window_convolve(struct quell_inference *at, size_t groups);

/* Return the window of an instruction. taps[rank] has its sizes. */
struct quell_window quell_window_of(const struct quell_execution *at, const size_t *taps);
struct quell_window quell_window_from(const struct quell_instruction *of,
                                      const struct quell_shape *in, const struct quell_shape *out,
                                      const size_t *taps);

/* Returns the number of positions or taps. */
size_t quell_window_product(const struct quell_window *window, const int64_t *sizes);

/* Splits an index of positions or taps, of which the last dimension runs fastest. */
void quell_window_place(const struct quell_window *window, const int64_t *sizes, size_t index,
                        int64_t *place);

/* Returns the position of x that a tap reads for a position of the result, or -1 if it is
 * outside. */
ptrdiff_t quell_window_source(const struct quell_window *window, const int64_t *place,
                              const int64_t *tap);

#endif
