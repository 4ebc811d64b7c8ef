/* SPDX-License-Identifier: MIT */
/* Chooses the instructions that get whole weights. First each of them is quantised alone, and whole
 * runs show how far the samples move. Then as many as keep the samples within the bound are
 * quantised together, beginning with those that move the samples least for the work that they
 * save. */
#include "quantize/quantize.h"
#include "base/fail.h"
#include "base/floats.h"
#include "base/memory.h"
#include "models/model.h"
#include "programs/kind.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

/* The greatest number of trials with several quantised instructions, after those with one. */
#define MOST_TRIALS 7

static double square(double value) { return value * value; }

static double deviation_of(size_t count, const float *x)
{
    QUELL_OWN_FLOATS;
    double sum = 0, squares = 0;
    for (size_t i = 0; i < count; i++) sum += (double)x[i];
    for (size_t i = 0; i < count; i++) squares += square((double)x[i] - sum / (double)count);
    return sqrt(squares / (double)count);
}

/* How far samples have moved, in units of the deviation. */
static double moved(const struct quell_quantizing *q)
{
    QUELL_OWN_FLOATS;
    double squares = 0;
    size_t count = q->count * q->dim;
    for (size_t i = 0; i < count; i++)
        squares += square((double)q->samples[i] - (double)q->reference[i]);
    return sqrt(squares / (double)count) / q->report.deviation;
}

/* Draws with the chosen instructions quantised, and sets how far the samples moved. */
static quell_status try_chosen(struct quell_quantizing *q, double *result)
{
    unsigned char *bytes;
    size_t length;
    quell_model *model = quell_new(1, sizeof *model);
    if (!model) return quell_fail(QUELL_NO_MEMORY, "quantize: no memory for a model");
    quell_status status = quell_quantize_bytes(q, &bytes, &length);
    if (!status) status = quell_model_read_memory(model, q->name, bytes, length);
    free(bytes);
    if (!status)
        status = quell_quantize_draw(q, model, false, q->samples);
    else
        quell_model_free(model);
    if (!status) *result = moved(q);
    return status;
}

/* Says why the reader of programs refused a quantised instruction, which then stays float32.
 * Windows that reach too far, for one, are only found when the network is read. */
static const char *refusal(const struct quell_quantizing *q, const struct quell_candidate *c)
{
    const struct quell_program *program = quell_quantize_program(q);
    return program->instruction[c->number].kind == &quell_kind_conv
               ? "has windows that reach too far"
               : "is of a form that whole weights do not have";
}

static quell_status try_each(struct quell_quantizing *q)
{
    quell_status status = QUELL_OK;
    size_t left = 0;
    for (size_t i = 0; i < q->possible && !status; i++) {
        struct quell_candidate *c = &q->candidate[q->order[i]];
        q->chosen[q->order[i]] = true;
        status = try_chosen(q, &c->moves);
        q->chosen[q->order[i]] = false;
        if (status == QUELL_BAD_MODEL) {
            c->possible = false;
            c->why = refusal(q, c);
            status = QUELL_OK;
        } else {
            q->order[left++] = q->order[i];
        }
    }
    if (!status) q->possible = left;
    return status;
}

/* The movement of the samples, squared, for each multiply-add that is saved. */
static double cost_of(const struct quell_candidate *c)
{
    return c->moves * c->moves / (double)c->multiply_adds;
}

static void sort(struct quell_quantizing *q)
{
    for (size_t i = 1; i < q->possible; i++)
        for (size_t k = i;
             k > 0 && cost_of(&q->candidate[q->order[k]]) < cost_of(&q->candidate[q->order[k - 1]]);
             k--) {
            size_t other = q->order[k];
            q->order[k] = q->order[k - 1], q->order[k - 1] = other;
        }
}

static void choose(struct quell_quantizing *q, size_t count)
{
    memset(q->chosen, 0, q->candidates * sizeof *q->chosen);
    for (size_t i = 0; i < count; i++) q->chosen[q->order[i]] = true;
}

/* Returns how many candidates would be within the bound if their movements were independent. */
static size_t guess(const struct quell_quantizing *q)
{
    double squares = 0, most = q->options.bound * q->options.bound;
    size_t count = 0;
    while (count < q->possible && squares <= most)
        squares += square(q->candidate[q->order[count++]].moves);
    return squares > most && count > 1 ? count - 1 : count;
}

/* Finds the number of candidates by bisection, between the most that are known to be within the
 * bound and the fewest that are known not to be. */
static quell_status try_together(struct quell_quantizing *q)
{
    size_t within = 0, beyond = q->possible + 1, count = guess(q);
    quell_status status = QUELL_OK;
    for (size_t trial = 0; trial < MOST_TRIALS && within + 1 < beyond && !status; trial++) {
        double now = 0;
        choose(q, count);
        status = try_chosen(q, &now);
        if (status) return status;
        if (now <= q->options.bound) {
            float *samples = q->samples;
            within = count;
            q->report.moved = now;
            q->samples = q->within;
            q->within = samples;
        } else {
            beyond = count;
        }
        count = (within + beyond) / 2;
        if (beyond > q->possible && trial == 0) count = q->possible;
    }
    if (!within)
        return quell_fail(QUELL_BAD_ARGUMENT,
                          "quantize: bound is %g, and even one of the %zu instructions moves "
                          "samples by more: take a higher bound",
                          q->options.bound, q->possible);
    choose(q, within);
    for (size_t i = within; i < q->possible; i++) q->candidate[q->order[i]].why = "moves samples";
    return QUELL_OK;
}

static quell_status refuse_all(const struct quell_quantizing *q)
{
    const struct quell_candidate *first = q->candidate;
    if (!q->candidates)
        return quell_fail(QUELL_UNSUPPORTED, "%s: has no linear map, convolution or attention",
                          q->name);
    return quell_fail(
        QUELL_UNSUPPORTED,
        "%s: none of its %zu linear maps, convolutions and attentions can have whole numbers: "
        "the first one, instruction %zu, %s",
        q->name, q->candidates, first->number, first->why);
}

size_t quell_quantize_runs(const struct quell_quantizing *q)
{
    return 2 + q->possible + MOST_TRIALS;
}

quell_status quell_quantize_search(struct quell_quantizing *q)
{
    q->report.deviation = deviation_of(q->count * q->dim, q->reference);
    if (!(q->report.deviation > 0))
        return quell_fail(QUELL_UNSUPPORTED, "%s: all elements of its samples are the same",
                          q->name);
    quell_status status = try_each(q);
    if (status) return status;
    if (!q->possible) return refuse_all(q);
    sort(q);
    return try_together(q);
}
