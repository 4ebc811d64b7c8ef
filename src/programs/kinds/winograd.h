/* SPDX-License-Identifier: MIT */
/* conv by Winograd's algorithm (docs/programs.md, conv): squares of the input are transformed, and
 * multiplied by transformed weights, channel by channel and frequency by frequency; the products
 * are transformed back. A tile of T x T results takes (T + 2)^2 products instead of 9 T^2. */
#ifndef QUELL_PROGRAMS_KINDS_WINOGRAD_H
#define QUELL_PROGRAMS_KINDS_WINOGRAD_H

#include "programs/kinds/window.h"

/* The attributes groups and winograd of conv. */
enum { QUELL_CONV_GROUPS = QUELL_WINDOW_ATTRIBUTES, QUELL_CONV_WINOGRAD_TILE };

/* `tile` is the number of results along a line of a tile, `size` is tile + 2, and `tiles` has the
 * numbers of tiles along the dimensions of a result. `most` tiles and `channels` output channels
 * are computed at a time, and `split` input channels are copied at a time, for `run` tiles of a
 * row.
 *
 * Distances, in floats: `row` and `in_frequency` are those of two tiles and of two frequencies of
 * the transformed input, and `out_frequency` is that of two frequencies of the products, whose
 * tiles are `channels` apart. */
struct quell_winograd {
    struct quell_window window;
    size_t tile, size, tiles[2], inputs, outputs;
    size_t most, channels, split, run;
    size_t row, in_frequency, out_frequency;
};

/* Refuses sizes of tiles that are not available, and windows that do not suit them. `tile` is 0 for
 * none. */
quell_status quell_winograd_check(const struct quell_inference *at, int64_t tile);

struct quell_winograd quell_winograd_of(const struct quell_window *window, size_t tile,
                                        size_t inputs, size_t outputs);

/* Returns the multiply-adds of the products. */
uint64_t quell_winograd_products(const struct quell_winograd *winograd);

/* Returns the size of the memory that a run needs, without weights. */
size_t quell_winograd_floats(const struct quell_winograd *winograd);

/* The first function returns the size of transformed weights, and the second transforms weights:
 * [frequency][input][QUELL_PANEL] for each panel of output channels. */
size_t quell_winograd_packed_floats(const struct quell_winograd *winograd);
void quell_winograd_pack(const struct quell_winograd *winograd, const float *w, float *to);

struct quell_winograd_points quell_winograd_points(size_t tile);

/* Returns the place of the transformed weight that is the i-th of [output][input][frequency]. */
size_t quell_winograd_packed_place(const struct quell_winograd *winograd, size_t i);

/* Computes one or all samples; each worker computes its part. Each worker transforms weights that
 * are not packed, in memory after that of the run. */
void quell_winograd_run(const struct quell_execution *at, const struct quell_winograd *winograd);

#endif
