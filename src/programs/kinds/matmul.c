/* SPDX-License-Identifier: MIT */
/* matmul: y[..., i, j] = Dot over p of a[..., i, p] b[..., p, j], with broadcasting of the leading
 * dimensions. */
#include "base/memory.h"
#include "programs/sums.h"
#include "programs/tail.h"

#include <string.h>

/* The greatest number of floats in columns of b that are packed at a time, so that they stay in the
 * second-level cache. */
#define PACKED 131072

/* With fewer rows, b is read in place if its columns fill vectors. */
#define FEW_ROWS 12

/* The number of rows in a piece of work. */
#define ROWS 192

/* Returns the leading dimensions of a shape. */
static struct quell_shape leading(const struct quell_shape *shape)
{
    struct quell_shape lead = *shape;
    lead.rank -= 2;
    return lead;
}

/* Returns how many columns of b are packed at a time. */
static size_t columns_of(size_t k, size_t n)
{
    size_t most = PACKED / k / QUELL_PANEL * QUELL_PANEL, all = quell_round_up(n, QUELL_PANEL);
    if (most < QUELL_PANEL) most = QUELL_PANEL;
    return most < all ? most : all;
}

/* Return the scratch memory: the offsets of quell_dots, and packed columns. */
static size_t offset_floats(size_t k)
{
    return quell_round_up(k * (sizeof(size_t) / sizeof(float)), QUELL_LANES);
}

static size_t scratch_floats(size_t k, size_t n) { return offset_floats(k) + columns_of(k, n) * k; }

static quell_status infer(struct quell_inference *at)
{
    const struct quell_shape *a = quell_operand(at, 0), *b = quell_operand(at, 1);
    if (a->rank < 2) return quell_refuse_operand(at, 0, "must be [..., m, k]");
    if (b->rank < 2 || b->size[b->rank - 2] != a->size[a->rank - 1])
        return quell_refuse_operand(at, 1, "must be [..., %zu, n]", a->size[a->rank - 1]);
    struct quell_shape left = leading(a), right = leading(b);
    if (!quell_broadcast(&left, &right))
        return quell_refuse_operand(at, 1, "must have leading sizes that go with operand 0's");
    at->out = left;
    at->out.size[at->out.rank++] = a->size[a->rank - 2];
    at->out.size[at->out.rank++] = b->size[b->rank - 1];
    if (quell_shape_fits(&at->out))
        at->of->multiply_adds = quell_elements(&at->out) * a->size[a->rank - 1];
    at->of->scratch = scratch_floats(a->size[a->rank - 1], b->size[b->rank - 1]);
    return QUELL_OK;
}

/* A product being computed: a[m][k], b[k][n]. `stride` has the distances of its operands along the
 * leading dimensions. `row` and `column` are the first ones of the piece, with rows counted over
 * all products. */
struct work {
    const struct quell_execution *at;
    struct quell_tail tail;
    size_t m, n, k, columns, row, column;
    size_t stride[2][QUELL_MAX_RANK];
    bool in_place;
    size_t *offset;
    float *packed;
};

static struct work work_of(const struct quell_execution *at)
{
    const struct quell_shape *a = quell_shape_of(at, 0), *b = quell_shape_of(at, 1);
    struct quell_shape lead = leading(quell_out_shape(at)), left = leading(a), right = leading(b);
    struct work work = {.at = at,
                        .m = a->size[a->rank - 2],
                        .n = b->size[b->rank - 1],
                        .k = a->size[a->rank - 1],
                        .offset = (size_t *)(void *)at->scratch};
    work.in_place = work.m < FEW_ROWS && work.n % QUELL_LANES == 0;
    work.columns = work.in_place ? work.n : columns_of(work.k, work.n);
    work.packed = at->scratch + offset_floats(work.k);
    for (size_t p = 0; p < work.k; p++) work.offset[p] = p * (work.in_place ? work.n : 1);
    quell_strides(&left, &lead, work.stride[0]);
    quell_strides(&right, &lead, work.stride[1]);
    quell_tail_of(at, &work.tail);
    return work;
}

static void finish(void *user, const struct quell_dots_done *done)
{
    const struct work *work = user;
    const struct quell_piece_of_result whole = {
        .row = work->row, .column = work->column, .out = work->at->out, .out_row = work->n};
    quell_tail_finish(&work->tail, done, &whole);
}

/* Packs columns of b from `column` on. */
static void pack(const struct work *work, const float *b, size_t column)
{
    size_t end = work->n - column < work->columns ? work->n : column + work->columns;
    for (float *to = work->packed; column < end; column += QUELL_PANEL)
        for (size_t p = 0; p < work->k; p++, to += QUELL_PANEL) {
            size_t count = end - column < QUELL_PANEL ? end - column : QUELL_PANEL;
            memcpy(to, b + p * work->n + column, count * sizeof *to);
        }
}

/* Returns the operand of product `number`. */
static const float *operand_of(const struct work *work, size_t operand, size_t number)
{
    struct quell_shape lead = leading(quell_out_shape(work->at));
    size_t each = operand ? work->k * work->n : work->m * work->k, offset = 0;
    for (size_t d = lead.rank; d-- > 0; number /= lead.size[d])
        offset += number % lead.size[d] * work->stride[operand][d];
    return quell_in(work->at, operand) + offset * each;
}

/* Computes rows from `row` on of product `number`, at the columns that are packed, or at all
 * columns. */
static void multiply(struct work *work, size_t number, size_t row, size_t rows)
{
    struct quell_dots dots = {.m = rows,
                              .n = work->n - work->column,
                              .k = work->k,
                              .block = quell_block_of(work->k),
                              .a = operand_of(work, 0, number) + row * work->k,
                              .a_row = work->k,
                              .finish = finish,
                              .user = work,
                              .over = quell_ends,
                              .asked = work->at};
    if (dots.n > work->columns) dots.n = work->columns;
    if (work->in_place) {
        dots.b = operand_of(work, 1, number);
        dots.b_panel = QUELL_PANEL;
        dots.right = work->offset;
    } else {
        dots.b = work->packed;
        dots.b_panel = work->k * QUELL_PANEL;
        dots.left = work->offset;
    }
    work->row = number * work->m + row;
    work->at->kernels->dots(&dots);
}

/* The pieces of work are some rows of a product, at the columns that are packed at a time. */
static void run(const struct quell_execution *at)
{
    struct work work = work_of(at);
    struct quell_shape lead = leading(quell_out_shape(at));
    size_t across = (work.n + work.columns - 1) / work.columns, high = ROWS, from;
    size_t products = quell_elements(&lead), share = (work.m + at->workers - 1) / at->workers;
    if (products * across < at->workers && share < high) high = share;
    size_t down = (work.m + high - 1) / high;
    size_t end = quell_part_of(at, products * across * down, &from), packed = SIZE_MAX;
    for (size_t i = from; i < end; i++) {
        size_t number = i / down / across, row = i % down * high;
        size_t count = work.m - row < high ? work.m - row : high;
        work.column = i / down % across * work.columns;
        if (quell_is_over_by(at, count * work.columns * work.k / QUELL_PACED_PRODUCTS)) break;
        if (i / down != packed && !work.in_place)
            pack(&work, operand_of(&work, 1, number), work.column);
        packed = i / down;
        multiply(&work, number, row, count);
    }
}

static size_t rows(const struct quell_shape *result) { return result->rank - 1; }

const struct quell_kind quell_kind_matmul = {.name = "matmul",
                                             .least = 2,
                                             .most = 2,
                                             .shared = true,
                                             .infer = infer,
                                             .run = run,
                                             .rows = rows};
