/* SPDX-License-Identifier: MIT */
/* Runs a program, one instruction after the other, for some samples at a time. */
#include "programs/divide.h"

const float *quell_value_for(const struct quell_program *program, const struct quell_room *room,
                             size_t value, size_t sample)
{
    size_t index = program->value[value].root;
    const struct quell_value *root = &program->value[index];
    bool input = root->origin == QUELL_INPUT;
    if (root->stage == QUELL_FROM_SAMPLE) {
        size_t skip = sample * quell_elements(&root->shape);
        if (input) return room->input[index] + skip;
        return room->at[root->stage] + room->samples * root->place + skip;
    }
    if (root->data) return root->data;
    size_t number = room->row_of ? room->row_of[sample] : room->rows ? sample : 0;
    const struct quell_told_row *row = room->rows ? &room->row[number] : NULL;
    if (input) return row ? row->input[index] : room->input[index];
    if (root->stage == QUELL_FROM_TIME_AND_CONDITIONS)
        return room->at[root->stage] + (row ? room->rows : 1) * root->place +
               number * quell_elements(&root->shape);
    return (row ? row->at[root->stage] : room->at[root->stage]) + root->place;
}

const float *quell_value_at(const struct quell_program *program, const struct quell_room *room,
                            size_t value)
{
    return quell_value_for(program, room, value, room->sample);
}

size_t quell_program_scratch(const struct quell_program *program, enum quell_stage from)
{
    size_t most = 0;
    for (int stage = (int)from; stage < QUELL_STAGES; stage++)
        if (program->scratch[stage] > most) most = program->scratch[stage];
    return most;
}

quell_program_observer *quell_program_observe;

static void run_one(const struct quell_program *program, const struct quell_kernels *kernels,
                    const struct quell_instruction *now, const struct quell_room *room,
                    size_t samples, size_t workers)
{
    /* A result is in the memory of its stage, which may be written to. */
    float *out = (float *)(uintptr_t)quell_value_at(program, room, now->writes);
    const struct quell_value *written = &program->value[now->writes];
    bool alone = written->stage == QUELL_FROM_SAMPLE && room->samples == 1;
    const struct quell_division *by = alone ? quell_division_for(program, now, workers) : NULL;
    struct quell_pace pace = {0, false};
    if (quell_program_observe) quell_program_observe(program, now, room, samples, workers);
    now->kind->run(&(struct quell_execution){
        .program = program,
        .of = now,
        .kernels = kernels,
        .room = room,
        .samples = samples,
        .worker = workers > 1 ? room->worker : 0,
        .workers = workers,
        .division = by,
        .pace = room->lookout ? &pace : NULL,
        .out = out,
        .scratch = room->scratch,
        .common = by ? room->at[QUELL_FROM_SAMPLE] + program->common : NULL});
}

/* A linear map is called once for all consecutive samples with the same row, if they have at least
 * this many rows on average: the product itself then adds what depends on the row. */
#define MANY_ROWS 96

static bool has_many_rows(const struct quell_program *program, const struct quell_instruction *now,
                          const struct quell_room *room, size_t samples)
{
    size_t rows = quell_elements_of(&program->value[now->result].shape, 0, now->rows), calls = 0;
    if (now->kind != &quell_kind_linear) return false;
    for (size_t i = 0; i < samples; i = quell_told_end(room, i, samples)) calls++;
    return samples * rows >= calls * MANY_ROWS;
}

/* Returns whether one call of an instruction computes all samples: its operands are the same for
 * all of them, and its tail finds the row of each sample. */
static bool is_one_call(const struct quell_program *program, const struct quell_instruction *now,
                        const struct quell_room *room, size_t samples)
{
    if (!room->row_of || !(now->told || now->told_later)) return true;
    return !now->told && !has_many_rows(program, now, room, samples);
}

/* Returns the end of a call that begins with a row of times and conditions: a linear map takes all
 * rows, and other kinds one. */
static size_t end_of_rows(const struct quell_program *program, const struct quell_instruction *now,
                          size_t from, size_t rows)
{
    const struct quell_value *root = &program->value[program->value[now->operand[0]].root];
    bool all = now->kind == &quell_kind_linear && root->stage == QUELL_FROM_TIME_AND_CONDITIONS;
    return all ? rows : from + 1;
}

/* Runs an instruction for all samples, or for all rows of times and conditions. */
static void run_all(const struct quell_program *program, const struct quell_kernels *kernels,
                    const struct quell_instruction *now, struct quell_room *room, size_t samples,
                    size_t workers)
{
    bool together = now->kind->together;
    bool told = program->value[now->result].stage != QUELL_FROM_SAMPLE;
    bool one = together && is_one_call(program, now, room, samples);
    for (size_t from = 0, end; from < samples; from = end) {
        end = one ? samples : together ? quell_told_end(room, from, samples) : from + 1;
        if (told) end = end_of_rows(program, now, from, samples);
        room->sample = from;
        run_one(program, kernels, now, room, end - from, workers);
    }
}

/* Returns whether a worker skips an instruction because the results are no longer needed. It does
 * not skip one in which the workers wait for each other. */
static bool is_over(const struct quell_instruction *now, const struct quell_room *room, bool shared)
{
    const struct quell_lookout *lookout = room->lookout;
    if (shared && now->kind->meets) return false;
    return lookout && lookout->look(lookout->data, !room->worker && !room->helps);
}

/* Workers wait for each other before an instruction that depends on others' parts of the
 * instructions before it, and at the end, even if there is nothing more to compute. */
void quell_program_run(const struct quell_program *program, const struct quell_kernels *kernels,
                       enum quell_stage stage, const struct quell_room *room)
{
    struct quell_room own = *room;
    size_t samples = 1, since = 0;
    if (stage == QUELL_FROM_SAMPLE) samples = room->samples;
    if (stage == QUELL_FROM_TIME_AND_CONDITIONS && room->rows) samples = room->rows;
    bool apart = false; /* an instruction has run since the workers waited for each other */
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
