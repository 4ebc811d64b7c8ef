/* SPDX-License-Identifier: MIT */
/* Loads a program: reads its description and its constants, and computes once what depends on
 * constants alone. */
#include "base/fail.h"
#include "base/memory.h"
#include "programs/kind.h"

#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Limits for values computed from constants: operations, and floats in memory at a time beyond the
 * tensors. A small file must not keep a processor busy for hours, or fill a machine's memory. */
#define MOST_FOLDED ((uint64_t)1 << 32)
#define MOST_MADE ((uint64_t)1 << 27)

quell_status quell_program_bad(const struct quell_program *program, const char *format, ...)
{
    char text[320];
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(text, sizeof text, format, arguments);
    va_end(arguments);
    return quell_fail(QUELL_BAD_MODEL, "%s: program '%s': %s", program->path, program->name, text);
}

quell_status quell_program_no_memory(const struct quell_program *program)
{
    return quell_fail(QUELL_NO_MEMORY, "%s: no memory for the program '%s'", program->path,
                      program->name);
}

static quell_status load_constant(const struct quell_program *program, struct quell_value *value,
                                  const struct quell_constants *from)
{
    if (value->origin != QUELL_TENSOR && value->origin != QUELL_NUMBER) return QUELL_OK;
    value->data = quell_new_untouched(quell_elements(&value->shape), sizeof *value->data);
    if (!value->data) return quell_program_no_memory(program);
    if (value->origin == QUELL_TENSOR)
        return from->read(from->user, value->tensor, &value->shape, value->data);
    *value->data = value->number;
    return QUELL_OK;
}

static bool is_constant(const struct quell_program *program, size_t value)
{
    return program->value[value].stage == QUELL_FROM_CONSTANTS;
}

static uint64_t operand_floats(const struct quell_program *program,
                               const struct quell_instruction *now)
{
    uint64_t floats = 0;
    for (size_t i = 0; i < now->operands; i++)
        floats += quell_elements(&program->value[now->operand[i]].shape);
    return floats;
}

/* The cost of constants: the operations, and the floats in memory at a time. */
struct cost {
    uint64_t work, live;
    bool *gone; /* for each value, whether it has been dropped */
};

static bool is_dropped(const struct quell_value *root, size_t number)
{
    return root->last == number && !root->kept && root->stage == QUELL_FROM_CONSTANTS;
}

/* Adds the cost of an instruction, and returns the floats in memory while it runs. */
static uint64_t add_cost(struct cost *cost, const struct quell_program *program, size_t number)
{
    const struct quell_instruction *now = &program->instruction[number];
    uint64_t out = quell_elements(&program->value[now->result].shape);
    uint64_t effort = now->kind->effort ? now->kind->effort(now) : 1;
    uint64_t work = operand_floats(program, now) + out * effort;
    if (__builtin_add_overflow(work, now->multiply_adds, &work) ||
        __builtin_add_overflow(work, cost->work, &cost->work))
        cost->work = UINT64_MAX;
    if (!now->same) cost->live += out;
    uint64_t most = cost->live + now->scratch;
    for (size_t i = 0; i < now->operands; i++) {
        size_t root = program->value[now->operand[i]].root;
        if (cost->gone[root] || !is_dropped(&program->value[root], number)) continue;
        cost->live -= quell_elements(&program->value[root].shape);
        cost->gone[root] = true;
    }
    return most;
}

static uint64_t count_loaded(const struct quell_program *program)
{
    uint64_t floats = 0;
    for (size_t i = program->inputs; i < program->values - program->count; i++)
        floats += quell_elements(&program->value[i].shape);
    return floats;
}

static quell_status check_costs(const struct quell_program *program, uint64_t most,
                                struct cost *cost)
{
    uint64_t loaded = cost->live = count_loaded(program);
    for (size_t i = 0; i < program->count; i++) {
        const struct quell_instruction *now = &program->instruction[i];
        if (!is_constant(program, now->result)) continue;
        bool fits = add_cost(cost, program, i) <= loaded + MOST_MADE;
        if (fits && cost->work <= most) continue;
        return quell_program_bad(program,
                                 "instruction %zu (%s): constants alone take more than %s: work "
                                 "them out before the export",
                                 i, now->kind->name,
                                 fits ? "2^32 operations"
                                      : "2^27 numbers at a time beyond the tensors");
    }
    return QUELL_OK;
}

static quell_status check_work(const struct quell_program *program, uint64_t most)
{
    struct cost cost = {.gone = quell_new(program->values, sizeof *cost.gone)};
    if (!cost.gone) return quell_program_no_memory(program);
    quell_status status = check_costs(program, most, &cost);
    free(cost.gone);
    return status;
}

