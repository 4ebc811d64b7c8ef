/* SPDX-License-Identifier: MIT */
/* The ways in which a convolution is computed, all with the same bits but Winograd's, for which an
 * attribute asks. */
#ifndef QUELL_PROGRAMS_KINDS_CONV_WAY_H
#define QUELL_PROGRAMS_KINDS_CONV_WAY_H

#include "programs/kinds/lines.h"
#include "programs/kinds/padded.h"
#include "programs/kinds/winograd.h"
#include "programs/tail.h"

/* QUELL_CONV_PADDED: many output channels in the vectors. QUELL_CONV_LINES: few output channels,
 * positions in the vectors. QUELL_CONV_GATHERED: windows for which nothing can be copied.
 * QUELL_CONV_WINOGRAD: in tiles.
 *
 * each: the output channels of a group; inputs: its input channels; k: the length of a Dot.
 * together: the samples of one product at most, of QUELL_CONV_PADDED. */
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

/* The size of the copies for a way, in floats, without weights; rows: the table of a copy's rows
 * among them. */
size_t quell_conv_way_floats(const struct quell_conv_way *way);
size_t
quell_conv_copies(const struct quell_conv_way *way); /* of QUELL_CONV_PADDED, the last ones */

/* Where the weights of output channel o begin. */
size_t quell_conv_way_weights(const struct quell_conv_way *way, size_t o);

/* Packs weights for a way. quell_conv_packed_place: where element i of w lies then. */
size_t quell_conv_packed_floats(const struct quell_conv_way *way);
size_t quell_conv_packed_place(const struct quell_conv_way *way, const struct quell_shape *w,
                               size_t i);
void quell_conv_pack(const struct quell_conv_way *way, const struct quell_shape *w,
                     const float *from, float *to);

/* The offsets of quell_dots: right ones for QUELL_CONV_LINES, left ones for QUELL_CONV_PADDED. */
size_t quell_conv_way_offset(const struct quell_conv_way *way, size_t p);

/* Divides the result among workers by its lines, unless there are few positions to many weights: of
 * these each worker reads all then. */
void quell_conv_way_divide(const struct quell_conv_way *way, struct quell_program *program,
                           struct quell_instruction *now);

/* How many floats of scratch memory, the last ones, the offsets take in an input that is read
 * directly and lies apart. */
size_t quell_conv_left_floats(const struct quell_conv_way *way);

/* Finds these offsets, and the distance of the channels of the worker's own part. */
const size_t *quell_conv_left(const struct quell_conv_way *way, const struct quell_execution *at,
                              size_t *channel);

/* A convolution of QUELL_CONV_LINES with one input channel to a group may be computed channel by
 * channel: then quell_conv_depthwise_of sets how a channel is read, and returns true. weights: as
 * they are packed for the way. */
bool quell_conv_depthwise_of(struct quell_padded *padded, const struct quell_conv_way *way);
size_t quell_conv_depthwise_floats(const struct quell_conv_way *way);
void quell_conv_depthwise(const struct quell_execution *at, const struct quell_conv_way *way,
                          const struct quell_padded *padded, const struct quell_tail *tail,
                          const float *weights, const float *bias);

/* Computes the result of one sample by QUELL_CONV_GATHERED, without what is fused with it. */
void quell_conv_gathered(const struct quell_execution *at);

/* Computes the worker's part. */
void quell_conv_run(const struct quell_execution *at);

#endif
