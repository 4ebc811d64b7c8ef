/* SPDX-License-Identifier: MIT */
/* How a transposed convolution is computed: by phases. A phase consists of the outputs for which
 * (place + before) modulo the strides is the same. The same taps contribute to all of them, those
 * for which (t dilation) modulo the strides is the same too, so that a phase is a convolution with
 * stride 1. */
#ifndef QUELL_PROGRAMS_KINDS_TRANSPOSED_H
#define QUELL_PROGRAMS_KINDS_TRANSPOSED_H

#include "programs/kinds/padded.h"

enum { QUELL_TRANSPOSED_GROUPS = QUELL_WINDOW_ATTRIBUTES };

/* Places or taps along a dimension: first, first + step, ... */
struct quell_places {
    int64_t first, step, count;
};

/* Sets the number of phases along each dimension, and returns the number of all phases. */
size_t quell_transposed_phases(const struct quell_window *window, int64_t *phases);

/* Sets the places of phase `number` along each dimension, and the taps that contribute to them. */
void quell_transposed_phase(const struct quell_window *window, const int64_t *phases, size_t number,
                            struct quell_places *places, struct quell_places *taps);

#define QUELL_MOST_PHASES 32

/* A phase. `begin` is the number of taps in the phases before it, and `all` that of its own. Along
 * each dimension `shift` is the distance from the first element that any phase reads to the one
 * that this phase's first tap reads; each further tap reads the element `less` before. */
struct quell_phase {
    struct quell_places places[QUELL_MOST_SPATIAL_DIMS], taps[QUELL_MOST_SPATIAL_DIMS];
    int64_t shift[QUELL_MOST_SPATIAL_DIMS], less[QUELL_MOST_SPATIAL_DIMS];
    size_t begin, all;
};

/* All phases, which read the same copy of x. `channels` and `each` are the numbers of input and
 * output channels in a group, and `taps` is the number of taps in the window. */
struct quell_transposed {
    struct quell_window window;
    size_t groups, channels, each, taps, count;
    int64_t phases[QUELL_MOST_SPATIAL_DIMS];
    struct quell_phase phase[QUELL_MOST_PHASES];
    struct quell_padded padded;
};

/* Returns false if there are too many phases, a tap is in no phase, or copies would be too
 * large. */
bool quell_transposed_of(struct quell_transposed *transposed, const struct quell_instruction *of,
                         const struct quell_shape *x, const struct quell_shape *w,
                         const struct quell_shape *out);

/* Returns where the weights of a phase begin for output channel o of a group. The distance from one
 * (tap, channel) pair to the next is QUELL_PANEL. */
size_t quell_transposed_weights(const struct quell_transposed *transposed, size_t phase,
                                size_t group, size_t o);
size_t quell_transposed_floats(const struct quell_transposed *transposed);

/* Returns the place of element i of w[in][each][taps] among the packed weights. */
size_t quell_transposed_place(const struct quell_transposed *transposed, size_t i);

/* Returns where the element is that pair p of a phase reads, counted from that of the first tap of
 * a window around all phases. */
size_t quell_transposed_offset(const struct quell_transposed *transposed, size_t phase, size_t p);

/* Computes the result of one sample without packed weights. */
void quell_conv_transpose_gathered(const struct quell_execution *at);

#endif
