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
    now->kind->run(&(struct quell_execution){.program = program,
                                             .of = now,
                                             .kernels = kernels,
                                             .room = room,
                                             .samples = samples,
                                             .worker = workers > 1 ? room->worker : 0,
                                             .workers = workers,
                                             .out = out,
                                             .scratch = room->scratch});
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

/* What is done sooner by one worker than all can meet. */
#define SMALL_WORK 65536
#define MULTIPLY_ADDS 8 /* that take as long as an element of a simple instruction */

/* Whether all workers run an instruction, each its part. */
static bool is_shared(const struct quell_program *program, const struct quell_instruction *now,
                      const struct quell_room *room, size_t samples)
{
    if (room->workers < 2 || !now->kind->shared) return false;
    if (room->share_all) return true;
    size_t written = quell_elements(&program->value[now->result].shape);
    size_t read = quell_elements(&program->value[now->operand[0]].shape);
    double elements = (double)(written > read ? written : read);
    double work = (double)now->multiply_adds + MULTIPLY_ADDS * elements;
    return work * (double)samples > SMALL_WORK;
}

static bool is_over(const struct quell_room *room)
{
    const struct quell_lookout *lookout = room->lookout;
    return lookout && lookout->look(lookout->data, !room->worker);
}

/* Workers meet after each instruction that they share, and before one that follows instructions of
 * the first worker alone: also when there is nothing more to compute. */
void quell_program_run(const struct quell_program *program, const struct quell_kernels *kernels,
                       enum quell_stage stage, const struct quell_room *room)
{
    struct quell_room own = *room;
    size_t samples = stage == QUELL_FROM_SAMPLE ? room->samples : 1;
    bool alone = false; /* the first worker has done something since they met */
    for (size_t i = 0; i < program->count; i++) {
        const struct quell_instruction *now = &program->instruction[i];
        if (program->value[now->result].stage != stage || now->same || now->fused) continue;
        bool shared = is_shared(program, now, room, samples);
        if (shared && alone) quell_crew_meet(room->crew, room->workers);
        if ((shared || !room->worker) && !is_over(room))
            run_all(program, kernels, now, &own, samples, shared ? room->workers : 1);
        if (shared) quell_crew_meet(room->crew, room->workers);
        alone = !shared;
    }
    if (alone && room->workers > 1) quell_crew_meet(room->crew, room->workers);
}
