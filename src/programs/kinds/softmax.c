/* SPDX-License-Identifier: MIT */
/* softmax: e / (Sum of e) along `dim`, e = E(x - the greatest x). */
#include "programs/kinds/sets.h"
#include "programs/sums.h"

#include <math.h>

enum { DIM };

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

static void run(const struct quell_execution *at)
{
    int64_t dim = quell_set(at->of, DIM);
    struct quell_sets sets = quell_sets_over(quell_shape_of(at, 0), 1, &dim);
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
    .infer = infer,
    .run = run,
};
