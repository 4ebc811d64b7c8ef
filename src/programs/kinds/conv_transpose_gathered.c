/* SPDX-License-Identifier: MIT */
/* conv_transpose, one sample at a time, by matrices that are gathered part by part: for weights
 * that are not worth packing, and for constants. */
#include "programs/kinds/transposed.h"
#include "programs/products.h"

/* A phase of a group. `x` and `weight` are those of the group, and `each` is the number of its
 * output channels. */
struct phase {
    struct quell_window window;
    struct quell_places places[QUELL_MOST_SPATIAL_DIMS], taps[QUELL_MOST_SPATIAL_DIMS];
    const float *x, *weight;
    size_t channels, each, in, all_taps;
};

static size_t product_of(const struct phase *phase, const struct quell_places *lines)
{
    size_t product = 1;
    for (size_t d = 0; d < phase->window.rank; d++) product *= (size_t)lines[d].count;
    return product;
}

/* Finds the place or tap with this index, and returns its flat index among all of `sizes`. */
static size_t locate(const struct phase *phase, const struct quell_places *lines,
                     const int64_t *sizes, size_t index, int64_t *place)
{
    size_t flat = 0;
    for (size_t d = phase->window.rank; d-- > 0; index /= (size_t)lines[d].count)
        place[d] = lines[d].first + lines[d].step * (int64_t)(index % (size_t)lines[d].count);
    for (size_t d = 0; d < phase->window.rank; d++)
        flat = flat * (size_t)sizes[d] + (size_t)place[d];
    return flat;
}

/* Copies the weights of some output channels and (tap, channel) pairs. */
static void copy_weights(const void *user, const struct quell_part *part, float *to)
{
    const struct phase *of = user;
    int64_t tap[QUELL_MOST_SPATIAL_DIMS];
    for (size_t p = 0; p < part->columns; p++) {
        size_t pair = part->column + p, c = pair % of->channels;
        size_t flat = locate(of, of->taps, of->window.taps, pair / of->channels, tap);
        for (size_t r = 0; r < part->rows; r++)
            to[r * part->columns + p] =
                of->weight[(c * of->each + part->row + r) * of->all_taps + flat];
    }
}

/* Returns the element of x that a tap contributes to a place, or -1 if it is outside. */
static ptrdiff_t source_of(const struct quell_window *window, const int64_t *place,
                           const int64_t *tap)
{
    int64_t source = 0;
    for (size_t d = 0; d < window->rank; d++) {
        int64_t from = place[d] + window->before[d] - tap[d] * window->dilation[d];
        from /= window->stride[d]; /* the division has no remainder */
        if (from < 0 || from >= window->in[d]) return -1;
        source = source * window->in[d] + from;
    }
    return (ptrdiff_t)source;
}

/* Copies the elements that some (tap, channel) pairs contribute to some outputs. */
static void copy_seen(const void *user, const struct quell_part *part, float *to)
{
    const struct phase *of = user;
    int64_t place[QUELL_PANEL][QUELL_MOST_SPATIAL_DIMS], tap[QUELL_MOST_SPATIAL_DIMS];
    ptrdiff_t source[QUELL_PANEL] = {0};
    for (size_t q = 0; q < part->columns; q++)
        locate(of, of->places, of->window.out, part->column + q, place[q]);
    for (size_t p = 0; p < part->rows; p++, to += QUELL_PANEL) {
        size_t pair = part->row + p, c = pair % of->channels;
        if (p == 0 || c == 0) {
            locate(of, of->taps, of->window.taps, pair / of->channels, tap);
            for (size_t q = 0; q < part->columns; q++)
                source[q] = source_of(&of->window, place[q], tap);
        }
        const float *x = of->x + c * of->in;
        for (size_t q = 0; q < part->columns; q++) to[q] = source[q] < 0 ? 0 : x[source[q]];
    }
}

/* Computes the outputs of a phase: out[each][positions of all phases]. */
static void run_phase(const struct quell_execution *at, const struct phase *phase,
                      const float *bias, float *out)
{
    size_t positions = quell_window_product(&phase->window, phase->window.out);
    size_t n = product_of(phase, phase->places);
    struct quell_products products = {.m = phase->each,
                                      .n = n,
                                      .k = product_of(phase, phase->taps) * phase->channels,
                                      .left = copy_weights,
                                      .right = copy_seen,
                                      .user = phase,
                                      .bias = bias,
                                      .by_row = true,
                                      .out = at->scratch,
                                      .out_row = n,
                                      .scratch = at->scratch + phase->each * n,
                                      .over = quell_ends,
                                      .asked = at};
    quell_products_run(&products, at->kernels);
    for (size_t i = 0; i < n; i++) {
        int64_t place[QUELL_MOST_SPATIAL_DIMS];
        size_t flat = locate(phase, phase->places, phase->window.out, i, place);
        for (size_t o = 0; o < phase->each; o++) out[o * positions + flat] = at->scratch[o * n + i];
    }
}

void quell_conv_transpose_gathered(const struct quell_execution *at)
{
    const struct quell_shape *w = quell_shape_of(at, 1);
    size_t groups = (size_t)quell_set(at->of, QUELL_TRANSPOSED_GROUPS),
           taps = quell_elements_of(w, 2, w->rank);
    const float *bias = at->of->operands > 2 ? quell_in(at, 2) : NULL;
    struct phase phase = {.window = quell_window_of(at, w->size + 2),
                          .channels = w->size[0] / groups,
                          .each = w->size[1],
                          .all_taps = taps};
    phase.in = quell_window_product(&phase.window, phase.window.in);
    int64_t phases[QUELL_MOST_SPATIAL_DIMS];
    size_t count = quell_transposed_phases(&phase.window, phases);
    size_t positions = quell_window_product(&phase.window, phase.window.out);
    size_t channels = quell_out_shape(at)->size[0];
    for (size_t i = 0; i < channels * positions; i++)
        at->out[i] = bias ? 0.0f + bias[i / positions] : 0;
    for (size_t number = 0; number < count && !quell_was_over(at); number++) {
        quell_transposed_phase(&phase.window, phases, number, phase.places, phase.taps);
        if (!product_of(&phase, phase.taps)) continue; /* these outputs have no taps */
        for (size_t g = 0; g < groups; g++) {
            phase.x = quell_in(at, 0) + g * phase.channels * phase.in;
            phase.weight = quell_in(at, 1) + g * phase.channels * phase.each * taps;
            run_phase(at, &phase, bias ? bias + g * phase.each : NULL,
                      at->out + g * phase.each * positions);
        }
    }
}
