/* SPDX-License-Identifier: MIT */
#include "denoisers/program_denoiser.h"
#include "denoisers/program_told.h"
#include "base/fail.h"
#include "base/memory.h"

#include <stdlib.h>
#include <string.h>

/* The number of rows of a call: as many as have their values in the second-level cache, so that
 * linear maps are products of many rows, and at most as many as the product takes at a time. */
#define MOST_ROWS 96
#define PREFERRED_FLOATS 131072

/* What depends on a point of the schedule alone (quell_denoiser_class.constants): the time that the
 * program gets, and the values of that stage. */
struct constants {
    struct quell_factors factors;
    float time;
    _Alignas(QUELL_CACHE_LINE) float values[];
};

/* Offsets into a worker's memory, in floats. */
struct parts {
    size_t input, order, class, at[QUELL_STAGES], scratch, all;
};

static const struct quell_program_denoiser *self(const quell_denoiser *denoiser)
{
    return (const struct quell_program_denoiser *)denoiser;
}

static quell_status check(const quell_denoiser *denoiser, const quell_point *point)
{
    return quell_parametrization_check(&self(denoiser)->parametrization, "network",
                                       denoiser->trained, point);
}

static size_t constants_size(const quell_denoiser *denoiser)
{
    const struct quell_program *program = &self(denoiser)->program;
    size_t floats = program->floats[QUELL_FROM_TIME] + program->scratch[QUELL_FROM_TIME];
    return sizeof(struct constants) + floats * sizeof(float);
}

static void work_out_constants(const quell_denoiser *denoiser, const struct quell_kernels *kernels,
                               double t, double alpha, double sigma, void *out)
{
    const struct quell_program_denoiser *own = self(denoiser);
    struct constants *constants = out;
    constants->factors = quell_parametrization_at(&own->parametrization, t, alpha, sigma);
    constants->time = (float)constants->factors.time;
    struct quell_room room = {.scratch = constants->values + own->program.floats[QUELL_FROM_TIME]};
    room.at[QUELL_FROM_TIME] = constants->values;
    if (own->time < own->program.inputs) room.input[own->time] = &constants->time;
    quell_program_run(&own->program, kernels, QUELL_FROM_TIME, &room);
}

/* Adds a part of that many floats, and returns its offset. */
static size_t add(struct parts *parts, size_t floats)
{
    size_t at = parts->all;
    parts->all += quell_round_up(floats, QUELL_LANES);
    return at;
}

static struct parts parts_of(const struct quell_program_denoiser *own, size_t rows)
{
    const struct quell_program *program = &own->program;
    struct parts parts = {.all = 0};
    parts.input = add(&parts, rows * own->base.dim);
    parts.order = add(&parts, rows);
    parts.class = add(&parts, own->base.classes + 1);
    for (size_t stage = QUELL_FROM_TIME_AND_CONDITIONS; stage < QUELL_STAGES; stage++)
        parts.at[stage] =
            add(&parts, (stage == QUELL_FROM_SAMPLE ? rows : 1) * program->floats[stage]);
    parts.scratch = add(&parts, quell_program_scratch(program, QUELL_FROM_CONDITIONS));
    return parts;
}

static size_t scratch_size(const quell_denoiser *denoiser, size_t rows)
{
    return parts_of(self(denoiser), rows).all * sizeof(float);
}

static size_t kept_size(const quell_denoiser *denoiser, size_t rows)
{
    return quell_program_kept_size(self(denoiser), rows);
}

static struct quell_room room_for(const struct quell_program_denoiser *own,
                                  const struct parts *parts, const struct quell_evaluation *at)
{
    const struct constants *constants = at->constants;
    float *memory = at->scratch;
    struct quell_room room = {.scratch = memory + parts->scratch};
    /* Written when the constants were computed, and only read from now on. */
    room.at[QUELL_FROM_TIME] = (float *)(uintptr_t)constants->values;
    for (size_t stage = QUELL_FROM_TIME_AND_CONDITIONS; stage < QUELL_STAGES; stage++)
        room.at[stage] = memory + parts->at[stage];
    if (own->time < own->program.inputs) room.input[own->time] = &constants->time;
    if (own->class < own->program.inputs) room.input[own->class] = memory + parts->class;
    return room;
}

