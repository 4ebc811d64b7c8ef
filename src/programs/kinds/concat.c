/* SPDX-License-Identifier: MIT */
/* concat: joins operands along `dim`. */
#include "programs/copy.h"
#include "programs/divide.h"

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

/* Copies the worker's own range of each block of an operand. */
static void copy_own(const struct quell_execution *at, size_t operand, size_t done)
{
    size_t begin, end = quell_own_range(at, &begin), length = at->division->length;
    size_t blocks = quell_elements(quell_shape_of(at, operand)) / length;
    bool own = at->of->own >> operand & 1;
    struct quell_piece_at to = quell_own_out(at), from = {NULL, length};
    if (own) from = quell_own_in(at, operand);
    const float *x = own ? from.at : quell_in(at, operand);
    struct quell_copy copy = {.rank = 0};
    quell_copy_add(&copy, blocks, (ptrdiff_t)from.row, (ptrdiff_t)to.row);
    quell_copy_add(&copy, end - begin, 1, 1);
    quell_copy_all(at, &copy, x + begin, to.at + done / length * to.row + begin);
}

static void run(const struct quell_execution *at)
{
    const struct quell_shape *out = quell_out_shape(at);
    size_t dim = (size_t)quell_set(at->of, DIM), outer = quell_elements_of(out, 0, dim);
    size_t row = quell_elements_of(out, dim, out->rank), done = 0;
    for (size_t i = 0; i < at->of->operands; i++) {
        size_t part = quell_elements_of(quell_shape_of(at, i), dim, out->rank);
        struct quell_copy copy = {.rank = 0};
        if (at->division) {
            copy_own(at, i, done);
        } else {
            quell_copy_add(&copy, outer, (ptrdiff_t)part, (ptrdiff_t)row);
            quell_copy_add(&copy, part, 1, 1);
            quell_copy_run(at, &copy, quell_in(at, i), at->out + done);
        }
        done += part;
    }
}

/* Divides the result like its first divided operand, if the result consists of the operands one
 * after the other, and each of these of whole blocks of that division. */
static void divide(struct quell_program *program, struct quell_instruction *now)
{
    struct quell_division *by = quell_division_of(program, now);
    const struct quell_division *first = by;
    if (quell_elements_of(&program->value[now->result].shape, 0, (size_t)quell_set(now, DIM)) > 1 ||
        now->operands > 32)
        return;
    for (size_t i = 0; i < now->operands && !first->length; i++)
        first = quell_divided(program, now, i);
    for (size_t i = 0; i < now->operands && first->length; i++)
        if (quell_elements(&program->value[now->operand[i]].shape) % first->length) return;
    *by = *first;
    for (size_t i = 0; i < now->operands; i++)
        if (quell_same_division(quell_divided(program, now, i), by)) now->own |= 1u << i;
}

const struct quell_kind quell_kind_concat = {
    .name = "concat",
    .least = 1,
    .most = QUELL_MOST_OPERANDS,
    .attributes = {[DIM] = {"dim", QUELL_WHOLE, .needed = true}},
    .shared = true,
    .infer = infer,
    .run = run,
    .divide = divide,
};
