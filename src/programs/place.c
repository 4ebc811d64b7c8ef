/* SPDX-License-Identifier: MIT */
/* Gives the values of each stage their places in its memory. A value is alive from the instruction
 * that writes it to the last one that reads it, and takes the first gap that is long enough (first
 * fit). */
#include "base/memory.h"
#include "programs/kind.h"

#include <stdlib.h>
#include <string.h>

/* The values that are alive, in the order of their places. */
struct living {
    struct quell_program *program;
    size_t count;
    uint32_t *value;
};

static size_t floats_of(const struct quell_value *value)
{
    return quell_round_up(quell_elements(&value->shape), QUELL_LANES);
}

/* Puts a value into the first gap that is long enough, and returns where it ends. */
static size_t insert(struct living *living, uint32_t index)
{
    struct quell_value *value = &living->program->value[index];
    size_t at = 0, floats = floats_of(value), i = 0;
    for (; i < living->count; i++) {
        const struct quell_value *next = &living->program->value[living->value[i]];
        if (next->place - at >= floats) break;
        at = next->place + floats_of(next);
    }
    memmove(living->value + i + 1, living->value + i,
            (living->count++ - i) * sizeof *living->value);
    living->value[i] = index;
    value->place = at;
    return at + floats;
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

static void place_stage(struct living *living, enum quell_stage stage)
{
    struct quell_program *program = living->program;
    living->count = 0;
    for (size_t number = 0; number < program->count; number++) {
        const struct quell_instruction *now = &program->instruction[number];
        if (program->value[now->result].stage != stage) continue;
        if (!now->same) {
            size_t end = insert(living, (uint32_t)now->result);
            if (end > program->floats[stage]) program->floats[stage] = end;
        }
        release(living, number);
    }
}

quell_status quell_program_place(struct quell_program *program)
{
    struct living living = {program, 0, quell_new(program->count + 1, sizeof *living.value)};
    if (!living.value) return quell_program_no_memory(program);
    for (int stage = QUELL_FROM_TIME; stage < QUELL_STAGES; stage++)
        place_stage(&living, (enum quell_stage)stage);
    free(living.value);
    return QUELL_OK;
}
