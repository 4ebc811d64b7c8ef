/* SPDX-License-Identifier: MIT */
/* The ways of computing a convolution. All have the same bits, except Winograd's algorithm, which
 * must be requested by an attribute. */
#ifndef QUELL_PROGRAMS_KINDS_CONV_WAY_H
#define QUELL_PROGRAMS_KINDS_CONV_WAY_H

#include "programs/kinds/lines.h"
#include "programs/kinds/padded.h"
#include "programs/kinds/winograd.h"
#include "programs/tail.h"

/* QUELL_CONV_PADDED: many output channels, which fill the vectors. QUELL_CONV_LINES: few output
 * channels; positions fill the vectors. QUELL_CONV_GATHERED: windows for which nothing can be
 * copied. QUELL_CONV_WINOGRAD: in tiles.
 *
 * `each` and `inputs` are the numbers of output and input channels in a group. `k` is the length of
 * a Dot. `together` is the greatest number of samples in one product, for QUELL_CONV_PADDED. */
struct quell_conv_way {
    enum quell_conv_how {
        QUELL_CONV_GATHERED,
        QUELL_CONV_LINES,
        QUELL_CONV_PADDED,
        QUELL_CONV_WINOGRAD
    } how;
    size_t groups, each, inputs, k, together;
    struct quell_lines lines;
    struct quell_padded padded;
    struct quell_winograd winograd;
};

struct quell_conv_way quell_conv_way_of(const struct quell_instruction *of,
                                        const struct quell_shape *x, const struct quell_shape *w,
                                        const struct quell_shape *out);

struct quell_conv_way quell_conv_way_at(const struct quell_program *program,
                                        const struct quell_instruction *now);

/* Returns the size of the copies for a way, in floats, without weights and with the table of a
 * copy's rows. */
size_t quell_conv_way_floats(const struct quell_conv_way *way);
/* For QUELL_CONV_PADDED: the size of the copies, which come last. */
size_t quell_conv_copies(const struct quell_conv_way *way);

/* Returns where the weights of output channel o begin. */
size_t quell_conv_way_weights(const struct quell_conv_way *way, size_t o);

/* Pack weights for a way. quell_conv_packed_place returns the place of element i of w in the packed
 * form. */
size_t quell_conv_packed_floats(const struct quell_conv_way *way);
size_t quell_conv_packed_place(const struct quell_conv_way *way, const struct quell_shape *w,
                               size_t i);
void quell_conv_pack(const struct quell_conv_way *way, const struct quell_shape *w,
                     const float *from, float *to);

/* The offsets of quell_dots: right ones for QUELL_CONV_LINES, left ones for QUELL_CONV_PADDED. */
size_t quell_conv_way_offset(const struct quell_conv_way *way, size_t p);

/* Divides the result among workers by its lines, unless the weights are many for so few positions:
 * with such a division each worker reads all weights. */
void quell_conv_way_divide(const struct quell_conv_way *way, struct quell_program *program,
                           struct quell_instruction *now);

/* Returns the floats of scratch memory, the last ones, for the offsets in an input that is read
 * directly and lies apart. */
size_t quell_conv_left_floats(const struct quell_conv_way *way);

/* Finds these offsets, and the distance of the channels of the worker's own part. */
const size_t *quell_conv_left(const struct quell_conv_way *way, const struct quell_execution *at,
                              size_t *channel);

/* quell_conv_depthwise_of returns whether a convolution of QUELL_CONV_LINES with one input channel
 * in a group can be computed channel by channel, and sets how a channel is read. `weights` are
 * those packed for the way. */
bool quell_conv_depthwise_of(struct quell_padded *padded, const struct quell_conv_way *way);
size_t quell_conv_depthwise_floats(const struct quell_conv_way *way);
void quell_conv_depthwise(const struct quell_execution *at, const struct quell_conv_way *way,
                          const struct quell_padded *padded, const struct quell_tail *tail,
                          const float *weights, const float *bias);

/* Computes the result of one sample by QUELL_CONV_GATHERED, without the maps that are fused with
 * it. */
void quell_conv_gathered(const struct quell_execution *at);

/* Computes the worker's part. */
void quell_conv_run(const struct quell_execution *at);

#endif
