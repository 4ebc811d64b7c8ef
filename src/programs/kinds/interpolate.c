/* SPDX-License-Identifier: MIT */
/* interpolate: linear interpolation to other sizes of the last one to three dimensions, one after
 * the other from the last one on, by y[i] = w x[b] + (1 - w) x[a]. */
#include "programs/kind.h"

#include <math.h>

enum { SIZES, CORNERS };

static quell_status infer(struct quell_inference *at)
{
    const struct quell_shape *x = quell_operand(at, 0);
    const struct quell_setting *sizes = &at->of->set[SIZES];
    if (sizes->count < 1 || sizes->count > 3 || sizes->count > x->rank)
        return quell_refuse(at, "'sizes' must have one to three sizes, of the last dimensions");
    struct quell_shape wide = *x;
    at->out = *x;
    for (size_t i = 0; i < sizes->count; i++) {
        size_t d = x->rank - sizes->count + i;
        if (sizes->whole[i] < 1) return quell_refuse(at, "'sizes' must be from 1 on");
        at->out.size[d] = (size_t)sizes->whole[i];
        if (at->out.size[d] > wide.size[d]) wide.size[d] = at->out.size[d];
    }
    if (!quell_shape_fits(&wide))
        return quell_refuse_operand(at, 0, "has with 'sizes' more than 2^31 elements on the way");
    at->of->scratch = 2 * quell_elements(&wide);
    return QUELL_OK;
}

/* The two elements that y[i] is interpolated from, and their weights; `size` elements become
 * `made`. */
struct blend {
    size_t a, b;
    float one, other; /* 1 - w and w */
};

static struct blend blend_of(size_t i, size_t size, size_t made, bool corners)
{
    double p = ((double)i + 0.5) * (double)size / (double)made - 0.5;
    if (corners) p = made > 1 ? (double)i * (double)(size - 1) / (double)(made - 1) : 0;
    if (p < 0) p = 0;
    size_t a = (size_t)p < size ? (size_t)p : size - 1;
    double w = p - (double)a;
    return (struct blend){a, a + 1 < size ? a + 1 : a, (float)(1 - w), (float)w};
}

/* x[outer][size][inner] becomes y[outer][made][inner]. */
static void resize(size_t outer, size_t size, size_t made, size_t inner, bool corners,
                   const float *x, float *y)
{
    for (size_t o = 0; o < outer; o++, x += size * inner)
        for (size_t i = 0; i < made; i++, y += inner) {
            struct blend blend = blend_of(i, size, made, corners);
            const float *a = x + blend.a * inner, *b = x + blend.b * inner;
            for (size_t k = 0; k < inner; k++) y[k] = fmaf(blend.other, b[k], blend.one * a[k]);
        }
}

static void run(const struct quell_execution *at)
{
    struct quell_shape shape = *quell_shape_of(at, 0);
    const struct quell_shape *out = quell_out_shape(at);
    size_t count = at->of->set[SIZES].count;
    float *part[2] = {at->scratch, at->scratch + at->of->scratch / 2};
    const float *x = quell_in(at, 0);
    for (size_t i = 0; i < count; i++) {
        size_t d = shape.rank - 1 - i;
        float *y = i + 1 == count ? at->out : part[i % 2];
        resize(quell_elements_of(&shape, 0, d), shape.size[d], out->size[d],
               quell_elements_of(&shape, d + 1, shape.rank), quell_set(at->of, CORNERS), x, y);
        shape.size[d] = out->size[d];
        x = y;
    }
}

const struct quell_kind quell_kind_interpolate = {
    .name = "interpolate",
    .least = 1,
    .most = 1,
    .attributes = {[SIZES] = {"sizes", QUELL_WHOLES, .needed = true},
                   [CORNERS] = {.name = "corners", .type = QUELL_TRUTH}},
    .infer = infer,
    .run = run,
};
