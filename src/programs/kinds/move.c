/* SPDX-License-Identifier: MIT */
/* move: the elements of x at other positions. Nothing is rounded, and a reshape copies nothing. */
#include "programs/copy.h"
#include "programs/divide.h"
#include "programs/view.h"

#include <string.h>

enum { FORM, SHAPE, ORDER, DIM, START, STOP, STEP, DIMS, COUNTS };
enum { RESHAPE, PERMUTE, SLICE, FLIP, EXPAND, REPEAT, PUT };

static const char *const forms[] = {"reshape", "permute", "slice", "flip",
                                    "expand",  "repeat",  "put",   NULL};

static quell_status need(const struct quell_inference *at, size_t attribute)
{
    if (at->of->set[attribute].given) return QUELL_OK;
    return quell_refuse(at, "'%s' is not there, which '%s' needs",
                        at->of->kind->attributes[attribute].name, forms[quell_set(at->of, FORM)]);
}

/* Refuses attributes that the form does not use. */
static quell_status check_used(const struct quell_inference *at, unsigned used)
{
    for (size_t i = SHAPE; i <= COUNTS; i++)
        if (at->of->set[i].given && !(used >> i & 1))
            return quell_refuse(at, "'%s' is not used by '%s'", at->of->kind->attributes[i].name,
                                forms[quell_set(at->of, FORM)]);
    return QUELL_OK;
}

static quell_status reshape(struct quell_inference *at)
{
    quell_status status = quell_shape_from(at, SHAPE);
    if (status) return status;
    if (!quell_shape_fits(&at->out) ||
        quell_elements(&at->out) != quell_elements(quell_operand(at, 0)))
        return quell_refuse_operand(at, 0, "has not as many elements as 'shape'");
    at->of->same = true;
    return QUELL_OK;
}

static quell_status permute(struct quell_inference *at)
{
    const struct quell_shape *x = quell_operand(at, 0);
    unsigned seen = 0;
    quell_status status = quell_list_or(at, ORDER, x->rank, 0, 0, (int64_t)x->rank - 1);
    if (status) return status;
    at->out.rank = x->rank;
    for (size_t d = 0; d < x->rank; d++) {
        seen |= 1u << at->of->set[ORDER].whole[d];
        at->out.size[d] = x->size[at->of->set[ORDER].whole[d]];
    }
    if (seen == (1u << x->rank) - 1) return QUELL_OK;
    return quell_refuse(at, "'order' must have each dimension once");
}

static quell_status slice(struct quell_inference *at)
{
    const struct quell_shape *x = quell_operand(at, 0);
    quell_status status = quell_check_dim(at, DIM, x->rank);
    if (status) return status;
    size_t dim = (size_t)quell_set(at->of, DIM);
    int64_t start = quell_set(at->of, START), stop = quell_set(at->of, STOP);
    int64_t step = quell_set(at->of, STEP), size = (int64_t)x->size[dim];
    if (start < 0 || stop > size || start >= stop || step < 1)
        return quell_refuse_operand(at, 0, "must have 0 <= start < stop <= %zu and step >= 1",
                                    x->size[dim]);
    at->out = *x;
    at->out.size[dim] = (size_t)((stop - start - 1) / step + 1);
    return QUELL_OK;
}

static quell_status put(struct quell_inference *at)
{
    quell_status status = slice(at);
    if (status) return status;
    if (!quell_same_shape(&at->out, quell_operand(at, 1))) {
        char text[QUELL_SHAPE_TEXT];
        return quell_refuse_operand(at, 1, "must be %s, the slice",
                                    quell_shape_text(text, &at->out));
    }
    at->out = *quell_operand(at, 0);
    return QUELL_OK;
}

static quell_status expand(struct quell_inference *at)
{
    quell_status status = quell_shape_from(at, SHAPE);
    if (!status && !quell_broadcasts_to(quell_operand(at, 0), &at->out))
        status = quell_refuse_operand(at, 0, "must broadcast to 'shape'");
    return status;
}

static quell_status repeat(struct quell_inference *at)
{
    const struct quell_shape *x = quell_operand(at, 0);
    quell_status status = quell_list_or(at, COUNTS, x->rank, 1, 1, (int64_t)1 << 31);
    at->out = *x;
    for (size_t d = 0; d < x->rank && !status; d++)
        at->out.size[d] *= (size_t)at->of->set[COUNTS].whole[d];
    return status;
}

static quell_status flip(struct quell_inference *at)
{
    at->out = *quell_operand(at, 0);
    return quell_check_dims(at, DIMS, at->out.rank);
}

