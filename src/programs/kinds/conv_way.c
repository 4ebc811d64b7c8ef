/* SPDX-License-Identifier: MIT */
#include "programs/kinds/conv_way.h"
#include "base/memory.h"
#include "programs/divide.h"

#include <string.h>

/* With fewer output channels than this, or if they are not whole vectors, positions fill vectors
 * better. */
#define MANY_CHANNELS 24

static size_t panels_of(const struct quell_conv_way *way)
{
    return (way->each + QUELL_PANEL - 1) / QUELL_PANEL;
}

struct quell_conv_way quell_conv_way_of(const struct quell_instruction *of,
                                        const struct quell_shape *x, const struct quell_shape *w,
                                        const struct quell_shape *out)
{
    struct quell_window window = quell_window_from(of, x, out, w->size + 2);
    struct quell_conv_way way = {.how = QUELL_CONV_GATHERED,
                                 .groups = (size_t)quell_set(of, QUELL_CONV_GROUPS),
                                 .inputs = w->size[1],
                                 .together = 1,
                                 .k = quell_elements_of(w, 1, w->rank)};
    size_t tile = (size_t)quell_set(of, QUELL_CONV_WINOGRAD_TILE);
    way.each = w->size[0] / way.groups;
    if (tile) {
        way.how = QUELL_CONV_WINOGRAD;
        way.winograd = quell_winograd_of(&window, tile, way.inputs, way.each);
        return way;
    }
    bool many = way.each >= MANY_CHANNELS || way.each % QUELL_LANES == 0;
    if (!many && quell_lines_of(&way.lines, &window, x->size[0]))
        way.how = QUELL_CONV_LINES;
    else if (quell_padded_of(&way.padded, &window, x->size[0]))
        way.how = QUELL_CONV_PADDED, way.together = quell_padded_samples(&way.padded);
    return way;
}

struct quell_conv_way quell_conv_way_at(const struct quell_program *program,
                                        const struct quell_instruction *now)
{
    const struct quell_value *value = program->value;
    return quell_conv_way_of(now, &value[now->operand[0]].shape, &value[now->operand[1]].shape,
                             &value[now->result].shape);
}

size_t quell_conv_copies(const struct quell_conv_way *way)
{
    return way->padded.direct ? way->padded.floats : way->together * way->padded.floats;
}

size_t quell_conv_way_floats(const struct quell_conv_way *way)
{
    if (way->how == QUELL_CONV_LINES) return way->lines.floats;
    if (way->how == QUELL_CONV_GATHERED) return 0;
    if (way->how == QUELL_CONV_WINOGRAD) return quell_winograd_floats(&way->winograd);
    return quell_table_floats(way->together * way->padded.most * way->padded.positions) +
           quell_conv_copies(way);
}

size_t quell_conv_packed_floats(const struct quell_conv_way *way)
{
    if (way->how == QUELL_CONV_LINES) return way->groups * way->each * way->k;
    if (way->how == QUELL_CONV_WINOGRAD) return quell_winograd_packed_floats(&way->winograd);
    return way->groups * panels_of(way) * QUELL_PANEL * way->k;
}

size_t quell_conv_way_weights(const struct quell_conv_way *way, size_t o)
{
    if (way->how == QUELL_CONV_LINES) return o * way->k;
    size_t panel = o / way->each * panels_of(way) + o % way->each / QUELL_PANEL;
    return panel * QUELL_PANEL * way->k + o % way->each % QUELL_PANEL;
}

size_t quell_conv_packed_place(const struct quell_conv_way *way, const struct quell_shape *w,
                               size_t i)
{
    if (way->how == QUELL_CONV_WINOGRAD) return quell_winograd_packed_place(&way->winograd, i);
    size_t taps = quell_elements_of(w, 2, w->rank), o = i / way->k;
    size_t p = i % taps * way->inputs + i % way->k / taps;
    return quell_conv_way_weights(way, o) + p * (way->how == QUELL_CONV_LINES ? 1 : QUELL_PANEL);
}

void quell_conv_pack(const struct quell_conv_way *way, const struct quell_shape *w,
                     const float *from, float *to)
{
    size_t taps = quell_elements_of(w, 2, w->rank),
           step = way->how == QUELL_CONV_LINES ? 1 : QUELL_PANEL;
    if (way->how == QUELL_CONV_WINOGRAD) {
        quell_winograd_pack(&way->winograd, from, to);
        return;
    }
    for (size_t o = 0; o < w->size[0]; o++) {
        float *row = to + quell_conv_way_weights(way, o);
        for (size_t c = 0; c < way->inputs; c++)
            for (size_t t = 0; t < taps; t++) row[(t * way->inputs + c) * step] = *from++;
    }
}

size_t quell_conv_way_offset(const struct quell_conv_way *way, size_t p)
{
    size_t tap = p / way->inputs, c = p % way->inputs;
    if (way->how == QUELL_CONV_LINES) return quell_lines_offset(&way->lines, tap, c);
    return quell_padded_tap(&way->padded, tap, c);
}

size_t quell_conv_left_floats(const struct quell_conv_way *way)
{
    bool direct = way->how == QUELL_CONV_PADDED && way->padded.direct;
    return direct ? quell_table_floats(way->k) : 0;
}

const size_t *quell_conv_left(const struct quell_conv_way *way, const struct quell_execution *at,
                              size_t *channel)
{
    float *memory = at->scratch + at->of->scratch - quell_conv_left_floats(way);
    size_t *left = (size_t *)(void *)memory;
    *channel = quell_own_in(at, 0).row;
    for (size_t p = 0; p < way->k; p++)
        left[p] = at->of->offset[p] + p % way->inputs * (*channel - way->padded.channel);
    return left;
}

void quell_conv_way_divide(const struct quell_conv_way *way, struct quell_program *program,
                           struct quell_instruction *now)
{
    const struct quell_window *window = way->how == QUELL_CONV_LINES    ? &way->lines.window
                                        : way->how == QUELL_CONV_PADDED ? &way->padded.window
                                                                        : &way->winograd.window;
    quell_image_divide(program, now, window, !quell_conv_left_floats(way));
}