/* Refuses NaN and infinity, such as the square root of a negative number, or a quotient by zero.
 * -infinity is accepted, because masks contain it. */
static quell_status check_numbers(const struct quell_program *program,
                                  const struct quell_instruction *now)
{
    const struct quell_value *result = &program->value[now->result];
    size_t count = quell_elements(&result->shape);
    for (size_t i = 0; i < count; i++)
        if (isnan(result->data[i]) || result->data[i] == INFINITY)
            return quell_program_bad(program,
                                     "instruction %zu (%s): element %zu of its result, which comes "
                                     "from constants, is %s",
                                     (size_t)(now - program->instruction), now->kind->name, i,
                                     isnan(result->data[i]) ? "not a number" : "infinity");
    return QUELL_OK;
}

static quell_status fold_one(struct quell_program *program, const struct quell_instruction *now,
                             const struct quell_room *room)
{
    struct quell_value *result = &program->value[now->result];
    if (now->same) return QUELL_OK;
    result->data = quell_new_untouched(quell_elements(&result->shape), sizeof *result->data);
    if (!result->data) return quell_program_no_memory(program);
    now->kind->run(&(struct quell_execution){.program = program,
                                             .of = now,
                                             .kernels = quell_kernels_widest(),
                                             .room = room,
                                             .samples = 1,
                                             .workers = 1,
                                             .out = result->data,
                                             .scratch = room->scratch});
    return check_numbers(program, now);
}

/* Frees the constants that no instruction after `number` reads. */
static void drop(struct quell_program *program, size_t number, const struct quell_instruction *now)
{
    for (size_t i = 0; i < now->operands; i++) {
        struct quell_value *value = &program->value[program->value[now->operand[i]].root];
        if (!is_dropped(value, number)) continue;
        free(value->data);
        value->data = NULL;
    }
}

static quell_status fold_all(struct quell_program *program, const struct quell_room *room)
{
    for (size_t i = 0; i < program->count; i++) {
        const struct quell_instruction *now = &program->instruction[i];
        quell_status status = now->kind->check ? now->kind->check(program, now) : QUELL_OK;
        if (!status && is_constant(program, now->result)) status = fold_one(program, now, room);
        if (status) return status;
        if (is_constant(program, now->result)) drop(program, i, now);
    }
    return QUELL_OK;
}

static void count_weights(struct quell_program *program)
{
    for (size_t i = 0; i < program->values; i++)
        if (program->value[i].data) program->weights += quell_elements(&program->value[i].shape);
}

quell_status quell_program_fold(struct quell_program *program, const struct quell_constants *from)
{
    quell_status status = check_work(program, from->most ? from->most : MOST_FOLDED);
    for (size_t i = program->inputs; i < program->values && !status; i++)
        status = load_constant(program, &program->value[i], from);
    if (status) return status;
    struct quell_room room = {.scratch =
                                  quell_new(program->scratch[QUELL_FROM_CONSTANTS], sizeof(float))};
    status = room.scratch ? fold_all(program, &room) : quell_program_no_memory(program);
    free(room.scratch);
    count_weights(program);
    return status;
}

static quell_status load(struct quell_program *program, const char *description,
                         const struct quell_constants *from)
{
    if (!program->text || !program->name || !program->path) return quell_program_no_memory(program);
    memcpy(program->text, description, quell_json_size(description));
    program->halves = from->halves;
    quell_status status = quell_program_read(program, program->text, from);
    if (!status) status = quell_program_infer(program);
    if (!status) status = quell_program_fold(program, from);
    if (!status) status = quell_program_view(program);
    if (!status) status = quell_program_fuse(program);
    if (!status && from->rounded) status = quell_program_round(program);
    if (!status) status = quell_program_pack(program);
    if (!status) status = quell_program_divide(program);
    if (!status) status = quell_program_place(program);
    return status;
}

quell_status quell_program_load(struct quell_program *program, const char *path, const char *name,
                                const char *description, const struct quell_constants *from)
{
    *program = (struct quell_program){.path = strdup(path), .name = strdup(name)};
    program->text = quell_new(quell_json_size(description) + 1, 1);
    return load(program, description, from);
}

void quell_program_free(struct quell_program *program)
{
    for (size_t i = 0; program->value && i < program->values; i++) free(program->value[i].data);
    for (size_t i = 0; program->instruction && i < program->count; i++) {
        free(program->instruction[i].packed);
        free(program->instruction[i].narrow);
        free(program->instruction[i].offset);
        free(program->instruction[i].view);
    }
    free(program->value);
    free(program->instruction);
    free(program->operand);
    free(program->text);
    free(program->name);
    free(program->path);
    *program = (struct quell_program){0};
}
