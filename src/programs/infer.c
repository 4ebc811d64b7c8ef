/* SPDX-License-Identifier: MIT */
/* One pass over a program derives the shape of every value and what it depends on, and counts
 * multiply-adds. A second pass, backwards, finds the last use of each value. */
#include "programs/kind.h"

#include <string.h>

static void find_stage(struct quell_program *program, const struct quell_instruction *now)
{
    unsigned depends = 0;
    for (size_t i = 0; i < now->operands; i++) depends |= program->value[now->operand[i]].stage;
    program->value[now->result].stage =
        depends & QUELL_FROM_SAMPLE ? QUELL_FROM_SAMPLE : (enum quell_stage)depends;
}

/* Switches to bfloat16 products, if the instruction can use them. */
static quell_status halve(struct quell_program *program, struct quell_inference *at)
{
    const struct quell_kind *halved = at->of->kind->halved(at);
    if (!halved) return QUELL_OK;
    at->of->kind = halved;
    at->of->scratch = 0;
    program->rounds = true;
    return halved->infer(at);
}

static quell_status infer_one(struct quell_program *program, size_t number)
{
    struct quell_instruction *now = &program->instruction[number];
    struct quell_inference at = {.program = program, .number = number, .of = now};
    struct quell_value *result = &program->value[now->result];
    quell_status status = now->kind->infer(&at);
    if (status) return status;
    if (!quell_shape_fits(&at.out))
        return quell_refuse(&at, "its result has more than 2^31 elements");
    result->shape = at.out;
    if (now->same) result->root = program->value[now->operand[0]].root;
    find_stage(program, now);
    if (program->halves && result->stage == QUELL_FROM_SAMPLE && now->kind->halved)
        return halve(program, &at);
    return QUELL_OK;
}

/* Adds up multiply-adds. The sum stops at the greatest number, which takes a processor many
 * years. */
static void count(struct quell_program *program, const struct quell_instruction *now)
{
    enum quell_stage stage = program->value[now->result].stage;
    uint64_t *sum = &program->multiply_adds[stage];
    if (__builtin_add_overflow(*sum, now->multiply_adds, sum)) *sum = UINT64_MAX;
    if (now->scratch > program->scratch[stage]) program->scratch[stage] = now->scratch;
}

/* Marks an operand as needed until this instruction, or to the end of its stage if a later stage
 * reads it. */
static void use(struct quell_program *program, size_t number, const struct quell_instruction *now,
                size_t operand)
{
    struct quell_value *value = &program->value[now->operand[operand]];
    struct quell_value *root = &program->value[value->root];
    value->used = root->used = true;
    if (number > root->last) root->last = number;
    root->kept |= root->stage != program->value[now->result].stage;
}

static quell_status find_uses(struct quell_program *program)
{
    struct quell_value *output = &program->value[program->output];
    output->used = program->value[output->root].kept = program->value[output->root].used = true;
    for (size_t number = program->count; number-- > 0;) {
        const struct quell_instruction *now = &program->instruction[number];
        if (!program->value[now->result].used)
            return quell_program_bad(program,
                                     "instruction %zu (%s): its result is not used: leave "
                                     "it out",
                                     number, now->kind->name);
        for (size_t i = 0; i < now->operands; i++) use(program, number, now, i);
    }
    return QUELL_OK;
}

quell_status quell_program_infer(struct quell_program *program)
{
    for (size_t number = 0; number < program->count; number++) {
        quell_status status = infer_one(program, number);
        if (status) return status;
        count(program, &program->instruction[number]);
    }
    return find_uses(program);
}

size_t quell_program_input(const struct quell_program *program, const char *name)
{
    size_t i = 0;
    while (i < program->inputs && strcmp(program->value[i].name, name)) i++;
    return i;
}
