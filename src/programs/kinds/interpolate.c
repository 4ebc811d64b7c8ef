/* SPDX-License-Identifier: MIT */
/* interpolate: linear interpolation to other sizes of the last one to three dimensions, one after
 * the other from the last one on, by y[i] = w x[b] + (1 - w) x[a]. */
#include "programs/kind.h"

#include <math.h>

enum { SIZES, CORNERS };

#define MOST_SIZES 3

/* Returns the size of the largest intermediate array, for a slice of the dimensions from `first`
 * on. */
static size_t slice_floats(const struct quell_shape *x, const struct quell_shape *out, size_t first)
{
    size_t floats = 1;
    for (size_t d = first; d < x->rank; d++)
        floats *= x->size[d] > out->size[d] ? x->size[d] : out->size[d];
    return floats;
}

static quell_status infer(struct quell_inference *at)
{
    const struct quell_shape *x = quell_operand(at, 0);
    const struct quell_setting *sizes = &at->of->set[SIZES];
    if (sizes->count < 1 || sizes->count > MOST_SIZES || sizes->count > x->rank)
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
        return quell_refuse_operand(at, 0,
                                    "needs with 'sizes' an intermediate "
                                    "result of more than 2^31 elements");
    at->of->scratch = 2 * slice_floats(x, &at->out, x->rank - sizes->count);
    for (size_t d = x->rank - sizes->count; d < x->rank; d++)
        at->of->scratch += 4 * at->out.size[d];
    return QUELL_OK;
}

/* The two elements that y[i] is interpolated from, and their weights, if a dimension is resized
 * from `size` to `made` elements. */
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

/* The tables for a dimension of the result: the blend of each of its elements. */
struct table {
    uint32_t *a, *b;
    float *one, *other;
};

static struct table table_at(float *memory, size_t made)
{
    return (struct table){(uint32_t *)(void *)memory, (uint32_t *)(void *)(memory + made),
                          memory + 2 * made, memory + 3 * made};
}

static void fill(const struct table *table, size_t size, size_t made, bool corners)
{
    for (size_t i = 0; i < made; i++) {
        struct blend blend = blend_of(i, size, made, corners);
        table->a[i] = (uint32_t)blend.a, table->b[i] = (uint32_t)blend.b;
        table->one[i] = blend.one, table->other[i] = blend.other;
    }
}

/* Resizes x[outer][size][inner] to y[outer][made][inner]. */
static void resize(const struct quell_kernels *kernels, const struct table *table, size_t outer,
                   size_t size, size_t made, size_t inner, const float *x, float *y)
{
    for (size_t o = 0; o < outer; o++, x += size * inner, y += made * inner) {
        struct quell_blend line = {.count = made,
                                   .each = 1,
                                   .a = x,
                                   .b = x,
                                   .one = table->one,
                                   .other = table->other,
                                   .from = table->a,
                                   .next = table->b,
                                   .out = y};
        if (inner == 1) kernels->blend(&line);
        for (size_t i = 0; i < made && inner > 1; i++)
            kernels->blend(&(struct quell_blend){.count = inner,
                                                 .a = x + table->a[i] * inner,
                                                 .b = x + table->b[i] * inner,
                                                 .one = &table->one[i],
                                                 .other = &table->other[i],
                                                 .out = y + i * inner});
    }
}

/* A slice that is being computed: the first of the dimensions that are resized and those after
 * it. */
struct slice {
    size_t first;
    struct table table[MOST_SIZES];
    float *part[2];
};

static void run_slice(const struct quell_execution *at, const struct slice *slice, const float *x,
                      float *out)
{
    struct quell_shape shape = *quell_shape_of(at, 0);
    const struct quell_shape *to = quell_out_shape(at);
    for (size_t d = shape.rank; d-- > slice->first;) {
        float *y = d == slice->first ? out : slice->part[d % 2];
        resize(at->kernels, &slice->table[d - slice->first],
               quell_elements_of(&shape, slice->first, d), shape.size[d], to->size[d],
               quell_elements_of(&shape, d + 1, shape.rank), x, y);
        shape.size[d] = to->size[d];
        x = y;
    }
}

static void run(const struct quell_execution *at)
{
    const struct quell_shape *x = quell_shape_of(at, 0), *out = quell_out_shape(at);
    struct slice slice = {.first = x->rank - at->of->set[SIZES].count};
    size_t in = quell_elements_of(x, slice.first, x->rank), from;
    size_t made = quell_elements_of(out, slice.first, x->rank);
    float *memory = at->scratch;
    for (size_t d = slice.first; d < x->rank; d++) {
        slice.table[d - slice.first] = table_at(memory, out->size[d]);
        fill(&slice.table[d - slice.first], x->size[d], out->size[d], quell_set(at->of, CORNERS));
        memory += 4 * out->size[d];
    }
    slice.part[0] = memory;
    slice.part[1] = memory + slice_floats(x, out, slice.first);
    size_t end = quell_part_of(at, quell_elements_of(x, 0, slice.first), &from);
    for (size_t i = from; i < end && !quell_is_over_by(at, 8 * (in + made)); i++)
        run_slice(at, &slice, quell_in(at, 0) + i * in, at->out + i * made);
}

const struct quell_kind quell_kind_interpolate = {
    .name = "interpolate",
    .least = 1,
    .most = 1,
    .attributes = {[SIZES] = {"sizes", QUELL_WHOLES, .needed = true},
                   [CORNERS] = {.name = "corners", .type = QUELL_TRUTH}},
    .shared = true,
    .infer = infer,
    .run = run,
};
