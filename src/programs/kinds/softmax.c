/* SPDX-License-Identifier: MIT */
/* softmax: e / (Sum of e) along `dim`, e = E(x - the greatest x). */
#include "programs/kinds/sets.h"
#include "programs/sums.h"

#include <math.h>
#include <string.h>

enum { DIM };

#define MOST_SUMMED 1024

static quell_status infer(struct quell_inference *at)
{
    const struct quell_shape *x = quell_operand(at, 0);
    quell_status status = quell_check_dim(at, DIM, x->rank);
    if (status) return status;
    at->out = *x;
    at->of->scratch = x->size[quell_set(at->of, DIM)];
    return QUELL_OK;
}

/* Computes rows of consecutive elements, in place. */
static void run_rows(const struct quell_execution *at, size_t rows, size_t count, float *y)
{
    for (size_t r = 0; r < rows && !quell_is_over_by(at, 8 * count); r++, y += count) {
        float total;
        at->kernels->weigh_rows(y, 1, count, count, &total);
        if (total == 0)
            total = NAN; /* all are -infinity */
        else if (count > MOST_SUMMED)
            total = quell_sum_by(at->kernels, count, y);
        at->kernels->map[QUELL_MAP_DIV](&(struct quell_map){
            .rows = 1, .columns = count, .out = y, .in = {y, &total}, .column = {1, 0}});
    }
}

/* The number of columns that are computed at a time. */
#define COLUMNS 64

/* Computes y = f(y, number), with one number for each column. */
static void map_columns(const struct quell_execution *at, enum quell_map_function function,
                        const struct quell_sums *x, float *y, const float *number)
{
    at->kernels->map[function](&(struct quell_map){.rows = x->count,
                                                   .columns = x->sets,
                                                   .out = y,
                                                   .out_row = x->step,
                                                   .in = {y, number},
                                                   .row = {x->step, 0},
                                                   .column = {1, 1}});
}

/* Computes some columns of y[count][step], in place. */
static void run_columns(const struct quell_execution *at, float *y, size_t columns, size_t count,
                        size_t step)
{
    float most[COLUMNS], total[COLUMNS];
    struct quell_sums sums = {.sets = columns, .count = count, .step = step, .x = y, .out = total};
    memcpy(most, y, columns * sizeof *most);
    at->kernels->map[QUELL_MAP_MAX](&(struct quell_map){.rows = count,
                                                        .columns = columns,
                                                        .out = most,
                                                        .in = {y, most},
                                                        .row = {step, 0},
                                                        .column = {1, 1}});
    map_columns(at, QUELL_MAP_SUB, &sums, y, most);
    for (size_t i = 0; i < count; i++)
        at->kernels->exponential(y + i * step, y + i * step, columns);
    quell_sums_by(at->kernels, &sums, true);
    map_columns(at, QUELL_MAP_DIV, &sums, y, total);
}

/* Computes the columns of all blocks x[count][step], some at a time. */
static void run_blocks(const struct quell_execution *at, size_t blocks, size_t count, size_t step)
{
    size_t across = (step + COLUMNS - 1) / COLUMNS, from;
    size_t end = quell_part_of(at, blocks * across, &from);
    for (size_t i = from; i < end && !quell_is_over_by(at, 8 * count * COLUMNS); i++) {
        size_t column = i % across * COLUMNS, offset = i / across * count * step + column;
        size_t columns = step - column < COLUMNS ? step - column : COLUMNS;
        for (size_t r = 0; r < count; r++)
            memcpy(at->out + offset + r * step, quell_in(at, 0) + offset + r * step,
                   columns * sizeof *at->out);
        run_columns(at, at->out + offset, columns, count, step);
    }
}

/* Gathers sets that have too many elements for columns. */
static void run_gathered(const struct quell_execution *at, struct quell_sets *sets)
{
    size_t from, end = quell_part_of(at, quell_elements(&sets->kept), &from);
    for (size_t i = from; i < end && !quell_was_over(at); i++) {
        quell_set_go(sets, i);
        quell_set_gather(sets, quell_in(at, 0), at->scratch);
        run_rows(at, 1, sets->count, at->scratch);
        quell_set_scatter(sets, at->scratch, at->out);
    }
}

static void run(const struct quell_execution *at)
{
    int64_t dim = quell_set(at->of, DIM);
    const struct quell_shape *x = quell_shape_of(at, 0);
    struct quell_sets sets = quell_sets_over(x, 1, &dim);
    size_t step = quell_elements_of(x, (size_t)dim + 1, x->rank);
    if (step == 1) {
        size_t from, end = quell_part_of(at, quell_elements(x) / sets.count, &from);
        float *y = at->out + from * sets.count;
        memcpy(y, quell_in(at, 0) + from * sets.count, (end - from) * sets.count * sizeof *y);
        run_rows(at, end - from, sets.count, y);
    } else if (sets.count <= QUELL_MOST_COLUMN) {
        run_blocks(at, quell_elements_of(x, 0, (size_t)dim), sets.count, step);
    } else {
        run_gathered(at, &sets);
    }
}

const struct quell_kind quell_kind_softmax = {
    .name = "softmax",
    .least = 1,
    .most = 1,
    .attributes = {[DIM] = {"dim", QUELL_WHOLE, .needed = true}},
    .shared = true,
    .infer = infer,
    .run = run,
};
