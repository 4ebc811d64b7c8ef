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

static void softmax(const struct quell_kernels *kernels, size_t count, float *x)
{
    float most = x[0];
    for (size_t i = 1; i < count; i++)
        if (x[i] > most) most = x[i];
    for (size_t i = 0; i < count; i++) x[i] -= most;
    kernels->exponential(x, x, count);
    float total = quell_sum(count, x);
    for (size_t i = 0; i < count; i++) x[i] /= total;
}

/* Rows of elements that follow one another, in place. */
static void run_rows(const struct quell_execution *at, size_t rows, size_t count, float *y)
{
    for (size_t r = 0; r < rows; r++, y += count) {
        float total;
        at->kernels->weigh_rows(y, 1, count, count, &total);
        if (total == 0) total = NAN; /* -infinity everywhere */
        at->kernels->map[QUELL_MAP_DIV](&(struct quell_map){
            .rows = 1, .columns = count, .out = y, .in = {y, &total}, .column = {1, 0}});
    }
}

static void run(const struct quell_execution *at)
{
    int64_t dim = quell_set(at->of, DIM);
    const struct quell_shape *x = quell_shape_of(at, 0);
    struct quell_sets sets = quell_sets_over(x, 1, &dim);
    if ((size_t)dim + 1 == x->rank && sets.count <= MOST_SUMMED) {
        size_t from, end = quell_part_of(at, quell_elements(x) / sets.count, &from);
        float *y = at->out + from * sets.count;
        memcpy(y, quell_in(at, 0) + from * sets.count, (end - from) * sets.count * sizeof *y);
        run_rows(at, end - from, sets.count, y);
        return;
    }
    if (at->worker) return;
    do {
        quell_set_gather(&sets, quell_in(at, 0), at->scratch);
        softmax(at->kernels, sets.count, at->scratch);
        quell_set_scatter(&sets, at->scratch, at->out);
    } while (quell_next_set(&sets));
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
