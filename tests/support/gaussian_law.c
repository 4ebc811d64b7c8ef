/* SPDX-License-Identifier: MIT */
#include "gaussian_law.h"
#include "harness.h"

#include <stdlib.h>
#include <string.h>

/* A value: mean + state (x_t - E[x_t]) + sum_k noise[k] eps_k. */
struct value {
    double mean, state, *noise;
};

static void add(struct value *out, double coefficient, const struct value *in, size_t streams)
{
    out->mean += coefficient * in->mean;
    out->state += coefficient * in->state;
    for (size_t k = 0; k < streams; k++) out->noise[k] += coefficient * in->noise[k];
}

struct moments gaussian_law(struct moments data, const quell_point *s)
{
    return (struct moments){s->alpha * data.mean,
                            s->alpha * s->alpha * data.variance + s->sigma * s->sigma};
}

/* E[X | x] = mean + alpha v (x - alpha mean) / (alpha^2 v + sigma^2) */
static void denoise(struct moments data, const quell_point *t, const struct value *x,
                    struct value *out, size_t streams)
{
    struct moments law = gaussian_law(data, t);
    double gain = t->alpha * data.variance / law.variance;
    out->mean = data.mean - gain * law.mean;
    add(out, gain, x, streams);
}

static size_t count_streams(const struct quell_plan *plan)
{
    size_t most = 0;
    for (size_t i = 0; i < plan->count; i++)
        for (unsigned j = 0; plan->ops[i].kind == QUELL_COMBINE && j < plan->ops[i].noises; j++)
            if (plan->ops[i].stream[j] >= most) most = (size_t)plan->ops[i].stream[j] + 1;
    return most;
}

static void run_op(struct moments data, const struct quell_op *op, struct value *registers,
                   struct value *sum, size_t streams)
{
    if (op->kind == QUELL_STEP) return;
    sum->mean = sum->state = 0;
    memset(sum->noise, 0, streams * sizeof *sum->noise);
    if (op->kind == QUELL_EVAL) denoise(data, &op->t, &registers[op->in[0]], sum, streams);
    for (unsigned k = 0; op->kind == QUELL_COMBINE && k < op->terms; k++)
        add(sum, op->coefficient[k], &registers[op->in[k]], streams);
    for (unsigned j = 0; op->kind == QUELL_COMBINE && j < op->noises; j++)
        sum->noise[op->stream[j]] += op->coefficient[op->terms + j];
    struct value swap = registers[op->out];
    registers[op->out] = *sum;
    *sum = swap;
}

struct moments gaussian_law_plan(struct moments data, const struct quell_plan *plan,
                                 const quell_point *t)
{
    CHECK(!plan->brownian, "noises of different streams must be independent");
    size_t streams = count_streams(plan);
    struct value values[QUELL_MAX_REGISTERS + 1] = {0};
    struct moments start = gaussian_law(data, t), law;
    for (size_t r = 0; r <= QUELL_MAX_REGISTERS; r++)
        values[r].noise = calloc(streams + 1, sizeof(double));
    values[QUELL_STATE].mean = start.mean;
    values[QUELL_STATE].state = 1;
    for (size_t i = 0; i < plan->count; i++)
        run_op(data, &plan->ops[i], values, &values[QUELL_MAX_REGISTERS], streams);
    const struct value *x = &values[QUELL_STATE];
    law = (struct moments){x->mean, x->state * x->state * start.variance};
    for (size_t k = 0; k < streams; k++) law.variance += x->noise[k] * x->noise[k];
    for (size_t r = 0; r <= QUELL_MAX_REGISTERS; r++) free(values[r].noise);
    return law;
}