#define BIT(attribute) (1u << attribute)
static const struct form {
    quell_status (*infer)(struct quell_inference *at);
    unsigned needed, allowed;
} known[] = {
    [RESHAPE] = {reshape, BIT(SHAPE), 0},
    [PERMUTE] = {permute, BIT(ORDER), 0},
    [SLICE] = {slice, BIT(DIM) | BIT(START) | BIT(STOP), BIT(STEP)},
    [FLIP] = {flip, BIT(DIMS), 0},
    [EXPAND] = {expand, BIT(SHAPE), 0},
    [REPEAT] = {repeat, BIT(COUNTS), 0},
    [PUT] = {put, BIT(DIM) | BIT(START) | BIT(STOP), BIT(STEP)},
};

static quell_status infer(struct quell_inference *at)
{
    const struct form *form = &known[quell_set(at->of, FORM)];
    size_t operands = form->infer == put ? 2 : 1;
    if (at->of->operands != operands)
        return quell_refuse(at, "has %zu operands, must have %zu", at->of->operands, operands);
    quell_status status = check_used(at, form->needed | form->allowed);
    for (size_t i = SHAPE; i <= COUNTS && !status; i++)
        if (form->needed >> i & 1) status = need(at, i);
    return status ? status : form->infer(at);
}

/* Changes strides to those of a slice, and returns the offset of its first element. */
static size_t cut(const struct quell_instruction *of, size_t *stride)
{
    size_t dim = (size_t)quell_set(of, DIM), step = stride[dim];
    stride[dim] *= (size_t)quell_set(of, STEP);
    return (size_t)quell_set(of, START) * step;
}

/* Copies x, whose elements are `from` apart, to places that are `to` apart. */
static void copy(const struct quell_execution *at, const struct quell_shape *shape, const float *x,
                 const size_t *from, float *y, const size_t *to)
{
    struct quell_copy all = {.rank = 0};
    for (size_t d = 0; d < shape->rank; d++)
        quell_copy_add(&all, shape->size[d], (ptrdiff_t)from[d], (ptrdiff_t)to[d]);
    quell_copy_run(at, &all, x, y);
}

/* Copies the worker's own indices along the dimension that the result is divided by. */
static void copy_own(const struct quell_execution *at, size_t first, size_t *from, size_t *to)
{
    struct quell_shape part = *quell_out_shape(at);
    struct quell_copy all = {.rank = 0};
    struct quell_piece_at x = quell_own_in(at, 0), out = quell_own_out(at);
    size_t length = quell_divided(at->program, at->of, 0)->length;
    size_t dim = quell_divided_dim(at->division, &part), begin, end = quell_own_range(at, &begin);
    size_t index = begin / to[dim], step = to[dim];
    first = first / length * x.row + first % length + index * from[dim];
    part.size[dim] = (end - begin) / step;
    for (size_t d = 0; d < part.rank; d++) {
        if (from[d] >= length) from[d] = from[d] / length * x.row;
        if (to[d] >= at->division->length) to[d] = to[d] / at->division->length * out.row;
        quell_copy_add(&all, part.size[d], (ptrdiff_t)from[d], (ptrdiff_t)to[d]);
    }
    quell_copy_all(at, &all, x.at + first, out.at + begin);
}

/* Copies all of x first, and then the part. */
static void run_put(const struct quell_execution *at)
{
    const struct quell_shape *part = quell_shape_of(at, 1);
    size_t from[QUELL_MAX_RANK] = {0}, to[QUELL_MAX_RANK] = {0}, begin;
    struct quell_copy all = {.rank = 0};
    quell_copy_add(&all, quell_elements(quell_out_shape(at)), 1, 1);
    quell_copy_run(at, &all, quell_in(at, 0), at->out);
    if (at->workers > 1) quell_crew_meet(at->room->crew, at->worker, at->workers);
    quell_row_major(part, from);
    quell_row_major(quell_out_shape(at), to);
    begin = cut(at->of, to);
    copy(at, part, quell_in(at, 1), from, at->out + begin, to);
}

static void run_flip(const struct quell_execution *at)
{
    const struct quell_shape *x = quell_shape_of(at, 0);
    const struct quell_setting *dims = &at->of->set[DIMS];
    const float *in = quell_in(at, 0);
    struct quell_copy all = {.rank = 0};
    size_t stride[QUELL_MAX_RANK] = {0};
    quell_row_major(x, stride);
    for (size_t d = 0, i = 0; d < x->rank; d++) {
        ptrdiff_t step = (ptrdiff_t)stride[d];
        bool turned = i < dims->count && (size_t)dims->whole[i] == d;
        if (turned) in += (ptrdiff_t)(x->size[d] - 1) * step;
        quell_copy_add(&all, x->size[d], turned ? -step : step, step);
        i += turned;
    }
    quell_copy_run(at, &all, in, at->out);
}

