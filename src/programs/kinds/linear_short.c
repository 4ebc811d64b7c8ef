/* SPDX-License-Identifier: MIT */
/* linear_int8: linear with whole weights and rows of x that are quantised, each by its greatest
 * element; and linear_bf16: with weights and elements of x rounded to bfloat16
 * (docs/programs.md). */
#include "base/memory.h"
#include "programs/divide.h"
#include "programs/quantised.h"
#include "programs/tail.h"

/* The number of rows that are quantised at a time: rows of about MOST_ELEMENTS elements, but at
 * least a few. */
#define MOST_ROWS 192
#define LEAST_ROWS 12
#define MOST_ELEMENTS ((size_t)1 << 19)

static size_t rows_of(size_t elements)
{
    size_t rows = MOST_ELEMENTS / elements;
    return rows < LEAST_ROWS ? LEAST_ROWS : rows > MOST_ROWS ? MOST_ROWS : rows;
}

static quell_status infer(struct quell_inference *at)
{
    const struct quell_shape *x = quell_operand(at, 0), *w = quell_operand(at, 1);
    if (!x->rank) return quell_refuse_operand(at, 0, "must have a dimension");
    if (w->rank != 2 || w->size[1] != x->size[x->rank - 1])
        return quell_refuse_operand(at, 1, "must be [out, %zu]", x->size[x->rank - 1]);
    quell_status status = quell_quantised_infer(at, w->size[0], w->size[1]);
    if (status) return status;
    at->out = *x;
    at->out.size[x->rank - 1] = w->size[0];
    if (quell_shape_fits(&at->out)) at->of->multiply_adds = quell_elements(&at->out) * w->size[1];
    const struct quell_short *form = at->of->kind->form;
    size_t elements = quell_short_channels(form, w);
    at->of->scratch = MOST_ROWS + rows_of(elements) * elements * form->widest / sizeof(float);
    return QUELL_OK;
}

static size_t offsets(const struct quell_program *program, const struct quell_instruction *now,
                      size_t *offset)
{
    size_t groups = quell_short_groups(now, quell_weights_of(program, now));
    for (size_t g = 0; g < groups && offset; g++) offset[g] = g * now->kind->form->group;
    return groups;
}

/* A product being computed, x[rows][in], with results out[rows][width]. */
struct work {
    struct quell_tail tail;
    const float *x;
    float *out;
    size_t row, column, width;
};

static void finish(void *user, const struct quell_dots_done *done)
{
    const struct work *work = user;
    quell_tail_finish(
        &work->tail, done,
        &(struct quell_piece_of_result){
            .row = work->row, .column = work->column, .out = work->out, .out_row = work->width});
}

/* The number of columns that a product computes between two checks whether it is still needed. */
#define MOST_COLUMNS ((size_t)32 * QUELL_PANEL)

/* Computes some rows, at the columns from work->column up to `end`. */
static void run_rows(const struct quell_execution *at, const struct work *rows_of, size_t rows,
                     size_t end)
{
    struct work now = *rows_of, *work = &now;
    const struct quell_short *form = at->of->kind->form;
    const struct quell_byte_kernels *bytes = form->kernels(at->kernels);
    size_t in = quell_shape_of(at, 1)->size[1],
           groups = quell_short_groups(at->of, quell_shape_of(at, 1));
    float *step = at->scratch;
    unsigned char *a = (unsigned char *)(at->scratch + MOST_ROWS);
    for (size_t r = 0; r < rows; r++)
        step[r] = quell_quantise_row(bytes, in, work->x + (work->row + r) * in,
                                     a + r * groups * form->group * bytes->width);
    for (size_t n; work->column < end; work->column += n) {
        n = end - work->column < MOST_COLUMNS ? end - work->column : MOST_COLUMNS;
        if (quell_is_over_by(at, rows * n * groups * form->group / (2 * QUELL_PACED_PRODUCTS)))
            return;
        bytes->dots(&(struct quell_byte_dots){.m = rows,
                                              .n = n,
                                              .groups = groups,
                                              .a = a,
                                              .a_row = groups * form->group,
                                              .left = at->of->offset,
                                              .b = at->of->packed + work->column / QUELL_PANEL *
                                                                        quell_byte_panel(groups),
                                              .biased = at->of->operands > form->bias,
                                              .step = step,
                                              .step_row = 1,
                                              .finish = finish,
                                              .user = work});
    }
}

/* Fewer rows than this are not divided among workers. */
#define DIVIDED_ROWS 48

/* With fewer rows than this for each worker, the workers divide the columns, and each quantises the
 * rows. */
#define FEW_ROWS 12

static void run(const struct quell_execution *at)
{
    const struct quell_shape *w = quell_shape_of(at, 1);
    size_t rows = at->samples * quell_elements(quell_out_shape(at)) / w->size[0], end = rows;
    size_t columns = w->size[0], most = rows_of(quell_short_channels(at->of->kind->form, w));
    struct work work = {.x = quell_in(at, 0), .out = at->out, .width = w->size[0]};
    quell_tail_of(at, &work.tail);
    if (at->division) {
        end = quell_own_range(at, &work.row) / columns;
        work.row /= columns;
        work.out = quell_own_out(at).at;
        if (at->of->own) work.x = quell_own_in(at, 0).at;
    } else if (rows >= FEW_ROWS * at->workers) {
        end = quell_part_of(at, rows, &work.row);
    } else {
        size_t last = quell_part_of(at, (columns + QUELL_PANEL - 1) / QUELL_PANEL, &work.column);
        work.column *= QUELL_PANEL;
        if (last * QUELL_PANEL < columns) columns = last * QUELL_PANEL;
        if (work.column >= columns) return;
    }
    for (; work.row < end && !quell_was_over(at); work.row += most)
        run_rows(at, &work, end - work.row < most ? end - work.row : most, columns);
}

static void divide(struct quell_program *program, struct quell_instruction *now)
{
    quell_divide_rows(program, now, DIVIDED_ROWS);
}

static size_t rows(const struct quell_shape *result) { return result->rank - 1; }

static const struct quell_packing packing = {.floats = quell_short_floats,
                                             .pack = quell_short_pack,
                                             .unpack = quell_short_unpack,
                                             .offsets = offsets,
                                             .panels = quell_not_panels};

#define LINEAR(NAME, OPERANDS, FORM) \
    {.name = NAME,                   \
     .least = OPERANDS,              \
     .most = OPERANDS + 1,           \
     .together = true,               \
     .shared = true,                 \
     .infer = infer,                 \
     .check = quell_short_check,     \
     .run = run,                     \
     .rows = rows,                   \
     .divide = divide,               \
     .packing = &packing,            \
     .form = FORM}
const struct quell_kind quell_kind_linear_int8 = LINEAR("linear_int8", 3, &quell_short_bytes);
const struct quell_kind quell_kind_linear_bf16 = LINEAR("linear_bf16", 2, &quell_short_halves);