/* The stages of some rows, as a crew computes them. */
struct share {
    const struct quell_program_denoiser *own;
    const struct quell_evaluation *at;
    const struct quell_room *room;
};

static size_t help_size(const quell_denoiser *denoiser)
{
    size_t floats = quell_program_scratch(&self(denoiser)->program, QUELL_FROM_CONDITIONS);
    return quell_round_up(floats * sizeof(float), QUELL_CACHE_LINE);
}

/* A barrier between instructions takes a microsecond: a helper is worth it where there are some
 * hundred thousand multiply-adds for it. */
static size_t helpers(const quell_denoiser *denoiser, size_t *size)
{
    *size = help_size(denoiser);
    uint64_t most = self(denoiser)->program.multiply_adds[QUELL_FROM_SAMPLE] / 2000000;
    return most < QUELL_MOST_CREW ? (size_t)most : QUELL_MOST_CREW;
}

static void run_stages(void *data, size_t worker, size_t workers)
{
    const struct share *share = data;
    const struct quell_program_denoiser *own = share->own;
    struct quell_room room = *share->room;
    room.worker = worker;
    room.workers = workers;
    room.crew = share->at->crew;
    room.lookout = share->at->lookout;
    if (worker)
        room.scratch =
            (float *)share->at->help + (worker - 1) * (help_size(&own->base) / sizeof(float));
    for (int stage = QUELL_FROM_TIME_AND_CONDITIONS; stage < QUELL_STAGES; stage++)
        quell_program_run(&own->program, share->at->kernels, (enum quell_stage)stage, &room);
}

/* How many of the rows order[from ... count - 1] follow one another, from the first of them on. */
static size_t in_sequence(const uint32_t *order, size_t from, size_t count)
{
    size_t end = from + 1;
    while (end < count && order[end] == order[end - 1] + 1) end++;
    return end - from;
}

/* Copies the results for `count` rows: the outputs and, where they are learned and asked for, the
 * variances. */
static void write_results(const struct quell_program_denoiser *own,
                          const struct quell_evaluation *at, struct quell_room *room,
                          const uint32_t *order, size_t count)
{
    const struct quell_program *program = &own->program;
    size_t dim = own->base.dim, rows;
    bool learned = own->parametrization.learned_range;
    bool each = program->value[program->value[program->output].root].stage != QUELL_FROM_SAMPLE;
    for (room->sample = 0; room->sample < count; room->sample += rows) {
        const float *from = quell_value_at(program, room, program->output);
        size_t to = order[room->sample] * dim;
        rows = learned || each ? 1 : in_sequence(order, room->sample, count);
        memcpy(at->out + to, from, rows * dim * sizeof *from);
        if (learned && at->variance) memcpy(at->variance + to, from + dim, dim * sizeof *from);
    }
}

/* Runs the program for `count` rows that are told the same: input[count][dim]. The results go to
 * the rows order[count]. */
static void run_rows(const struct quell_program_denoiser *own, const struct quell_evaluation *at,
                     struct quell_room *room, const uint32_t *order, size_t count)
{
    struct share share = {own, at, room};
    room->samples = count;
    for (size_t i = 0; i < own->base.conditions; i++)
        room->input[own->condition[i]] = quell_program_condition(at, i, *order);
    quell_program_run_conditions(own, at, room, *order);
    if (at->crew)
        quell_crew_work(at->crew, run_stages, &share);
    else
        run_stages(&share, 0, 1);
    write_results(own, at, room, order, count);
}

/* Runs the program for all rows, those that are told the same together. */
static void run_all(const struct quell_program_denoiser *own, const struct quell_evaluation *at,
                    float in)
{
    struct parts parts = parts_of(own, at->rows);
    float *memory = at->scratch, *input = memory + parts.input;
    uint32_t *order = (uint32_t *)(void *)(memory + parts.order);
    struct quell_room room = room_for(own, &parts, at);
    size_t dim = own->base.dim;
    for (size_t row = 0; row < at->rows; row++) order[row] = (uint32_t)row;
    for (size_t from = 0, end; from < at->rows; from = end) {
        end = quell_program_gather(own, at, order, from);
        for (size_t i = from, rows; i < end; i += rows) {
            const float *x = at->x + order[i] * dim;
            rows = in_sequence(order, i, end);
            at->kernels->combine(input + i * dim, rows * dim, 1, &in, &x);
        }
        if (own->class < own->program.inputs)
            quell_program_write_class(&own->program.value[own->class], &own->base,
                                      quell_label_of(at, order[from]), memory + parts.class);
        room.input[own->x] = input + from * dim;
        run_rows(own, at, &room, order + from, end - from);
    }
}

