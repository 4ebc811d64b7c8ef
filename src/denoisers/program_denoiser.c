/* SPDX-License-Identifier: MIT */
#include "denoisers/program_denoiser.h"
#include "base/fail.h"
#include "base/memory.h"

#include <string.h>

/* The number of rows of a call: as many as have their values in the second-level cache, so that
 * linear maps are products of many rows, and at most as many as the product takes at a time. */
#define MOST_ROWS 96
#define PREFERRED_FLOATS 131072

/* The indices of the program's inputs; program.inputs for an input that it does not have. */
struct program_denoiser {
    quell_denoiser base;
    struct quell_program program;
    struct quell_parametrization parametrization;
    size_t x, time, class;
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

static quell_status check(const quell_denoiser *denoiser, double alpha, double sigma)
{
    return quell_parametrization_check(&self(denoiser)->parametrization, "network", alpha, sigma);
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
    size_t most = 0;
    parts.input = add(&parts, rows * own->base.dim);
    parts.order = add(&parts, rows);
    parts.class = add(&parts, own->base.classes + 1);
    for (size_t stage = QUELL_FROM_CONDITIONS; stage < QUELL_STAGES; stage++) {
        parts.at[stage] =
            add(&parts, (stage == QUELL_FROM_SAMPLE ? rows : 1) * program->floats[stage]);
        if (program->scratch[stage] > most) most = program->scratch[stage];
    }
    parts.scratch = add(&parts, most);
    return parts;
}

static size_t scratch_size(const quell_denoiser *denoiser, size_t rows)
{
    return parts_of(self(denoiser), rows).all * sizeof(float);
}

/* Writes the input for a label, -1 for none, in the form that the program expects: the number of
 * the class, or a one at its index. */
static void write_class(const struct program_denoiser *own, int32_t label, float *out)
{
    size_t classes = own->base.classes;
    if (own->class == own->program.inputs) return;
    if (own->program.value[own->class].shape.rank == 0) {
        *out = label < 0 ? (float)classes : (float)label;
        return;
    }
    memset(out, 0, classes * sizeof *out);
    if (label >= 0) out[label] = 1;
}

static struct quell_room room_for(const struct program_denoiser *own, const struct parts *parts,
                                  const struct quell_evaluation *at)
{
    const struct constants *constants = at->constants;
    float *memory = at->scratch;
    struct quell_room room = {.scratch = memory + parts->scratch};
    /* Written when the constants were computed, and only read from now on. */
    room.at[QUELL_FROM_TIME] = (float *)(uintptr_t)constants->values;
    for (size_t stage = QUELL_FROM_CONDITIONS; stage < QUELL_STAGES; stage++)
        room.at[stage] = memory + parts->at[stage];
    if (own->time < own->program.inputs) room.input[own->time] = &constants->time;
    if (own->class < own->program.inputs) room.input[own->class] = memory + parts->class;
    return room;
}

static int32_t label_of(const struct quell_evaluation *at, size_t row)
{
    return at->labels && at->labels[row] >= 0 ? at->labels[row] : -1;
}

/* Moves the rows with the label of order[from] to the front of the rows from there on, and returns
 * where they end. */
static size_t gather_label(const struct quell_evaluation *at, uint32_t *order, size_t from)
{
    int32_t label = label_of(at, order[from]);
    size_t end = from + 1;
    for (size_t i = end; i < at->rows; i++) {
        uint32_t row = order[i];
        if (label_of(at, row) != label) continue;
        order[i] = order[end];
        order[end++] = row;
    }
    return end;
}

/* The stages of some rows, as a crew computes them. */
struct share {
    const struct program_denoiser *own;
    const struct quell_evaluation *at;
    const struct quell_room *room;
};

static size_t help_size(const quell_denoiser *denoiser)
{
    const struct quell_program *program = &self(denoiser)->program;
    size_t most = 0;
    for (size_t stage = QUELL_FROM_CONDITIONS; stage < QUELL_STAGES; stage++)
        if (program->scratch[stage] > most) most = program->scratch[stage];
    return quell_round_up(most * sizeof(float), QUELL_CACHE_LINE);
}

/* A barrier between instructions takes a microsecond: a helper is worth it where there are some
 * hundred thousand multiply-adds for it. */
static size_t helpers(const quell_denoiser *denoiser)
{
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
    if (worker)
        room.scratch =
            (float *)share->at->help + (worker - 1) * (help_size(&own->base) / sizeof(float));
    for (int stage = QUELL_FROM_CONDITIONS; stage < QUELL_STAGES; stage++)
        quell_program_run(&own->program, share->at->kernels, (enum quell_stage)stage, &room);
}

/* Runs the program for `count` rows of one label: input[count][dim]. The results go to the rows
 * order[count]. */
static void run_rows(const struct program_denoiser *own, const struct quell_evaluation *at,
                     struct quell_room *room, const uint32_t *order, size_t count)
{
    struct share share = {own, at, room};
    room->samples = count;
    if (at->crew)
        quell_crew_work(at->crew, run_stages, &share);
    else
        run_stages(&share, 0, 1);
    for (room->sample = 0; room->sample < count; room->sample++)
        memcpy(at->out + order[room->sample] * own->base.dim,
               quell_value_at(&own->program, room, own->program.output),
               own->base.dim * sizeof *at->out);
}

/* Runs the program for all rows, the rows of one label together. */
static void run_all(const struct program_denoiser *own, const struct quell_evaluation *at, float in)
{
    struct parts parts = parts_of(own, at->rows);
    float *memory = at->scratch, *input = memory + parts.input;
    uint32_t *order = (uint32_t *)(void *)(memory + parts.order);
    struct quell_room room = room_for(own, &parts, at);
    size_t dim = own->base.dim;
    for (size_t row = 0; row < at->rows; row++) order[row] = (uint32_t)row;
    for (size_t from = 0, end; from < at->rows; from = end) {
        end = gather_label(at, order, from);
        for (size_t i = from; i < end; i++) {
            const float *x = at->x + order[i] * dim;
            at->kernels->combine(input + i * dim, dim, 1, &in, &x);
        }
        write_class(own, label_of(at, order[from]), memory + parts.class);
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
    .helpers = helpers,
    .help_size = help_size,
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

static quell_status check_class(const struct quell_program *program, size_t input, size_t classes)
{
    const struct quell_shape *shape = &program->value[input].shape;
    if (!classes)
        return quell_program_bad(program, "has an input 'class': the description must say how many "
                                          "'classes' there are");
    if (shape->rank == 0 && classes >= QUELL_MOST_INDEX)
        return quell_program_bad(program, "its input 'class' is a float32 number, which tells at "
                                          "most 16777215 'classes' apart");
    if (shape->rank == 0 || (shape->rank == 1 && shape->size[0] == classes)) return QUELL_OK;
    return quell_program_bad(program, "its input 'class' must be [] or [%zu]", classes);
}

static quell_status check_input(const struct quell_program *program, size_t i, size_t classes,
                                bool denoises)
{
    const struct quell_value *input = &program->value[i];
    bool time = !strcmp(input->name, "time"), class = !strcmp(input->name, "class");
    if (time && !denoises)
        return quell_program_bad(program, "has an input 'time', which only 'denoise' is given");
    if (!time && !class && strcmp(input->name, "x"))
        return quell_program_bad(program,
                                 "input '%.60s' is a condition, which a run cannot be given yet: "
                                 "x%s class are known",
                                 input->name, denoises ? ", time and" : " and");
    if (!input->used)
        return quell_program_bad(program, "its input '%s' is read by no instruction: leave it out",
                                 input->name);
    if (time && input->shape.rank != 0)
        return quell_program_bad(program, "its input 'time' must be [], a number");
    return class ? check_class(program, i, classes) : QUELL_OK;
}

quell_status quell_program_check_inputs(const struct quell_program *program, size_t classes,
                                        bool denoises)
{
    quell_status status = QUELL_OK;
    for (size_t i = 0; i < program->inputs && !status; i++)
        status = check_input(program, i, classes, denoises);
    if (status) return status;
    if (quell_program_input(program, "x") == program->inputs)
        return quell_program_bad(program, "must have an input 'x'");
    if (denoises && classes && quell_program_input(program, "class") == program->inputs)
        return quell_program_bad(program,
                                 "has no input 'class', but the description has 'classes'");
    return QUELL_OK;
}

static quell_status check_shapes(const struct quell_program *program, size_t classes,
                                 const struct quell_parametrization *parametrization)
{
    quell_status status = quell_program_check_inputs(program, classes, true);
    size_t x = quell_program_input(program, "x");
    if (!status && parametrization->time.of != QUELL_TIME_OWN &&
        quell_program_input(program, "time") == program->inputs)
        return quell_program_bad(program,
                                 "has no input 'time', but the description has the field 'time'");
    if (status ||
        quell_same_shape(&program->value[x].shape, &program->value[program->output].shape))
        return status;
    return quell_program_bad(program, "its output must have the shape of x");
}

static size_t preferred_rows(const struct quell_program *program)
{
    size_t rows = PREFERRED_FLOATS / (program->floats[QUELL_FROM_SAMPLE] + 1);
    return rows < 1 ? 1 : rows > MOST_ROWS ? MOST_ROWS : rows;
}

static quell_status make(quell_denoiser **denoiser, struct quell_program *program, size_t classes,
                         struct quell_parametrization *parametrization)
{
    quell_status status = check_shapes(program, classes, parametrization);
    if (status) return status;
    size_t dim = quell_elements(&program->value[program->output].shape);
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
    made->base.classes = classes;
    made->base.rows = preferred_rows(&made->program);
    *program = (struct quell_program){0};
    parametrization->time = (struct quell_time_form){.of = QUELL_TIME_OWN};
    *denoiser = &made->base;
    return QUELL_OK;
}

quell_status quell_denoiser_program(quell_denoiser **denoiser, struct quell_program *program,
                                    size_t classes, struct quell_parametrization *parametrization)
{
    quell_status status = make(denoiser, program, classes, parametrization);
    quell_program_free(program);
    return status;
}
