/* SPDX-License-Identifier: MIT */
/* concat: operands one behind the other along `dim`. */
#include "programs/copy.h"

enum { DIM };

static quell_status infer(struct quell_inference *at)
{
    const struct quell_shape *first = quell_operand(at, 0);
    quell_status status = quell_check_dim(at, DIM, first->rank);
    if (status) return status;
    size_t dim = (size_t)quell_set(at->of, DIM);
    at->out = *first;
    for (size_t i = 1; i < at->of->operands; i++) {
        struct quell_shape shape = *quell_operand(at, i);
        size_t size = shape.rank == first->rank ? shape.size[dim] : 0;
        if (size) shape.size[dim] = first->size[dim];
        if (!size || !quell_same_shape(&shape, first))
            return quell_refuse_operand(at, i, "must have the sizes of operand 0 but along 'dim'");
        at->out.size[dim] += size;
    }
    return QUELL_OK;
}

static void run(const struct quell_execution *at)
{
    const struct quell_shape *out = quell_out_shape(at);
    size_t dim = (size_t)quell_set(at->of, DIM), outer = quell_elements_of(out, 0, dim);
    size_t row = quell_elements_of(out, dim, out->rank), done = 0;
    for (size_t i = 0; i < at->of->operands; i++) {
        size_t part = quell_elements_of(quell_shape_of(at, i), dim, out->rank);
        struct quell_copy copy = {.rank = 0};
        quell_copy_add(&copy, outer, (ptrdiff_t)part, (ptrdiff_t)row);
        quell_copy_add(&copy, part, 1, 1);
        quell_copy_run(at, &copy, quell_in(at, i), at->out + done);
        done += part;
    }
}

const struct quell_kind quell_kind_concat = {
    .name = "concat",
    .least = 1,
    .most = QUELL_MOST_OPERANDS,
    .attributes = {[DIM] = {"dim", QUELL_WHOLE, .needed = true}},
    .shared = true,
    .infer = infer,
    .run = run,
};
