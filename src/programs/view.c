/* SPDX-License-Identifier: MIT */
/* Finds operands that instructions can read in place, without the copy that permutations and slices
 * would make: for example the heads of attention, each of which is a part of each row of a
 * product's result. */
#include "base/memory.h"
#include "programs/view.h"

#include <stdlib.h>
#include <string.h>

/* Returns the instruction that computes a value, or NULL for inputs and constants. */
static const struct quell_instruction *maker_of(const struct quell_program *program, size_t value)
{
    size_t first = program->values - program->count;
    return value < first ? NULL : &program->instruction[value - first];
}

/* Returns the dimension of a shape within which elements `step` apart are, or the rank if there is
 * none. */
static size_t dim_within(const struct quell_shape *shape, const size_t *stride, size_t step)
{
    for (size_t d = 0; d < shape->rank; d++)
        if (shape->size[d] > 1 && stride[d] <= step && step < stride[d] * shape->size[d])
            return step % stride[d] ? shape->rank : d;
    return shape->rank;
}

/* Turns a view of the result of a move into a view of its operand, whose elements are `from` apart
 * along the dimensions of the result, from number `begin` on. Each dimension of the view must be
 * within one dimension of the result. */
static bool see_through(const struct quell_shape *shape, const struct quell_shape *result,
                        const size_t *from, size_t begin, struct quell_view *view)
{
    size_t stride[QUELL_MAX_RANK] = {0}, place[QUELL_MAX_RANK] = {0}, offset = begin;
    size_t left = view->offset;
    quell_row_major(result, stride);
    for (size_t d = 0; d < result->rank; d++) {
        place[d] = left / stride[d];
        left %= stride[d];
        offset += place[d] * from[d];
    }
    struct quell_view seen = *view;
    seen.offset = offset;
    for (size_t i = 0; i < shape->rank; i++) {
        if (shape->size[i] == 1) continue;
        size_t d = dim_within(result, stride, view->stride[i]);
        if (d == result->rank) return false;
        place[d] += (shape->size[i] - 1) * (view->stride[i] / stride[d]);
        if (place[d] >= result->size[d]) return false;
        seen.stride[i] = view->stride[i] / stride[d] * from[d];
    }
    *view = seen;
    return true;
}

/* Turns a view of the result of a move into one of its operand. Returns false if that is not
 * possible. */
static bool go_through(const struct quell_program *program, const struct quell_instruction *move,
                       const struct quell_shape *shape, struct quell_view *view)
{
    size_t from[QUELL_MAX_RANK] = {0}, begin = 0;
    if (move->kind != &quell_kind_move) return false;
    if (!move->same) {
        if (!quell_move_strides(program, move, from, &begin)) return false;
        if (!see_through(shape, &program->value[move->result].shape, from, begin, view))
            return false;
    }
    view->value = move->operand[0];
    return true;
}

/* Chains of moves are followed up to this length, which networks do not reach: a small file must
 * not keep a processor busy. */
#define MOST_MOVES 32

/* Finds the earliest value of which an operand can be a view, with strides that the kind can read.
 * Returns false if there is none that saves a copy. */
static bool find_view(const struct quell_program *program, const struct quell_instruction *now,
                      size_t operand, struct quell_view *best)
{
    const struct quell_shape *shape = &program->value[now->operand[operand]].shape;
    struct quell_view view = {.value = now->operand[operand]};
    bool found = false, copied = false;
    quell_row_major(shape, view.stride);
    for (size_t i = 0; i < MOST_MOVES; i++) {
        const struct quell_instruction *move = maker_of(program, view.value);
        if (!move) break;
        if (!go_through(program, move, shape, &view)) break;
        if (program->value[program->value[view.value].root].stage != QUELL_FROM_SAMPLE) break;
        copied |= !move->same;
        if (!copied || !now->kind->strided(program, now, operand, view.stride)) continue;
        *best = view;
        found = true;
    }
    return found;
}

/* `reads` counts how often instructions that run read each root. */
struct viewing {
    struct quell_program *program;
    uint32_t *reads;
};

static size_t root_read(const struct quell_program *program, const struct quell_instruction *now,
                        size_t operand)
{
    return program->value[quell_value_read(now, operand)].root;
}

static quell_status make_views(struct quell_program *program, struct quell_instruction *now)
{
    struct quell_view view[QUELL_MOST_VIEWS];
    bool found = false;
    for (size_t k = 0; k < QUELL_MOST_VIEWS; k++) {
        view[k] = (struct quell_view){.value = SIZE_MAX};
        if (k < now->operands && k < now->kind->views)
            found |= find_view(program, now, k, &view[k]);
    }
    if (!found) return QUELL_OK;
    now->view = quell_new(QUELL_MOST_VIEWS, sizeof *now->view);
    if (!now->view) return quell_program_no_memory(program);
    for (size_t k = 0; k < QUELL_MOST_VIEWS; k++) now->view[k] = view[k];
    return QUELL_OK;
}

/* Skips the moves whose results nothing reads any more, from the last one on. */
static void leave_out(struct viewing *v)
{
    struct quell_program *program = v->program;
    v->reads[program->value[program->output].root]++;
    for (size_t i = program->count; i-- > 0;) {
        struct quell_instruction *now = &program->instruction[i];
        if (now->same) continue;
        now->fused = now->kind == &quell_kind_move && !v->reads[now->result];
        for (size_t k = 0; k < now->operands && !now->fused; k++)
            v->reads[root_read(program, now, k)]++;
    }
}

/* Finds the last instruction that reads each value. */
static void find_last(struct quell_program *program)
{
    for (size_t i = 0; i < program->count; i++) {
        const struct quell_instruction *now = &program->instruction[i];
        if (now->same || now->fused) continue;
        for (size_t k = 0; k < now->operands; k++) {
            struct quell_value *root = &program->value[root_read(program, now, k)];
            if (root->last < i) root->last = i;
        }
    }
}

void quell_operand_strides(const struct quell_execution *at, size_t operand, size_t *stride)
{
    const struct quell_view *view = quell_view_of(at->of, operand);
    if (view)
        memcpy(stride, view->stride, sizeof view->stride);
    else
        quell_row_major(quell_shape_of(at, operand), stride);
}

quell_status quell_program_view(struct quell_program *program)
{
    struct viewing v = {program, quell_new(program->values, sizeof *v.reads)};
    quell_status status = v.reads ? QUELL_OK : quell_program_no_memory(program);
    for (size_t i = 0; i < program->count && !status; i++) {
        struct quell_instruction *now = &program->instruction[i];
        if (now->kind->strided && program->value[now->result].stage == QUELL_FROM_SAMPLE)
            status = make_views(program, now);
    }
    if (!status) {
        leave_out(&v);
        find_last(program);
    }
    free(v.reads);
    return status;
}