static int evaluate(const quell_denoiser *denoiser, const struct quell_evaluation *at)
{
    const struct constants *constants = at->constants;
    run_all(self(denoiser), at, (float)constants->factors.in);
    quell_parametrization_apply(&constants->factors, at, denoiser->dim);
    return 0;
}

static void destroy(quell_denoiser *denoiser)
{
    struct quell_program_denoiser *own = (struct quell_program_denoiser *)denoiser;
    quell_taken_free(own->taken, denoiser->conditions);
    quell_program_free(&own->program);
    quell_time_form_free(&own->parametrization.time);
}

static void digest(const quell_denoiser *denoiser, struct quell_digest *sum)
{
    quell_parametrization_digest(&self(denoiser)->parametrization, sum);
    quell_digest_whole(sum, denoiser->classes);
    quell_program_digest(&self(denoiser)->program, sum);
}

static const struct quell_denoiser_class program_class = {
    .kind = "network",
    .apart = true,
    .scratch_size = scratch_size,
    .kept_size = kept_size,
    .helpers = helpers,
    .constants_size = constants_size,
    .constants = work_out_constants,
    .evaluate = evaluate,
    .check = check,
    .destroy = destroy,
    .digest = digest,
};

const struct quell_program *quell_denoiser_is_program(const quell_denoiser *denoiser)
{
    return denoiser->type == &program_class ? &self(denoiser)->program : NULL;
}

static size_t preferred_rows(const struct quell_program *program)
{
    size_t rows = PREFERRED_FLOATS / (program->floats[QUELL_FROM_SAMPLE] + 1);
    return rows < 1 ? 1 : rows > MOST_ROWS ? MOST_ROWS : rows;
}

static quell_status make(quell_denoiser **denoiser, struct quell_program *program, size_t classes,
                         struct quell_parametrization *parametrization, struct quell_taken *taken)
{
    quell_status status = quell_program_check_denoiser(program, classes, parametrization);
    if (!status && parametrization->time.of != QUELL_TIME_OWN &&
        quell_program_input(program, "time") == program->inputs)
        status = quell_program_bad(program,
                                   "has no input 'time', but the description has the field 'time'");
    if (status) return status;
    size_t dim = quell_elements(&program->value[quell_program_input(program, "x")].shape);
    status = quell_denoiser_arguments(denoiser, dim);
    if (status) return status;
    struct quell_program_denoiser *made = quell_denoiser_new(&program_class, sizeof *made, dim);
    if (!made) return quell_program_no_memory(program);
    made->program = *program;
    made->parametrization = *parametrization;
    made->x = quell_program_input(program, "x");
    made->time = quell_program_input(program, "time");
    made->class = quell_program_input(program, "class");
    made->base.mean_alone = quell_parametrization_is_mean(parametrization);
    made->taken = taken;
    made->base.taken = taken;
    for (size_t i = 0; i < made->program.inputs; i++)
        if (quell_program_is_condition(made->program.value[i].name))
            made->condition[made->base.conditions++] = i;
    made->base.classes = classes;
    made->base.needs_class = parametrization->no_class == QUELL_NO_CLASS_UNKNOWN ||
                             (classes && parametrization->no_class == QUELL_NO_CLASS_OWN &&
                              quell_program_class_rows(&made->program) == classes);
    made->base.no_class = parametrization->no_class == QUELL_NO_CLASS_INDEX
                              ? parametrization->no_class_index
                              : classes;
    made->base.learned_variance = parametrization->learned_range;
    made->base.rows = preferred_rows(&made->program);
    *program = (struct quell_program){0};
    parametrization->time = (struct quell_time_form){.of = QUELL_TIME_OWN};
    *denoiser = &made->base;
    return QUELL_OK;
}

quell_status quell_denoiser_program(quell_denoiser **denoiser, struct quell_program *program,
                                    size_t classes, struct quell_parametrization *parametrization,
                                    struct quell_taken *taken, size_t count)
{
    quell_status status = make(denoiser, program, classes, parametrization, taken);
    quell_program_free(program);
    if (status) quell_taken_free(taken, count);
    return status;
}
