/* SPDX-License-Identifier: MIT */
#include "programs/copy.h"

#include <string.h>

/* A loop along the last dimension is not worthwhile if it is shorter than this and the dimension
 * before is longer. */
#define SHORT 8

void quell_row_major(const struct quell_shape *shape, size_t *stride)
{
    size_t step = 1;
    for (size_t d = shape->rank; d-- > 0; step *= shape->size[d]) stride[d] = step;
}

/* Merges the dimension with the previous one, if the two are contiguous in both arrays. */
void quell_copy_add(struct quell_copy *copy, size_t size, ptrdiff_t from, ptrdiff_t to)
{
    size_t d = copy->rank;
    if (size == 1) return;
    if (d && copy->from[d - 1] == from * (ptrdiff_t)size &&
        copy->to[d - 1] == to * (ptrdiff_t)size) {
        copy->size[d - 1] *= size;
        copy->from[d - 1] = from;
        copy->to[d - 1] = to;
        return;
    }
    copy->size[d] = size;
    copy->from[d] = from;
    copy->to[d] = to;
    copy->rank++;
}

static void copy_line(size_t count, const float *from, ptrdiff_t from_step, float *to,
                      ptrdiff_t to_step)
{
    if (from_step == 1 && to_step == 1) {
        memcpy(to, from, count * sizeof *to);
        return;
    }
    if (to_step == 1) {
        for (size_t i = 0; i < count; i++) to[i] = from[(ptrdiff_t)i * from_step];
        return;
    }
    for (size_t i = 0; i < count; i++) to[(ptrdiff_t)i * to_step] = from[(ptrdiff_t)i * from_step];
}

/* Goes to the next place of all dimensions except two. Returns false after the last place. */
static inline bool next(const struct quell_copy *copy, size_t but, size_t and_but, size_t *place,
                        const float **from, float **to)
{
    for (size_t d = copy->rank; d-- > 0;) {
        if (d == but || d == and_but) continue;
        *from += copy->from[d];
        *to += copy->to[d];
        if (++place[d] < copy->size[d]) return true;
        *from -= copy->from[d] * (ptrdiff_t)copy->size[d];
        *to -= copy->to[d] * (ptrdiff_t)copy->size[d];
        place[d] = 0;
    }
    return false;
}

/* Returns how many lines are copied between two calls of quell_is_over_by. */
static size_t lines_for(size_t size) { return QUELL_PACE / size; }

/* Copies the lines along dimension `line`, at all places of the other dimensions. */
static void copy_lines(const struct quell_execution *at, const struct quell_copy *copy, size_t line,
                       const float *from, float *to)
{
    size_t place[QUELL_MOST_COPY_DIMS] = {0}, size = copy->size[line], left = lines_for(size);
    ptrdiff_t from_step = copy->from[line], to_step = copy->to[line];
    do
        for (size_t i = 0; i < size; i += QUELL_PACE) {
            size_t part = size - i < QUELL_PACE ? size - i : QUELL_PACE;
            if (!left--) {
                if (quell_is_over_by(at, QUELL_PACE)) return;
                left = lines_for(size);
            }
            copy_line(part, from + (ptrdiff_t)i * from_step, from_step, to + (ptrdiff_t)i * to_step,
                      to_step);
        }
    while (next(copy, line, line, place, &from, &to));
}

/* Does the same for lines of which only every n-th element is read. */
static void copy_every(const struct quell_execution *at, const struct quell_copy *copy, size_t line,
                       const float *from, float *to)
{
    size_t place[QUELL_MOST_COPY_DIMS] = {0}, left = lines_for(copy->size[line]);
    do {
        if (!left--) {
            if (quell_is_over_by(at, QUELL_PACE)) return;
            left = lines_for(copy->size[line]);
        }
        at->kernels->every(copy->size[line], from, (size_t)copy->from[line], to);
    } while (next(copy, line, line, place, &from, &to));
}

/* Returns the last dimension along which the elements of one side are contiguous, or copy->rank if
 * there is none that is long enough. */
static size_t dense(const struct quell_copy *copy, const ptrdiff_t *step)
{
    for (size_t d = copy->rank; d-- > 0;)
        if (step[d] == 1 && copy->size[d] >= SHORT) return d;
    return copy->rank;
}

/* The number of rows that are transposed at a time, so that their lines stay in the first-level
 * cache. */
#define TURNED 64

/* Transposes a plane of two dimensions: those along which `from` and `to` are contiguous. */
static void turn(const struct quell_execution *at, const struct quell_copy *copy, size_t across,
                 size_t down, const float *from, float *to)
{
    size_t from_row = (size_t)copy->from[down], to_row = (size_t)copy->to[across];
    for (size_t r = 0; r < copy->size[down]; r += TURNED) {
        size_t rows = copy->size[down] - r < TURNED ? copy->size[down] - r : TURNED;
        if (quell_is_over_by(at, rows * copy->size[across])) return;
        at->kernels->turn(from + r * from_row, rows, from_row, copy->size[across], to + r, to_row);
    }
}

/* Transposes the planes at all places of the other dimensions. */
static void turn_planes(const struct quell_execution *at, const struct quell_copy *copy,
                        size_t across, size_t down, const float *from, float *to)
{
    size_t place[QUELL_MOST_COPY_DIMS] = {0};
    do turn(at, copy, across, down, from, to);
    while (next(copy, across, down, place, &from, &to));
}

static void copy_all(const struct quell_execution *at, const struct quell_copy *part,
                     const float *from, float *to)
{
    size_t last = part->rank - 1;
    size_t across = dense(part, part->from), down = dense(part, part->to);
    if (across < part->rank && down < part->rank && across != down && part->from[down] > 0 &&
        part->to[across] > 0) {
        turn_planes(at, part, across, down, from, to);
        return;
    }
    size_t line = last && part->size[last] < SHORT && part->size[last - 1] > part->size[last]
                      ? last - 1
                      : last;
    if (part->to[line] == 1 && part->from[line] > 1 && part->size[line] >= 2 * SHORT)
        copy_every(at, part, line, from, to);
    else
        copy_lines(at, part, line, from, to);
}

static struct quell_copy with_a_dim(const struct quell_copy *copy)
{
    return copy->rank ? *copy : (struct quell_copy){1, {1}, {1}, {1}};
}

void quell_copy_all(const struct quell_execution *at, const struct quell_copy *copy,
                    const float *from, float *to)
{
    struct quell_copy all = with_a_dim(copy);
    copy_all(at, &all, from, to);
}

void quell_copy_run(const struct quell_execution *at, const struct quell_copy *copy,
                    const float *from, float *to)
{
    struct quell_copy part = with_a_dim(copy);
    size_t begin, end = quell_part_of(at, part.size[0], &begin);
    if (begin == end) return;
    part.size[0] = end - begin;
    copy_all(at, &part, from + (ptrdiff_t)begin * part.from[0], to + (ptrdiff_t)begin * part.to[0]);
}
