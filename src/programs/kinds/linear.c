/* SPDX-License-Identifier: MIT */
/* linear: y[..., o] = Dot over p of x[..., p] weight[o, p], + bias[o], with constant weights. The
 * rows of all samples, which are consecutive, are one product. */
#include "base/half.h"
#include "base/memory.h"
#include "programs/divide.h"
#include "programs/products.h"
#include "programs/sums.h"
#include "programs/tail.h"

#include <string.h>

static quell_status check_constant(const struct quell_inference *at, size_t operand)
{
    if (at->program->value[at->of->operand[operand]].stage == QUELL_FROM_CONSTANTS) return QUELL_OK;
    return quell_refuse_operand(at, operand, "depends on an input: use matmul");
}

static quell_status infer(struct quell_inference *at)
{
    const struct quell_shape *x = quell_operand(at, 0), *w = quell_operand(at, 1);
    bool has_bias = at->of->operands > 2;
    if (!x->rank) return quell_refuse_operand(at, 0, "must have a dimension");
    if (w->rank != 2 || w->size[1] != x->size[x->rank - 1])
        return quell_refuse_operand(at, 1, "must be [out, %zu]", x->size[x->rank - 1]);
    quell_status status = check_constant(at, 1);
    if (!status && has_bias) status = check_constant(at, 2);
    if (status) return status;
    if (has_bias &&
        (quell_operand(at, 2)->rank != 1 || quell_operand(at, 2)->size[0] != w->size[0]))
        return quell_refuse_operand(at, 2, "must be [%zu]", w->size[0]);
    at->out = *x;
    at->out.size[x->rank - 1] = w->size[0];
    if (quell_shape_fits(&at->out)) at->of->multiply_adds = quell_elements(&at->out) * w->size[1];
    if (at->program->value[at->of->operand[0]].stage == QUELL_FROM_CONSTANTS)
        at->of->scratch = quell_products_floats(SIZE_MAX, w->size[0], w->size[1]);
    return QUELL_OK;
}

/* Returns the place of weight[o, p] in panels of QUELL_PANEL columns o, whose rows p are
 * consecutive. */
static size_t place(const struct quell_shape *w, size_t o, size_t p)
{
    return (o / QUELL_PANEL * w->size[1] + p) * QUELL_PANEL + o % QUELL_PANEL;
}

static const struct quell_shape *weights_of(const struct quell_program *program,
                                            const struct quell_instruction *now)
{
    return &program->value[now->operand[1]].shape;
}

static size_t floats(const struct quell_program *program, const struct quell_instruction *now)
{
    const struct quell_shape *w = weights_of(program, now);
    return quell_round_up(w->size[0], QUELL_PANEL) * w->size[1];
}

static void pack(const struct quell_program *program, const struct quell_instruction *now,
                 const float *from, float *to)
{
    const struct quell_shape *w = weights_of(program, now);
    for (size_t o = 0; o < w->size[0]; o++)
        for (size_t p = 0; p < w->size[1]; p++) to[place(w, o, p)] = *from++;
}

static void unpack(const struct quell_program *program, const struct quell_instruction *now,
                   size_t from, size_t count, float *to)
{
    const struct quell_shape *w = weights_of(program, now);
    for (size_t i = from; i < from + count; i++)
        *to++ = quell_packed_at(now, place(w, i / w->size[1], i % w->size[1]));
}

static size_t offsets(const struct quell_program *program, const struct quell_instruction *now,
                      size_t *offset)
{
    size_t in = program->value[now->operand[1]].shape.size[1];
    for (size_t p = 0; p < in && offset; p++) offset[p] = p;
    return in;
}

/* The product being computed: out[rows][out], from a row and a column on. */
struct work {
    struct quell_tail tail;
    const float *bias;
    float *out;
    size_t row, column, width;
};

static void finish(void *user, const struct quell_dots_done *done)
{
    const struct work *work = user;
    const struct quell_piece_of_result whole = {.row = work->row,
                                                .column = work->column,
                                                .out = work->out,
                                                .out_row = work->width,
                                                .bias = work->bias,
                                                .bias_column = 1};
    quell_tail_finish(&work->tail, done, &whole);
}

/* With fewer rows than this for each worker, the workers divide the columns. */
#define FEW_ROWS 12

static bool has_minus_zero(const float *x, size_t count)
{
    size_t found = 0;
    for (size_t i = 0; i < count; i++) found += quell_bits_of(x[i]) == 0x80000000u;
    return found > 0;
}

/* Lets the products add the bias and the terms after it. If nothing else is left to be done, the
 * products write the result. */
