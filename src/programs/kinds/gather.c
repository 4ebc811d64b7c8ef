/* SPDX-License-Identifier: MIT */
/* gather: y[.., i.., ..] = x[.., index[i..], ..] along `dim`. An invalid index gives NaN, which
 * makes the run fail. */
#include "programs/kind.h"

#include <math.h>
#include <string.h>

enum { DIM };

#define UNKNOWN UINT32_MAX

static quell_status infer(struct quell_inference *at)
{
    const struct quell_shape *x = quell_operand(at, 0), *index = quell_operand(at, 1);
    quell_status status = quell_check_dim(at, DIM, x->rank);
    if (status) return status;
    size_t dim = (size_t)quell_set(at->of, DIM);
    if (x->rank - 1 + index->rank > QUELL_MAX_RANK)
        return quell_refuse(at, "its result has more than %d dimensions", QUELL_MAX_RANK);
    if (x->size[dim] > QUELL_MOST_INDEX)
        return quell_refuse_operand(at, 0, "must have at most 2^24 elements along 'dim'");
    at->out = *x;
    at->out.rank = x->rank - 1 + index->rank;
    memcpy(at->out.size + dim, index->size, index->rank * sizeof *index->size);
    memcpy(at->out.size + dim + index->rank, x->size + dim + 1,
           (x->rank - dim - 1) * sizeof *x->size);
    at->of->scratch = quell_elements(index);
    return QUELL_OK;
}

static bool is_index(float index, size_t size)
{
    return index >= 0 && index < (float)size && index == floorf(index);
}

/* Checks that an index that is a constant is valid for x, whatever the elements of x are. */
static quell_status check(const struct quell_program *program, const struct quell_instruction *now)
{
    const struct quell_value *x = &program->value[now->operand[0]];
    const struct quell_value *index = &program->value[now->operand[1]];
    const float *data = program->value[index->root].data;
    size_t dim = (size_t)quell_set(now, DIM), count = quell_elements(&index->shape);
    for (size_t i = 0; data && i < count; i++)
        if (!is_index(data[i], x->shape.size[dim]))
            return quell_program_bad(program,
                                     "instruction %zu (gather): element %zu of its index is %g, "
                                     "must be a whole number from 0 to %zu",
                                     (size_t)(now - program->instruction), i, (double)data[i],
                                     x->shape.size[dim] - 1);
    return QUELL_OK;
}

/* Copies rows of `inner` elements of x[size][inner] by their indices. */
static void copy_rows(const float *x, size_t inner, const uint32_t *index, size_t count, float *y)
{
    for (size_t i = 0; i < count; i++, y += inner) {
        const float *row = x + index[i] * inner;
        if (index[i] == UNKNOWN)
            for (size_t k = 0; k < inner; k++) y[k] = NAN;
        else if (inner == 1)
            *y = *row;
        else
            memcpy(y, row, inner * sizeof *y);
    }
}

/* Runs gather: each worker reads all indices, and copies some of the rows. */
static void run(const struct quell_execution *at)
{
    const struct quell_shape *x = quell_shape_of(at, 0);
    const float *given = quell_in(at, 1);
    size_t dim = (size_t)quell_set(at->of, DIM), size = x->size[dim], from, part;
    size_t outer = quell_elements_of(x, 0, dim), inner = quell_elements_of(x, dim + 1, x->rank);
    size_t count = quell_elements(quell_shape_of(at, 1));
    uint32_t *index = (uint32_t *)(void *)at->scratch;
    for (size_t i = 0; i < count; i++)
        index[i] = is_index(given[i], size) ? (uint32_t)given[i] : UNKNOWN;
    size_t end = quell_part_of(at, outer * count, &from);
    for (size_t i = from; i < end; i += part) {
        size_t o = i / count, first = i % count;
        part = end - i < count - first ? end - i : count - first;
        if (part > QUELL_PACE / inner + 1) part = QUELL_PACE / inner + 1;
        if (quell_is_over_by(at, part * inner)) return;
        copy_rows(quell_in(at, 0) + o * size * inner, inner, index + first, part,
                  at->out + i * inner);
    }
}

const struct quell_kind quell_kind_gather = {
    .name = "gather",
    .least = 2,
    .most = 2,
    .attributes = {[DIM] = {"dim", QUELL_WHOLE, .needed = true}},
    .shared = true,
    .infer = infer,
    .check = check,
    .run = run,
};
