/* SPDX-License-Identifier: MIT */
#include "denoisers/program_denoiser.h"
#include "denoisers/program_pass.h"
#include "base/fail.h"
#include "base/memory.h"

#include <stdlib.h>
#include <string.h>

/* Limits of the number of rows in a call: the values of as many rows as fit into the second-level
 * cache, so that linear maps are products of many rows, and at most as many rows as the product
 * takes at a time. */
#define MOST_ROWS 96
#define PREFERRED_FLOATS 131072

/* If the weights are more than HEAVY times the values of a row, a call has at least HEAVY_ROWS
 * rows: reading the weights takes longer than what is lost when the values leave that cache. */
#define HEAVY 64
#define HEAVY_ROWS 16

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
    return sizeof(struct quell_program_point) + floats * sizeof(float);
}

static void compute_constants(const quell_denoiser *denoiser, const struct quell_kernels *kernels,
                              double t, double alpha, double sigma, void *out)
{
    const struct quell_program_denoiser *own = self(denoiser);
    struct quell_program_point *constants = out;
    constants->factors = quell_parametrization_at(&own->parametrization, t, alpha, sigma);
    constants->time = (float)constants->factors.time;
    struct quell_room room = {.scratch = constants->values + own->program.floats[QUELL_FROM_TIME]};
    room.at[QUELL_FROM_TIME] = constants->values;
    if (own->time < own->program.inputs) room.input[own->time] = &constants->time;
    quell_program_run(&own->program, kernels, QUELL_FROM_TIME, &room);
}

static size_t scratch_size(const quell_denoiser *denoiser, size_t rows)
{
    return quell_program_pass_size(self(denoiser), rows);
}

static size_t kept_size(const quell_denoiser *denoiser, size_t rows)
{
    return quell_program_kept_size(self(denoiser), rows);
}

/* A barrier between instructions takes a microsecond, so a helper is worthwhile if there are some
 * hundred thousand multiply-adds for it between two barriers. */
static size_t helpers(const quell_denoiser *denoiser, size_t *size)
{
    *size = quell_program_help_size(self(denoiser));
    uint64_t most = self(denoiser)->program.multiply_adds[QUELL_FROM_SAMPLE] / 2000000;
    return most < QUELL_MOST_CREW ? (size_t)most : QUELL_MOST_CREW;
}

static int several(const quell_denoiser *denoiser, const struct quell_asked *list, size_t count)
{
    quell_program_pass(self(denoiser), list, count);
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
    .constants = compute_constants,
    .several = several,
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
    size_t floats = program->floats[QUELL_FROM_SAMPLE] + 1, rows = PREFERRED_FLOATS / floats;
    uint64_t heavy = program->weights / HEAVY / floats;
    if (heavy > HEAVY_ROWS) heavy = HEAVY_ROWS;
    if (rows < heavy) rows = (size_t)heavy;
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
    made->base.core = &made->base;
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