static void give_addends(struct work *work, struct quell_dots *dots)
{
    if (work->bias) {
        dots->addend[dots->addends++].at = work->bias + work->column;
        dots->settled = dots->m >= FEW_ROWS && !has_minus_zero(work->bias + work->column, dots->n);
    }
    work->bias = NULL;
    quell_tail_give_addends(&work->tail, work->row, work->column, dots);
    if (work->tail.count) return;
    dots->out = work->out + work->row * work->width + work->column;
    dots->out_row = work->width;
}

/* x[rows][in] and weight[out][in], for a result that is a constant. */
struct operands {
    const float *x, *weight;
    size_t in;
};

static void copy_rows(const void *user, const struct quell_part *part, float *to)
{
    const struct operands *of = user;
    for (size_t r = 0; r < part->rows; r++)
        memcpy(to + r * part->columns, of->x + (part->row + r) * of->in + part->column,
               part->columns * sizeof *to);
}

static void copy_weights(const void *user, const struct quell_part *part, float *to)
{
    const struct operands *of = user;
    for (size_t q = 0; q < part->columns; q++) {
        const float *weight = of->weight + (part->column + q) * of->in + part->row;
        for (size_t p = 0; p < part->rows; p++) to[p * QUELL_PANEL + q] = weight[p];
    }
}

static void run_constant(const struct quell_execution *at)
{
    const struct quell_shape *w = quell_shape_of(at, 1);
    struct operands operands = {quell_in(at, 0), quell_in(at, 1), w->size[1]};
    quell_products_run(
        &(struct quell_products){.m = quell_elements(quell_out_shape(at)) / w->size[0],
                                 .n = w->size[0],
                                 .k = w->size[1],
                                 .left = copy_rows,
                                 .right = copy_weights,
                                 .user = &operands,
                                 .bias = at->of->operands > 2 ? quell_in(at, 2) : NULL,
                                 .out = at->out,
                                 .out_row = w->size[0],
                                 .scratch = at->scratch},
        at->kernels);
}

/* Fewer rows than this are not divided among workers. */
#define DIVIDED_ROWS 48

static void run(const struct quell_execution *at)
{
    const struct quell_shape *w = quell_shape_of(at, 1);
    if (!quell_has_packed(at->of)) {
        run_constant(at);
        return;
    }
    struct work work;
    work.bias = at->of->operands > 2 ? quell_in(at, 2) : NULL;
    work.out = at->out;
    work.row = work.column = 0;
    work.width = w->size[0];
    quell_tail_of(at, &work.tail);
    size_t rows = at->samples * quell_elements(quell_out_shape(at)) / w->size[0];
    size_t end = rows, columns = w->size[0];
    const float *x = NULL;
    if (at->division) {
        end = quell_own_range(at, &work.row) / columns;
        work.row /= columns;
        work.out = quell_own_out(at).at;
        x = at->of->own ? quell_own_in(at, 0).at : NULL;
    } else if (rows >= FEW_ROWS * at->workers) {
        end = quell_part_of(at, rows, &work.row);
    } else {
        size_t last = quell_part_of(at, (columns + QUELL_PANEL - 1) / QUELL_PANEL, &work.column);
        work.column *= QUELL_PANEL;
        if (last * QUELL_PANEL < columns) columns = last * QUELL_PANEL;
        if (work.column >= columns) return;
    }
    struct quell_dots dots = {.m = end - work.row,
                              .n = columns - work.column,
                              .k = w->size[1],
                              .block = quell_block_of(w->size[1]),
                              .a = (x ? x : quell_in(at, 0)) + work.row * w->size[1],
                              .a_row = w->size[1],
                              .b_panel = w->size[1] * QUELL_PANEL,
                              .left = at->of->offset,
                              .plain = 1,
                              .finish = finish,
                              .user = &work,
                              .over = quell_ends,
                              .asked = at};
    quell_take_packed(&dots, at->of, work.column * w->size[1]);
    if (columns % QUELL_LANES == 0) give_addends(&work, &dots);
    at->kernels->dots(&dots);
}

static void divide(struct quell_program *program, struct quell_instruction *now)
{
    if (quell_has_packed(now)) quell_divide_rows(program, now, DIVIDED_ROWS);
}

static size_t rows(const struct quell_shape *result) { return result->rank - 1; }

/* With fewer columns, vectors along the rows are faster (dots_few.inl). */
#define LEAST_HALVED 16

static const struct quell_kind *halved(const struct quell_inference *at)
{
    return quell_operand(at, 1)->size[0] < LEAST_HALVED ? NULL : &quell_kind_linear_bf16;
}

static const struct quell_packing packing = {
    .floats = floats, .pack = pack, .unpack = unpack, .offsets = offsets};

const struct quell_kind quell_kind_linear = {.name = "linear",
                                             .least = 2,
                                             .most = 3,
                                             .together = true,
                                             .shared = true,
                                             .infer = infer,
                                             .run = run,
                                             .rows = rows,
                                             .divide = divide,
                                             .packing = &packing,
                                             .halved = halved};