static void run_repeat(const struct quell_execution *at)
{
    const struct quell_shape *x = quell_shape_of(at, 0);
    size_t from[QUELL_MAX_RANK] = {0}, to[QUELL_MAX_RANK] = {0};
    struct quell_copy all = {.rank = 0};
    quell_row_major(x, from);
    quell_row_major(quell_out_shape(at), to);
    for (size_t d = 0; d < x->rank; d++) {
        quell_copy_add(&all, (size_t)at->of->set[COUNTS].whole[d], 0,
                       (ptrdiff_t)(x->size[d] * to[d]));
        quell_copy_add(&all, x->size[d], (ptrdiff_t)from[d], (ptrdiff_t)to[d]);
    }
    quell_copy_run(at, &all, quell_in(at, 0), at->out);
}

bool quell_move_strides(const struct quell_program *program, const struct quell_instruction *now,
                        size_t *from, size_t *begin)
{
    const struct quell_shape *x = &program->value[now->operand[0]].shape;
    int64_t form = quell_set(now, FORM);
    size_t own[QUELL_MAX_RANK] = {0};
    if (form != PERMUTE && form != SLICE) return false;
    quell_row_major(x, own);
    for (size_t d = 0; d < x->rank; d++)
        from[d] = own[form == PERMUTE ? (size_t)now->set[ORDER].whole[d] : d];
    *begin = form == SLICE ? cut(now, from) : 0;
    return true;
}

/* Runs permute, slice and expand, which read x with strides of their own. */
static void run_strided(const struct quell_execution *at)
{
    const struct quell_shape *x = quell_shape_of(at, 0), *out = quell_out_shape(at);
    size_t stride[QUELL_MAX_RANK] = {0}, to[QUELL_MAX_RANK] = {0}, begin = 0;
    quell_row_major(out, to);
    if (!quell_move_strides(at->program, at->of, stride, &begin)) quell_strides(x, out, stride);
    if (at->division)
        copy_own(at, begin, stride, to);
    else
        copy(at, out, quell_in(at, 0) + begin, stride, at->out, to);
}

/* Divides the result of a permutation, or of a slice along another dimension, along the dimension
 * that x is divided by. */
static void divide(struct quell_program *program, struct quell_instruction *now)
{
    const struct quell_shape *x = &program->value[now->operand[0]].shape;
    const struct quell_division *of = quell_divided(program, now, 0);
    size_t dim = of->length ? quell_divided_dim(of, x) : x->rank, to = dim;
    int64_t form = quell_set(now, FORM);
    if (dim == x->rank || (form != PERMUTE && form != SLICE)) return;
    if (form == SLICE && (size_t)quell_set(now, DIM) == dim) return;
    for (size_t d = 0; d < x->rank && form == PERMUTE; d++)
        if ((size_t)now->set[ORDER].whole[d] == dim) to = d;
    *quell_division_of(program, now) =
        quell_divide_along(&program->value[now->result].shape, to, of->units, x->size[dim]);
    now->own = 1;
}

static void run(const struct quell_execution *at)
{
    switch (quell_set(at->of, FORM)) {
    case PUT:
        run_put(at);
        break;
    case FLIP:
        run_flip(at);
        break;
    case REPEAT:
        run_repeat(at);
        break;
    default:
        run_strided(at);
    }
}

const struct quell_kind quell_kind_move = {
    .name = "move",
    .least = 1,
    .most = 2,
    .attributes = {[FORM] = {"form", QUELL_CHOICE, true, 0, forms},
                   [SHAPE] = {.name = "shape", .type = QUELL_WHOLES},
                   [ORDER] = {.name = "order", .type = QUELL_WHOLES},
                   [DIM] = {.name = "dim", .type = QUELL_WHOLE},
                   [START] = {.name = "start", .type = QUELL_WHOLE},
                   [STOP] = {.name = "stop", .type = QUELL_WHOLE},
                   [STEP] = {"step", QUELL_WHOLE, .usual = 1},
                   [DIMS] = {.name = "dims", .type = QUELL_WHOLES},
                   [COUNTS] = {.name = "counts", .type = QUELL_WHOLES}},
    .shared = true,
    .meets = true,
    .infer = infer,
    .run = run,
    .divide = divide,
};
