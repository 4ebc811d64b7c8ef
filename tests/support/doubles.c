/* SPDX-License-Identifier: MIT */
#include "doubles.h"
#include "grids/grid.h"
#include "harness.h"
#include "models.h"
#include "naive_key.h"
#include "samplers/adaptive.h"
#include "samplers/method.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

struct state {
    struct doubles *doubles;
    const struct quell_plan *plan;
    double *registers[QUELL_MAX_REGISTERS];
    float *noise;
};

/* out += coefficient * noise(key, stream) */
static void add_stream(const struct state *state, double coefficient, uint64_t key, uint32_t stream,
                       double *out)
{
    const struct doubles *d = state->doubles;
    MUST(quell_noise(key, stream, d->sample, 0, d->dim, state->noise));
    for (size_t e = 0; e < d->dim; e++) out[e] += coefficient * state->noise[e];
}

/* Adds coefficient times the noise that a plan names. */
static void add_noise(const struct state *state, double coefficient, uint32_t stream, double *out)
{
    struct quell_node nodes[QUELL_BROWNIAN_NODES];
    const struct quell_noise_name *name = &state->plan->name[stream];
    uint64_t seed = state->doubles->seed;
    if (!quell_noise_is_path(name)) {
        add_stream(state, coefficient, naive_key(seed, name->from, name->to), name->stream, out);
        return;
    }
    size_t count = quell_brownian_nodes(&name->path, nodes);
    for (size_t i = 0; i < count; i++)
        add_stream(state, coefficient * nodes[i].weight, seed, nodes[i].stream, out);
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

static double norm(const double *x, size_t dim)
{
    double sum = 0;
    for (size_t e = 0; e < dim; e++) sum += x[e] * x[e];
    return sqrt(sum);
}

static void langevin(const struct state *state, const struct quell_op *op)
{
    size_t dim = state->doubles->dim;
    double *z = calloc(dim, sizeof *z), *x = state->registers[op->out];
    const double *eps = state->registers[op->in[0]];
    add_noise(state, 1, op->stream[0], z);
    double own = norm(eps, dim), d = (double)dim, w = fmin(1, d / 100);
    double r = op->number ? norm(z, dim) / own : sqrt(d / (w * own * own + (1 - w) * d));
    for (size_t e = 0; e < dim; e++)
        x[e] += op->coefficient[0] * r * r * eps[e] + op->coefficient[1] * r * z[e];
    free(z);
}

static void evaluate(const struct state *state, const struct quell_op *op)
{
    struct doubles *d = state->doubles;
    double *both = calloc(2 * d->dim, sizeof *both);
    d->evaluations++;
    d->denoise(d->user, &op->t, state->registers[op->in[0]], both);
    for (size_t e = 0; e < d->dim && op->apart; e++)
        both[e] -= state->registers[op->in[0]][e] / op->t.alpha;
    memcpy(state->registers[op->out], both, d->dim * sizeof *both);
    if (op->variance) memcpy(state->registers[op->variance], both + d->dim, d->dim * sizeof *both);
    free(both);
}

static void spread(const struct state *state, const struct quell_op *op)
{
    size_t dim = state->doubles->dim;
    double *z = calloc(dim, sizeof *z), *x = state->registers[op->out];
    const double *v = state->registers[op->in[0]];
    add_noise(state, 1, op->stream[0], z);
    for (size_t e = 0; e < dim; e++)
        x[e] += exp(op->coefficient[0] + op->coefficient[1] * v[e]) * z[e];
    free(z);
}

static void run_op(const struct state *state, const struct quell_op *op);

/* The engine's loop over tries (src/engine/adaptive.c) in double. */
static void adapt(const struct state *whole, const struct quell_op *op)
{
    size_t dim = whole->doubles->dim, bytes = dim * sizeof(double);
    struct quell_try_memory memory;
    struct quell_adaptive adaptive = quell_adaptive_begin(whole->plan->option, &op->t, &op->s);
    double *const *r = whole->registers;
    memcpy(r[QUELL_TRY_PREVIOUS], r[QUELL_STATE], bytes);
    while (!quell_adaptive_done(&adaptive)) {
        struct quell_plan plan = quell_adaptive_plan(whole->plan, &adaptive, &memory);
        struct state state = *whole;
        state.plan = &plan;
        struct quell_try tried = quell_adaptive_try(&adaptive, &plan);
        for (size_t i = 0; i < plan.count; i++) run_op(&state, &plan.ops[i]);
        double sum = 0;
        for (size_t e = 0; e < dim; e++)
            sum += quell_adaptive_error(&adaptive, &tried, r[QUELL_TRY_PREVIOUS][e],
                                        r[QUELL_TRY_LOW][e], r[QUELL_TRY_HIGH][e]);
        plan = quell_adaptive_plan(whole->plan, &adaptive, &memory);
        if (!quell_adaptive_judge(&adaptive, &tried, sqrt(sum / (double)dim), &plan)) continue;
        for (size_t i = 0; i < plan.count; i++) run_op(&state, &plan.ops[i]);
        memcpy(r[QUELL_TRY_PREVIOUS], r[QUELL_TRY_LOW], bytes);
    }
}

static void round_register(const struct state *state, size_t r)
{
    for (size_t e = 0; state->doubles->rounded && e < state->doubles->dim; e++)
        state->registers[r][e] = (float)state->registers[r][e];
}

static void run_op(const struct state *state, const struct quell_op *op)
{
    switch (op->kind) {
    case QUELL_EVAL:
        evaluate(state, op);
        return;
    case QUELL_COMBINE:
        combine(state, op);
        break;
    case QUELL_STEP:
        for (size_t r = 0; r < QUELL_MAX_REGISTERS; r++) round_register(state, r);
        return;
    case QUELL_SPREAD:
        spread(state, op);
        break;
    case QUELL_LANGEVIN:
        langevin(state, op);
        break;
    case QUELL_ADAPT:
        adapt(state, op);
        return;
    default:
        CHECK(0, "an operation of kind %d is not known here", (int)op->kind);
    }
    if (op->out == QUELL_STATE) round_register(state, QUELL_STATE);
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
    struct quell_plan plan = quell_plan_begin(schedule);
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
