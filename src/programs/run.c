/* SPDX-License-Identifier: MIT */
/* Runs a program, one instruction after the other. */
#include "programs/kind.h"

const float *quell_value_at(const struct quell_program *program, const struct quell_room *room,
                            size_t value)
{
    size_t index = program->value[value].root;
    const struct quell_value *root = &program->value[index];
    if (root->origin == QUELL_INPUT) return room->input[index];
    return root->data ? root->data : room->at[root->stage] + root->place;
}

void quell_program_run(const struct quell_program *program, const struct quell_kernels *kernels,
                       enum quell_stage stage, const struct quell_room *room)
{
    for (size_t i = 0; i < program->count; i++) {
        const struct quell_instruction *now = &program->instruction[i];
        const struct quell_value *result = &program->value[now->result];
        if (result->stage != stage || now->same) continue;
        now->kind->run(&(struct quell_execution){.program = program,
                                                 .of = now,
                                                 .kernels = kernels,
                                                 .room = room,
                                                 .out = room->at[stage] + result->place,
                                                 .scratch = room->scratch});
    }
}
