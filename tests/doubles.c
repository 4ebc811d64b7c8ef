/* SPDX-License-Identifier: MIT */
#include "doubles.h"
#include "grids/grid.h"
#include "harness.h"
#include "models.h"
#include "samplers/method.h"

#include <stdlib.h>

struct state {
    struct doubles *doubles;
    const struct quell_plan *plan;
    double *registers[QUELL_MAX_REGISTERS];
    float *noise;
};

/* out += coefficient * noise(stream) */
static void add_stream(const struct state *state, double coefficient, uint32_t stream, double *out)
{
    const struct doubles *d = state->doubles;
    MUST(quell_noise(d->seed, stream, d->sample, 0, d->dim, state->noise));
    for (size_t e = 0; e < d->dim; e++) out[e] += coefficient * state->noise[e];
}

/* The same of the noise that a plan names. */
static void add_noise(const struct state *state, double coefficient, uint32_t stream, double *out)
{
    struct quell_node nodes[QUELL_BROWNIAN_NODES];
    if (!state->plan->brownian) {
        add_stream(state, coefficient, stream, out);
        return;
    }
    size_t count = quell_brownian_nodes(&state->plan->increment[stream], nodes);
    for (size_t i = 0; i < count; i++)
        add_stream(state, coefficient * nodes[i].weight, nodes[i].stream, out);
}

static void combine(const struct state *state, const struct quell_op *op)
{
    size_t dim = state->doubles->dim;
    double *sum = calloc(dim, sizeof *sum);
    for (unsigned k = 0; k < op->terms; k++)
        for (size_t e = 0; e < dim; e++)
            sum[e] += op->coefficient[k] * state->registers[op->in[k]][e];
    for (unsigned j = 0; j < op->noises; j++)
        add_noise(state, op->coefficient[op->terms + j], op->stream[j], sum);
    for (size_t e = 0; e < dim; e++) state->registers[op->out][e] = sum[e];
    free(sum);
}

static void run_op(const struct state *state, const struct quell_op *op)
{
    struct doubles *d = state->doubles;
    switch (op->kind) {
    case QUELL_EVAL:
        d->evaluations++;
        d->denoise(d->user, &op->t, state->registers[op->in[0]], state->registers[op->out]);
        return;
    case QUELL_COMBINE:
        combine(state, op);
        return;
    case QUELL_STEP:
        return;
    }
    CHECK(0, "an operation of kind %d is not known here", (int)op->kind);
}

void doubles_run(struct doubles *doubles, const struct quell_plan *plan, double *x)
{
    struct state state = {doubles, plan, {x}, malloc((doubles->dim + 4) * sizeof(float))};
    for (int r = 1; r < QUELL_MAX_REGISTERS; r++)
        state.registers[r] = calloc(doubles->dim, sizeof(double));
    for (size_t i = 0; i < plan->count; i++) run_op(&state, &plan->ops[i]);
    for (int r = 1; r < QUELL_MAX_REGISTERS; r++) free(state.registers[r]);
    free(state.noise);
}

struct quell_plan doubles_plan(const char *spec, const quell_schedule *schedule,
                               const quell_point *grid, size_t steps, int brownian)
{
    const struct quell_method *method;
    double option[QUELL_MAX_OPTIONS];
    MUST(quell_method_read(spec, &method, option));
    struct quell_plan plan = quell_plan_begin(schedule, 0);
    plan.brownian = brownian != 0;
    method->build(&plan, grid, steps, option);
    CHECK(plan.status == QUELL_OK, "%s: %s", spec, quell_error_message());
    return plan;
}

quell_point *doubles_grid(const char *spec, const quell_schedule *schedule, size_t steps)
{
    quell_point *grid = calloc(steps + 1, sizeof *grid);
    MUST(quell_grid_make(schedule, spec, 1, 0, steps, grid));
    return grid;
}
