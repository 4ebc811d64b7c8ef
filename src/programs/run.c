/* SPDX-License-Identifier: MIT */
/* Runs a program, one instruction after the other, for some samples at a time. */
#include "programs/divide.h"

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

size_t quell_program_scratch(const struct quell_program *program, enum quell_stage from)
{
    size_t most = 0;
    for (int stage = (int)from; stage < QUELL_STAGES; stage++)
        if (program->scratch[stage] > most) most = program->scratch[stage];
    return most;
}

static void run_one(const struct quell_program *program, const struct quell_kernels *kernels,
                    const struct quell_instruction *now, const struct quell_room *room,
                    size_t samples, size_t workers)
{
    /* A result lies in the memory of its stage, which is written to. */
    float *out = (float *)(uintptr_t)quell_value_at(program, room, now->writes);
    const struct quell_value *written = &program->value[now->writes];
    bool alone = written->stage == QUELL_FROM_SAMPLE && room->samples == 1;
    const struct quell_division *by = alone ? quell_division_for(program, now, workers) : NULL;
    now->kind->run(&(struct quell_execution){
        .program = program,
        .of = now,
        .kernels = kernels,
        .room = room,
        .samples = samples,
        .worker = workers > 1 ? room->worker : 0,
        .workers = workers,
        .division = by,
        .out = out,
        .scratch = room->scratch,
        .common = by ? room->at[QUELL_FROM_SAMPLE] + program->common : NULL});
}

/* All samples of an instruction. */
static void run_all(const struct quell_program *program, const struct quell_kernels *kernels,
                    const struct quell_instruction *now, struct quell_room *room, size_t samples,
                    size_t workers)
{
    bool together = now->kind->together;
    for (room->sample = 0; room->sample < (together ? 1 : samples); room->sample++)
        run_one(program, kernels, now, room, together ? samples : 1, workers);
}

/* Whether a worker leaves an instruction out, because nothing of it is needed any more; not where
 * the workers meet within it. */
static bool is_over(const struct quell_instruction *now, const struct quell_room *room, bool shared)
{
    const struct quell_lookout *lookout = room->lookout;
    if (shared && now->kind->meets) return false;
    return lookout && lookout->look(lookout->data, !room->worker);
}

/* Workers meet before an instruction that depends on others' parts of those before it, and at the
 * end: also when there is nothing more to compute. */
void quell_program_run(const struct quell_program *program, const struct quell_kernels *kernels,
                       enum quell_stage stage, const struct quell_room *room)
{
    struct quell_room own = *room;
    size_t samples = stage == QUELL_FROM_SAMPLE ? room->samples : 1, since = 0;
    bool apart = false; /* they have done something since they met */
    for (size_t i = 0; i < program->count; i++) {
        const struct quell_instruction *now = &program->instruction[i];
        if (program->value[now->result].stage != stage || now->same || now->fused) continue;
        if (room->workers > 1 && quell_must_meet(program, room, since, i, samples)) {
            quell_crew_meet(room->crew, room->worker, room->workers);
            since = i;
        }
        bool shared = quell_is_shared(program, now, room, samples);
        if ((shared || !room->worker) && !is_over(now, room, shared))
            run_all(program, kernels, now, &own, samples, shared ? room->workers : 1);
        apart = true;
    }
    if (apart && room->workers > 1) quell_crew_meet(room->crew, room->worker, room->workers);
}
