/* SPDX-License-Identifier: MIT */
#include "programs/kinds/sets.h"

static void add_dim(struct quell_shape *shape, size_t *stride, size_t size, size_t step)
{
    stride[shape->rank] = step;
    shape->size[shape->rank++] = size;
}

struct quell_sets quell_sets_over(const struct quell_shape *shape, size_t dims, const int64_t *dim)
{
    struct quell_sets sets = {.offset = 0};
    for (size_t d = 0, i = 0; d < shape->rank; d++) {
        size_t step = quell_elements_of(shape, d + 1, shape->rank);
        bool inner = i < dims && (size_t)dim[i] == d;
        i += inner;
        if (inner)
            add_dim(&sets.inner, sets.inner_stride[0], shape->size[d], step);
        else
            add_dim(&sets.kept, sets.kept_stride[0], shape->size[d], step);
    }
    sets.count = quell_elements(&sets.inner);
    return sets;
}

struct quell_sets quell_sets_of_groups(const struct quell_shape *shape, size_t groups)
{
    struct quell_sets sets = {.offset = 0};
    size_t positions = quell_elements_of(shape, 1, shape->rank), each = shape->size[0] / groups;
    add_dim(&sets.kept, sets.kept_stride[0], groups, each * positions);
    add_dim(&sets.inner, sets.inner_stride[0], positions, 1);
    add_dim(&sets.inner, sets.inner_stride[0], each, positions);
    sets.count = each * positions;
    return sets;
}

/* Returns the length of the lines of a set along its last dimension, and sets *step to the distance
 * of their elements. */
static size_t line_of(const struct quell_sets *sets, size_t *step)
{
    size_t last = sets->inner.rank - 1;
    *step = sets->inner.rank ? sets->inner_stride[0][last] : 1;
    return sets->inner.rank ? sets->inner.size[last] : 1;
}

/* Sets *offset to that of the next line of a set, in order. Returns false after the last one. */
static bool next_line(const struct quell_sets *sets, size_t *place, size_t *offset)
{
    return sets->inner.rank &&
           quell_next_place(&sets->inner, sets->inner.rank - 1, place, 1,
                            (const size_t(*)[QUELL_MAX_RANK])sets->inner_stride, offset);
}

void quell_set_gather(const struct quell_sets *sets, const float *x, float *set)
{
    size_t place[QUELL_MAX_RANK] = {0}, offset = sets->offset, step;
    size_t count = line_of(sets, &step);
    do
        for (size_t i = 0; i < count; i++) *set++ = x[offset + i * step];
    while (next_line(sets, place, &offset));
}

void quell_set_scatter(const struct quell_sets *sets, const float *set, float *x)
{
    size_t place[QUELL_MAX_RANK] = {0}, offset = sets->offset, step;
    size_t count = line_of(sets, &step);
    do
        for (size_t i = 0; i < count; i++) x[offset + i * step] = *set++;
    while (next_line(sets, place, &offset));
}

void quell_set_go(struct quell_sets *sets, size_t number)
{
    sets->offset = 0;
    for (size_t d = sets->kept.rank; d-- > 0; number /= sets->kept.size[d]) {
        sets->place[d] = number % sets->kept.size[d];
        sets->offset += sets->place[d] * sets->kept_stride[0][d];
    }
}

bool quell_is_range(const struct quell_setting *dims, size_t *first, size_t *second)
{
    *first = dims->count ? (size_t)dims->whole[0] : 0;
    *second = *first + dims->count;
    for (size_t i = 0; i < dims->count; i++)
        if ((size_t)dims->whole[i] != *first + i) return false;
    return true;
}

bool quell_next_set(struct quell_sets *sets)
{
    return quell_next_place(&sets->kept, sets->kept.rank, sets->place, 1,
                            (const size_t(*)[QUELL_MAX_RANK])sets->kept_stride, &sets->offset);
}
