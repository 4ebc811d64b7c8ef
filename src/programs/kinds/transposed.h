/* SPDX-License-Identifier: MIT */
/* How a transposed convolution is computed: by phases. A phase has the outputs whose places +
 * before leave the same rests by the strides. The same taps reach all of them, those whose t
 * dilation leaves these rests, so that a phase is a convolution with stride 1. */
#ifndef QUELL_PROGRAMS_KINDS_TRANSPOSED_H
#define QUELL_PROGRAMS_KINDS_TRANSPOSED_H

#include "programs/kinds/padded.h"

enum { QUELL_TRANSPOSED_GROUPS = QUELL_WINDOW_ATTRIBUTES };

/* Places or taps along a dimension: first, first + step, ... */
struct quell_places {
    int64_t first, step, count;
};

/* Sets how many phases there are along each dimension, and returns how many there are in all. */
size_t quell_transposed_phases(const struct quell_window *window, int64_t *phases);

/* Sets the places of the phase of that number along each dimension, and the taps that reach
 * them. */
void quell_transposed_phase(const struct quell_window *window, const int64_t *phases, size_t number,
                            struct quell_places *places, struct quell_places *taps);

#define QUELL_MOST_PHASES 32

/* A phase. begin: how many taps the phases before it have; all: its own. shift: along each
 * dimension, how far behind the first element that any phase sees the one lies that its first tap
 * sees; each further tap sees the one `less` before it. */
struct quell_phase {
    struct quell_places places[QUELL_MOST_SPATIAL_DIMS], taps[QUELL_MOST_SPATIAL_DIMS];
    int64_t shift[QUELL_MOST_SPATIAL_DIMS], less[QUELL_MOST_SPATIAL_DIMS];
    size_t begin, all;
};

/* All phases, which read the same copy of x. channels, each: the input and the output channels of a
 * group; taps: of the window. */
struct quell_transposed {
    struct quell_window window;
    size_t groups, channels, each, taps, count;
    int64_t phases[QUELL_MOST_SPATIAL_DIMS];
    struct quell_phase phase[QUELL_MOST_PHASES];
    struct quell_padded padded;
};

/* Returns false if the phases are too many, a tap is in none, or copies would be too large. */
bool quell_transposed_of(struct quell_transposed *transposed, const struct quell_instruction *of,
                         const struct quell_shape *x, const struct quell_shape *w,
                         const struct quell_shape *out);

/* Where the weights of a phase begin for output channel o of a group; the step from one (tap,
 * channel) pair to the next is QUELL_PANEL. */
size_t quell_transposed_weights(const struct quell_transposed *transposed, size_t phase,
                                size_t group, size_t o);
size_t quell_transposed_floats(const struct quell_transposed *transposed);

/* Where element i of w[in][each][taps] lies among the packed weights. */
size_t quell_transposed_place(const struct quell_transposed *transposed, size_t i);

/* Where the element lies that pair p of a phase sees, counted from that of the first tap of a
 * window around all phases. */
size_t quell_transposed_offset(const struct quell_transposed *transposed, size_t phase, size_t p);

/* Computes the result of one sample without packed weights. */
void quell_conv_transpose_gathered(const struct quell_execution *at);

#endif
