/* SPDX-License-Identifier: MIT */
/* The law of x_0 for a Gaussian model, exactly: every operation of a plan is linear, so that a
 * register is a constant, a multiple of x_1's deviation, and a multiple of each noise stream. */
#include "orders.h"
#include "harness.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

/* A register: [0] is the constant, [1] the multiple of x_1's deviation, and [2 + j] that of
 * stream[j]. */
struct linear {
    size_t width, streams;
    uint32_t *stream;
    double *registers[QUELL_MAX_REGISTERS];
    double m, v;
};

static size_t place_of(struct linear *linear, uint32_t stream)
{
    for (size_t j = linear->streams; j > 0; j--) /* the newest streams are asked for most often */
        if (linear->stream[j - 1] == stream) return 1 + j;
    linear->stream[linear->streams++] = stream;
    return 1 + linear->streams;
}

static void combine(struct linear *linear, const struct quell_op *op)
{
    double *sum = calloc(linear->width, sizeof *sum);
    for (unsigned k = 0; k < op->terms; k++)
        for (size_t j = 0; j < linear->streams + 2; j++)
            sum[j] += op->coefficient[k] * linear->registers[op->in[k]][j];
    for (unsigned j = 0; j < op->noises; j++) {
        size_t place = place_of(linear, op->stream[j]);
        sum[place] += op->coefficient[op->terms + j];
    }
    memcpy(linear->registers[op->out], sum, linear->width * sizeof *sum);
    free(sum);
}

/* mu = m + gain (x - alpha m) */
static void denoise(const struct linear *linear, const struct quell_op *op)
{
    double alpha = op->t.alpha, sigma = op->t.sigma;
    double gain = alpha * linear->v / (alpha * alpha * linear->v + sigma * sigma);
    const double *x = linear->registers[op->in[0]];
    double *mu = linear->registers[op->out];
    for (size_t j = 0; j < linear->width; j++) mu[j] = gain * x[j];
    mu[0] += linear->m * (1 - gain * alpha);
    for (size_t j = 0; j < linear->width && op->apart; j++) mu[j] -= x[j] / alpha;
}

static size_t noises_of(const struct quell_plan *plan)
{
    size_t count = 0;
    for (size_t i = 0; i < plan->count; i++) count += plan->ops[i].noises;
    return count;
}

void order_law(const struct quell_plan *plan, double m, double v, double *mean, double *variance)
{
    size_t most = noises_of(plan);
    struct linear linear = {most + 2, 0, calloc(most + 1, sizeof(uint32_t)), {0}, m, v};
    for (int r = 0; r < QUELL_MAX_REGISTERS; r++)
        linear.registers[r] = calloc(linear.width, sizeof(double));
    linear.registers[QUELL_STATE][0] = *mean;
    linear.registers[QUELL_STATE][1] = sqrt(*variance);
    for (size_t i = 0; i < plan->count; i++) {
        const struct quell_op *op = &plan->ops[i];
        CHECK(op->kind <= QUELL_STEP, "operation %zu of kind %d is not linear", i, (int)op->kind);
        if (op->kind == QUELL_EVAL) denoise(&linear, op);
        if (op->kind == QUELL_COMBINE) combine(&linear, op);
    }
    *mean = linear.registers[QUELL_STATE][0];
    *variance = 0;
    for (size_t j = 1; j < linear.width; j++)
        *variance += linear.registers[QUELL_STATE][j] * linear.registers[QUELL_STATE][j];
    for (int r = 0; r < QUELL_MAX_REGISTERS; r++) free(linear.registers[r]);
    free(linear.stream);
}
