/* SPDX-License-Identifier: MIT */
/* Runs a program, one instruction after the other, for some samples at a time. */
#include "programs/kind.h"

const float *quell_value_at(const struct quell_program *program, const struct quell_room *room,
                            size_t value)
{
    size_t index = program->value[value].root;
    const struct quell_value *root = &program->value[index];
    bool each = root->stage == QUELL_FROM_SAMPLE;
    size_t skip = each ? room->sample * quell_elements(&root->shape) : 0;
    if (root->origin == QUELL_INPUT) return room->input[index] + skip;
    if (root->data) return root->data;
    return room->at[root->stage] + (each ? room->samples : 1) * root->place + skip;
}

static void run_one(const struct quell_program *program, const struct quell_kernels *kernels,
                    const struct quell_instruction *now, const struct quell_room *room,
                    size_t samples)
{
    /* A result lies in the memory of its stage, which is written to. */
    float *out = (float *)(uintptr_t)quell_value_at(program, room, now->writes);
    now->kind->run(&(struct quell_execution){.program = program,
                                             .of = now,
                                             .kernels = kernels,
                                             .room = room,
                                             .samples = samples,
                                             .workers = 1,
                                             .out = out,
                                             .scratch = room->scratch});
}

void quell_program_run(const struct quell_program *program, const struct quell_kernels *kernels,
                       enum quell_stage stage, const struct quell_room *room)
{
    struct quell_room own = *room;
    size_t samples = stage == QUELL_FROM_SAMPLE ? room->samples : 1;
    for (size_t i = 0; i < program->count; i++) {
        const struct quell_instruction *now = &program->instruction[i];
        bool together = now->kind->together;
        if (program->value[now->result].stage != stage || now->same || now->fused) continue;
        for (own.sample = 0; own.sample < (together ? 1 : samples); own.sample++)
            run_one(program, kernels, now, &own, together ? samples : 1);
    }
}
