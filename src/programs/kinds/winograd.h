/* SPDX-License-Identifier: MIT */
/* conv by Winograd's algorithm (docs/programs.md, conv): squares of the input are transformed, and
 * multiplied by transformed weights, channel by channel and frequency by frequency; the products
 * are transformed back. A tile of T x T results takes (T + 2)^2 products, and not 9 T^2. */
#ifndef QUELL_PROGRAMS_KINDS_WINOGRAD_H
#define QUELL_PROGRAMS_KINDS_WINOGRAD_H

#include "programs/kinds/window.h"

/* The attributes groups and winograd of conv. */
enum { QUELL_CONV_GROUPS = QUELL_WINDOW_ATTRIBUTES, QUELL_CONV_WINOGRAD_TILE };

/* tile: the results along a line; size: tile + 2; tiles: of a result, along its dimensions. most:
 * tiles that are worked on at a time; channels: output channels at a time, and split: input
 * channels that are copied at a time, for `run` tiles of a row.
 *
 * Distances, in floats: of two tiles and of two frequencies of the transformed input (row,
 * in_frequency) and of products (out_frequency; tiles are `channels` apart). */
struct quell_winograd {
    struct quell_window window;
    size_t tile, size, tiles[2], inputs, outputs;
    size_t most, channels, split, run;
    size_t row, in_frequency, out_frequency;
};

/* Refuses tiles that there are not, and windows that they do not fit. tile: 0 for none. */
quell_status quell_winograd_check(const struct quell_inference *at, int64_t tile);

struct quell_winograd quell_winograd_of(const struct quell_window *window, size_t tile,
                                        size_t inputs, size_t outputs);

/* Multiply-adds of the products. */
uint64_t quell_winograd_products(const struct quell_winograd *winograd);

/* The size of the memory that a run takes, without weights. */
size_t quell_winograd_floats(const struct quell_winograd *winograd);

/* Transformed weights: of the panel q of output channels, [frequency][input][QUELL_PANEL]. */
size_t quell_winograd_packed_floats(const struct quell_winograd *winograd);
void quell_winograd_pack(const struct quell_winograd *winograd, const float *w, float *to);

struct quell_winograd_points quell_winograd_points(size_t tile);

/* Where the transformed weight lies that is the i-th of [output][input][frequency]. */
size_t quell_winograd_packed_place(const struct quell_winograd *winograd, size_t i);

/* Computes some or all samples, each worker its part. Weights that are not packed are transformed
 * by each worker, behind the memory of the run. */
void quell_winograd_run(const struct quell_execution *at, const struct quell_winograd *winograd);

#endif
