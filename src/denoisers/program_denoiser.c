/* SPDX-License-Identifier: MIT */
#include "denoisers/program_denoiser.h"
#include "base/fail.h"
#include "base/memory.h"

#include <stdlib.h>
#include <string.h>

/* The number of rows of a call: as many as have their values in the second-level cache, so that
 * linear maps are products of many rows, and at most as many as the product takes at a time. */
#define MOST_ROWS 96
#define PREFERRED_FLOATS 131072

/* How much is kept of what depends on conditions alone, in floats, if that is more than one. */
#define KEPT_FLOATS 65536

/* The indices of the program's inputs; program.inputs for an input that it does not have.
 * condition: those of the denoiser's conditions. */
struct program_denoiser {
    quell_denoiser base;
    struct quell_program program;
    struct quell_parametrization parametrization;
    size_t x, time, class, condition[QUELL_MAX_CONDITIONS];
    struct quell_taken *taken;
};

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

static const struct program_denoiser *self(const quell_denoiser *denoiser)
{
    return (const struct program_denoiser *)denoiser;
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
    const struct program_denoiser *own = self(denoiser);
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

static struct parts parts_of(const struct program_denoiser *own, size_t rows)
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

static struct quell_room room_for(const struct program_denoiser *own, const struct parts *parts,
                                  const struct quell_evaluation *at)
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

static const float *condition_of(const struct quell_evaluation *at, size_t i, size_t row)
{
    return at->told->values[i] + (at->row + row) * at->told->stride[i];
}

/* Whether two rows have the same class and the same conditions. */
static bool same_told(const struct program_denoiser *own, const struct quell_evaluation *at,
                      size_t one, size_t other)
{
    if (quell_label_of(at, one) != quell_label_of(at, other)) return false;
    for (size_t i = 0; i < own->base.conditions; i++) {
        const float *a = condition_of(at, i, one), *b = condition_of(at, i, other);
        if (a != b && memcmp(a, b, own->taken[i].size * sizeof *a) != 0) return false;
    }
    return true;
}

/* Moves the rows that are told the same as order[from] to the front of the rows from there on, and
 * returns where they end. */
static size_t gather_same(const struct program_denoiser *own, const struct quell_evaluation *at,
                          uint32_t *order, size_t from)
{
    size_t first = order[from], end = from + 1;
    for (size_t i = end; i < at->rows; i++) {
        uint32_t row = order[i];
        if (!same_told(own, at, first, row)) continue;
        order[i] = order[end];
        order[end++] = row;
    }
    return end;
}

/* What was computed of conditions alone, and what it was computed from. Of arrays the addresses are
 * kept, because they do not change in a run. label: 2 more than the class, so that an entry of
 * zeros is one that was never filled. */
struct kept {
    size_t next, label; /* next: of the first entry alone: which is filled next */
    const float *condition[QUELL_MAX_CONDITIONS];
    _Alignas(QUELL_CACHE_LINE) float values[];
};

static size_t kept_bytes(const struct program_denoiser *own)
{
    size_t floats = quell_round_up(own->program.floats[QUELL_FROM_CONDITIONS], QUELL_LANES);
    return sizeof(struct kept) + floats * sizeof(float);
}

static size_t kept_entries(const struct program_denoiser *own, size_t rows)
{
    size_t floats = own->program.floats[QUELL_FROM_CONDITIONS];
    size_t most = floats ? KEPT_FLOATS / floats : 0;
    if (!floats) return 0;
    return most < 1 ? 1 : most < rows ? most : rows;
}

static size_t kept_size(const quell_denoiser *denoiser, size_t rows)
{
    return kept_entries(self(denoiser), rows) * kept_bytes(self(denoiser));
}

static bool is_kept(const struct program_denoiser *own, const struct quell_evaluation *at,
                    size_t row, const struct kept *entry)
{
    if (entry->label != (size_t)(quell_label_of(at, row) + 2)) return false;
    for (size_t i = 0; i < own->base.conditions; i++)
        if (entry->condition[i] != condition_of(at, i, row)) return false;
    return true;
}

/* Points the room at what depends on a row's class and conditions alone, and computes it if it is
 * not kept. */
static void run_conditions(const struct program_denoiser *own, const struct quell_evaluation *at,
                           struct quell_room *room, size_t row)
{
    size_t entries = kept_entries(own, at->most_rows), bytes = kept_bytes(own);
    struct kept *first = at->kept, *entry;
    if (!entries) return;
    for (size_t k = 0; k < entries; k++) {
        entry = (struct kept *)(void *)((char *)at->kept + k * bytes);
        room->at[QUELL_FROM_CONDITIONS] = entry->values;
        if (is_kept(own, at, row, entry)) return;
    }
    size_t chosen = first->next < entries ? first->next : 0;
    entry = (struct kept *)(void *)((char *)at->kept + chosen * bytes);
    first->next = chosen + 1;
    entry->label = (size_t)(quell_label_of(at, row) + 2);
    for (size_t i = 0; i < own->base.conditions; i++)
        entry->condition[i] = condition_of(at, i, row);
    room->at[QUELL_FROM_CONDITIONS] = entry->values;
    quell_program_run(&own->program, at->kernels, QUELL_FROM_CONDITIONS, room);
}

/* The stages of some rows, as a crew computes them. */
struct share {
    const struct program_denoiser *own;
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
    const struct program_denoiser *own = share->own;
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

/* Copies the result for a row: the output and, where it is learned and asked for, the variance. */
static void write_result(const struct program_denoiser *own, const struct quell_evaluation *at,
                         const float *result, size_t row)
{
    size_t dim = own->base.dim;
    memcpy(at->out + row * dim, result, dim * sizeof *result);
    if (own->parametrization.learned_range && at->variance)
        memcpy(at->variance + row * dim, result + dim, dim * sizeof *result);
}

/* Runs the program for `count` rows that are told the same: input[count][dim]. The results go to
 * the rows order[count]. */
static void run_rows(const struct program_denoiser *own, const struct quell_evaluation *at,
                     struct quell_room *room, const uint32_t *order, size_t count)
{
    struct share share = {own, at, room};
    room->samples = count;
    for (size_t i = 0; i < own->base.conditions; i++)
        room->input[own->condition[i]] = condition_of(at, i, *order);
    run_conditions(own, at, room, *order);
    if (at->crew)
        quell_crew_work(at->crew, run_stages, &share);
    else
        run_stages(&share, 0, 1);
    for (room->sample = 0; room->sample < count; room->sample++)
        write_result(own, at, quell_value_at(&own->program, room, own->program.output),
                     order[room->sample]);
}

/* Runs the program for all rows, those that are told the same together. */
static void run_all(const struct program_denoiser *own, const struct quell_evaluation *at, float in)
{
    struct parts parts = parts_of(own, at->rows);
    float *memory = at->scratch, *input = memory + parts.input;
    uint32_t *order = (uint32_t *)(void *)(memory + parts.order);
    struct quell_room room = room_for(own, &parts, at);
    size_t dim = own->base.dim;
    for (size_t row = 0; row < at->rows; row++) order[row] = (uint32_t)row;
    for (size_t from = 0, end; from < at->rows; from = end) {
        end = gather_same(own, at, order, from);
        for (size_t i = from; i < end; i++) {
            const float *x = at->x + order[i] * dim;
            at->kernels->combine(input + i * dim, dim, 1, &in, &x);
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
    struct program_denoiser *own = (struct program_denoiser *)denoiser;
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
    struct program_denoiser *made = quell_denoiser_new(&program_class, sizeof *made, dim);
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
