/* SPDX-License-Identifier: MIT */
#include "programs/kinds/transposed.h"

/* Weights with more taps than this are not packed. */
#define MOST_TAPS 4096

static int64_t rest(int64_t a, int64_t by) { return (a % by + by) % by; }

/* Returns the taps that contribute to a place along a dimension. */
static struct quell_places taps_of(const struct quell_window *w, size_t d, int64_t place)
{
    struct quell_places line = {0, 1, 0};
    int64_t wanted = rest(place + w->before[d], w->stride[d]);
    for (int64_t t = 0; t < w->taps[d] && line.count < 2; t++) {
        if (rest(t * w->dilation[d], w->stride[d]) != wanted) continue;
        if (line.count++ == 0) line.first = t;
        line.step = line.count == 2 ? t - line.first : 1;
    }
    if (line.count == 2) line.count = (w->taps[d] - 1 - line.first) / line.step + 1;
    return line;
}

size_t quell_transposed_phases(const struct quell_window *w, int64_t *phases)
{
    for (size_t d = 0; d < w->rank; d++)
        phases[d] = w->stride[d] < w->out[d] ? w->stride[d] : w->out[d];
    return quell_window_product(w, phases);
}

void quell_transposed_phase(const struct quell_window *w, const int64_t *phases, size_t number,
                            struct quell_places *places, struct quell_places *taps)
{
    int64_t first[QUELL_MOST_SPATIAL_DIMS];
    quell_window_place(w, phases, number, first);
    for (size_t d = 0; d < w->rank; d++) {
        int64_t count = (w->out[d] - 1 - first[d]) / w->stride[d] + 1;
        places[d] = (struct quell_places){first[d], w->stride[d], count};
        taps[d] = taps_of(w, d, first[d]);
    }
}

/* Returns a number n: at its place i along a dimension, tap j of the phase reads the element
 * i + n - j less. */
static int64_t sees(const struct quell_window *w, const struct quell_phase *phase, size_t d)
{
    int64_t first = phase->places[d].first + w->before[d];
    /* The division has no remainder. */
    return (first - phase->taps[d].first * w->dilation[d]) / w->stride[d];
}

static void set_phase(struct quell_transposed *to, size_t number)
{
    const struct quell_window *w = &to->window;
    struct quell_phase *phase = &to->phase[number];
    quell_transposed_phase(w, to->phases, number, phase->places, phase->taps);
    phase->all = 1;
    for (size_t d = 0; d < w->rank; d++) {
        phase->less[d] = phase->taps[d].step * w->dilation[d] / w->stride[d];
        phase->shift[d] = sees(w, phase, d);
        phase->all *= (size_t)phase->taps[d].count;
    }
    phase->begin = number ? phase[-1].begin + phase[-1].all : 0;
}

/* Returns the window that contains all elements which a tap of any phase reads, and counts the
 * shifts from its first element. */
static struct quell_window around(struct quell_transposed *to)
{
    struct quell_window window = to->window;
    for (size_t d = 0; d < window.rank; d++) {
        int64_t least = INT64_MAX, most = INT64_MIN;
        for (size_t f = 0; f < to->count; f++) {
            const struct quell_phase *phase = &to->phase[f];
            if (!phase->taps[d].count) continue;
            int64_t last = phase->shift[d] - (phase->taps[d].count - 1) * phase->less[d];
            if (last < least) least = last;
            if (phase->shift[d] > most) most = phase->shift[d];
        }
        for (size_t f = 0; f < to->count; f++) to->phase[f].shift[d] -= least;
        window.before[d] = -least;
        window.taps[d] = most - least + 1;
        window.stride[d] = window.dilation[d] = 1;
        window.out[d] = to->phase[0].places[d].count;
    }
    return window;
}

bool quell_transposed_of(struct quell_transposed *to, const struct quell_instruction *of,
                         const struct quell_shape *x, const struct quell_shape *w,
                         const struct quell_shape *out)
{
    *to = (struct quell_transposed){.window = quell_window_from(of, x, out, w->size + 2),
                                    .groups = (size_t)of->set[QUELL_TRANSPOSED_GROUPS].whole[0],
                                    .each = w->size[1],
                                    .taps = quell_elements_of(w, 2, w->rank)};
    to->channels = w->size[0] / to->groups;
    for (size_t d = 0; d < to->window.rank; d++)
        if (to->window.stride[d] > QUELL_MOST_PHASES || to->window.dilation[d] > MOST_TAPS)
            return false;
    to->count = quell_transposed_phases(&to->window, to->phases);
    if (to->count > QUELL_MOST_PHASES || to->taps > MOST_TAPS) return false;
    for (size_t f = 0; f < to->count; f++) set_phase(to, f);
    if (to->phase[to->count - 1].begin + to->phase[to->count - 1].all != to->taps) return false;
    struct quell_window window = around(to);
    return quell_padded_of(&to->padded, &window, x->size[0]);
}

/* Returns the number of panels for the output channels of a group. */
static size_t panels(const struct quell_transposed *to)
{
    return (to->each + QUELL_PANEL - 1) / QUELL_PANEL;
}

size_t quell_transposed_floats(const struct quell_transposed *to)
{
    return to->groups * to->taps * to->channels * panels(to) * QUELL_PANEL;
}

size_t quell_transposed_weights(const struct quell_transposed *to, size_t phase, size_t group,
                                size_t o)
{
    const struct quell_phase *of = &to->phase[phase];
    size_t pairs = (of->begin * to->groups + of->all * group) * to->channels * panels(to);
    size_t panel = o / QUELL_PANEL * of->all * to->channels;
    return (pairs + panel) * QUELL_PANEL + o % QUELL_PANEL;
}

size_t quell_transposed_place(const struct quell_transposed *to, size_t i)
{
    const struct quell_window *w = &to->window;
    size_t c = i / to->taps / to->each, o = i / to->taps % to->each, number = 0, index = 0;
    int64_t tap[QUELL_MOST_SPATIAL_DIMS], first[QUELL_MOST_SPATIAL_DIMS];
    quell_window_place(w, w->taps, i % to->taps, tap);
    for (size_t d = 0; d < w->rank; d++) {
        first[d] = rest(tap[d] * w->dilation[d] - w->before[d], w->stride[d]);
        number = number * (size_t)to->phases[d] + (size_t)first[d];
    }
    const struct quell_phase *phase = &to->phase[number];
    for (size_t d = 0; d < w->rank; d++)
        index = index * (size_t)phase->taps[d].count +
                (size_t)((tap[d] - phase->taps[d].first) / phase->taps[d].step);
    return quell_transposed_weights(to, number, c / to->channels, o) +
           (index * to->channels + c % to->channels) * QUELL_PANEL;
}

size_t quell_transposed_offset(const struct quell_transposed *to, size_t number, size_t p)
{
    const struct quell_phase *phase = &to->phase[number];
    const struct quell_window *around = &to->padded.window;
    size_t index = p / to->channels, tap = 0;
    int64_t seen[QUELL_MOST_SPATIAL_DIMS];
    for (size_t d = around->rank; d-- > 0; index /= (size_t)phase->taps[d].count)
        seen[d] =
            phase->shift[d] - (int64_t)(index % (size_t)phase->taps[d].count) * phase->less[d];
    for (size_t d = 0; d < around->rank; d++) tap = tap * (size_t)around->taps[d] + (size_t)seen[d];
    return quell_padded_tap(&to->padded, tap, p % to->channels);
}
