/* SPDX-License-Identifier: MIT */
/* Gives the values of each stage their places in its memory. A value is alive from the instruction
 * that writes it to the last one that reads it, and gets the first gap that is long enough (first
 * fit). */
#include "base/memory.h"
#include "programs/kind.h"

#include <stdlib.h>
#include <string.h>

/* Limits for each stage: values that are alive at a time, because the place of each new one is
 * searched among them; and floats of memory, so that a small file cannot fill the memory. */
#define MOST_LIVING 4096
#define MOST_FLOATS ((size_t)1 << 29)

/* The values that are alive, in the order of their places: either those that lie apart, or the
 * others. `scratch` is the largest scratch memory of an instruction so far, and `floats` is the
 * memory used so far. */
struct living {
    struct quell_program *program;
    bool apart;
    size_t count, scratch, floats;
    uint32_t *value;
};

/* Returns the floats that a value takes. Each worker's part of a value that lies apart is rounded
 * up to whole vectors. */
static size_t floats_of(const struct living *living, const struct quell_value *value)
{
    size_t lanes = living->apart ? living->program->units * QUELL_LANES : QUELL_LANES;
    return quell_round_up(quell_elements(&value->shape), lanes);
}

/* Puts a value into the first gap that is long enough, and returns where it ends. */
static size_t insert(struct living *living, uint32_t index)
{
    struct quell_value *value = &living->program->value[index];
    size_t at = 0, floats = floats_of(living, value), i = 0;
    for (; i < living->count; i++) {
        const struct quell_value *next = &living->program->value[living->value[i]];
        if (next->place - at >= floats) break;
        at = next->place + floats_of(living, next);
    }
    memmove(living->value + i + 1, living->value + i,
            (living->count++ - i) * sizeof *living->value);
    living->value[i] = index;
    value->place = at;
    return at + floats;
}

/* Returns whether an instruction is the last one that reads some value. */
static bool ends_any(const struct quell_program *program, size_t number)
{
    const struct quell_instruction *now = &program->instruction[number];
    for (size_t i = 0; i < now->operands; i++)
        if (program->value[program->value[quell_value_read(now, i)].root].last == number)
            return true;
    return false;
}

/* Removes the values that no instruction after `number` reads. */
static void release(struct living *living, size_t number)
{
    size_t left = 0;
    for (size_t i = 0; i < living->count; i++) {
        const struct quell_value *value = &living->program->value[living->value[i]];
        if (value->kept || value->last > number) living->value[left++] = living->value[i];
    }
    living->count = left;
}

static quell_status place_one(struct living *living, enum quell_stage stage, size_t number)
{
    struct quell_program *program = living->program;
    const struct quell_instruction *now = &program->instruction[number];
    const char *kind = now->kind->name;
    if (living->count == MOST_LIVING)
        return quell_program_bad(program,
                                 "instruction %zu (%s): more than %d results are still to be read, "
                                 "the most at a time",
                                 number, kind, MOST_LIVING);
    size_t end = insert(living, (uint32_t)now->writes);
    if (end > living->floats) living->floats = end;
    if (now->scratch > living->scratch) living->scratch = now->scratch;
    size_t floats = program->floats[stage] + living->floats;
    if (floats <= MOST_FLOATS && living->scratch <= MOST_FLOATS - floats) return QUELL_OK;
    return quell_program_bad(program,
                             "instruction %zu (%s): more than 2^29 numbers (2 GiB) are needed at "
                             "the same time",
                             number, kind);
}

static quell_status place_some(struct living *living, enum quell_stage stage)
{
    struct quell_program *program = living->program;
    living->count = living->scratch = living->floats = 0;
    for (size_t number = 0; number < program->count; number++) {
        const struct quell_instruction *now = &program->instruction[number];
        if (program->value[now->result].stage != stage) continue;
        bool placed = !now->same && !now->fused;
        if (placed) placed = program->value[now->writes].apart == living->apart;
        quell_status status = placed ? place_one(living, stage, number) : QUELL_OK;
        if (status) return status;
        if (ends_any(program, number)) release(living, number);
    }
    return QUELL_OK;
}

/* Moves values that may lie apart behind the others. */
static void shift_apart(struct quell_program *program)
{
    for (size_t i = 0; i < program->values; i++)
        if (program->value[i].apart) program->value[i].place += program->apart;
}

static quell_status place_stage(struct living *living, enum quell_stage stage)
{
    struct quell_program *program = living->program;
    living->apart = false;
    quell_status status = place_some(living, stage);
    program->floats[stage] = living->floats;
    if (status || stage != QUELL_FROM_SAMPLE || !program->units) return status;
    living->apart = true;
    status = place_some(living, stage);
    program->apart = program->floats[stage];
    program->apart_floats = living->floats;
    program->floats[stage] += living->floats;
    shift_apart(program);
    return status;
}

/* Places the memory that workers share within an instruction behind all values. */
static void place_common(struct quell_program *program)
{
    size_t floats = 0;
    for (size_t i = 0; i < program->count; i++)
        if (program->instruction[i].common > floats) floats = program->instruction[i].common;
    program->common = program->floats[QUELL_FROM_SAMPLE];
    program->common_floats = quell_round_up(floats, 2 * QUELL_LANES);
    program->floats[QUELL_FROM_SAMPLE] += program->common_floats;
}

quell_status quell_program_place(struct quell_program *program)
{
    struct living living = {.program = program,
                            .value = quell_new(MOST_LIVING, sizeof *living.value)};
    quell_status status = QUELL_OK;
    if (!living.value) return quell_program_no_memory(program);
    for (int stage = QUELL_FROM_TIME; stage < QUELL_STAGES && !status; stage++)
        status = place_stage(&living, (enum quell_stage)stage);
    free(living.value);
    place_common(program);
    return status;
}
