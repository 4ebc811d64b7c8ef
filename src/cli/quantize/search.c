/* SPDX-License-Identifier: MIT */
/* Chooses the instructions that get whole weights. Each is tried alone, on whole runs: how far the
 * samples move. Those that move them least for the work that they save are then taken together, as
 * many as keep the samples within the bound. */
#include "base/memory.h"
#include "cli/cli.h"
#include "cli/quantize/quantize.h"
#include "models/model.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

/* Runs with several of them at most, after those with one. */
#define MOST_TRIALS 7

static double deviation_of(size_t count, const float *x)
{
    double sum = 0, squares = 0;
    for (size_t i = 0; i < count; i++) sum += (double)x[i];
    for (size_t i = 0; i < count; i++) squares += pow((double)x[i] - sum / (double)count, 2);
    return sqrt(squares / (double)count);
}

/* How far samples have moved, in units of the deviation. */
static double moved(const struct quantizing *q)
{
    double squares = 0;
    size_t count = q->count * q->dim;
    for (size_t i = 0; i < count; i++)
        squares += pow((double)q->samples[i] - (double)q->reference[i], 2);
    return sqrt(squares / (double)count) / q->deviation;
}

/* Draws with the weights that are chosen. */
static int try_chosen(struct quantizing *q, double *result)
{
    unsigned char *bytes;
    size_t length;
    quell_model *model = quell_new(1, sizeof *model);
    if (!model) return complain(EXIT_MEMORY, "no memory for a model");
    int code = quantize_bytes(q, &bytes, &length);
    if (code == EXIT_DONE) {
        quell_status status = quell_model_read_memory(model, q->options.model, bytes, length);
        if (status) code = complain_input(EXIT_MODEL, status);
    }
    free(bytes);
    if (code == EXIT_DONE)
        code = quantize_draw(q, model, q->options.seed, q->samples);
    else
        quell_model_free(model);
    *result = moved(q);
    q->bytes_after = length;
    return code;
}

static int try_each(struct quantizing *q)
{
    int code = EXIT_DONE;
    for (size_t i = 0; i < q->possible && code == EXIT_DONE; i++) {
        struct candidate *c = &q->candidate[q->order[i]];
        q->chosen[q->order[i]] = true;
        code = try_chosen(q, &c->moves);
        q->chosen[q->order[i]] = false;
    }
    return code;
}

/* What a move costs for the work that is saved. */
static double cost_of(const struct candidate *c)
{
    return c->moves * c->moves / (double)c->multiply_adds;
}

static void sort(struct quantizing *q)
{
    for (size_t i = 1; i < q->possible; i++)
        for (size_t k = i;
             k > 0 && cost_of(&q->candidate[q->order[k]]) < cost_of(&q->candidate[q->order[k - 1]]);
             k--) {
            size_t other = q->order[k];
            q->order[k] = q->order[k - 1], q->order[k - 1] = other;
        }
}

static void choose(struct quantizing *q, size_t count)
{
    memset(q->chosen, 0, q->candidates * sizeof *q->chosen);
    for (size_t i = 0; i < count; i++) q->chosen[q->order[i]] = true;
}

/* As many as would be within the bound if their moves had nothing to do with each other. */
static size_t guess(const struct quantizing *q)
{
    double squares = 0, most = q->options.bound * q->options.bound;
    size_t count = 0;
    while (count < q->possible && squares <= most)
        squares += pow(q->candidate[q->order[count++]].moves, 2);
    return squares > most && count > 1 ? count - 1 : count;
}

/* By halves between the most that are known to be within the bound and the fewest that are not. */
static int try_together(struct quantizing *q)
{
    size_t within = 0, beyond = q->possible + 1, count = guess(q);
    int code = EXIT_DONE;
    for (size_t trial = 0; trial < MOST_TRIALS && within + 1 < beyond && code == EXIT_DONE;
         trial++) {
        double now;
        choose(q, count);
        code = try_chosen(q, &now);
        if (now <= q->options.bound) {
            float *samples = q->samples;
            within = count;
            q->moved = now;
            q->samples = q->within;
            q->within = samples;
        } else {
            beyond = count;
        }
        count = (within + beyond) / 2;
        if (beyond > q->possible && trial == 0) count = q->possible;
    }
    if (code != EXIT_DONE) return code;
    if (!within) {
        progress_end(&q->progress);
        return complain(EXIT_USAGE,
                        "--bound %g: even one of the %zu instructions moves samples by more: take "
                        "a higher bound",
                        q->options.bound, q->possible);
    }
    choose(q, within);
    for (size_t i = within; i < q->possible; i++) q->candidate[q->order[i]].why = "moves samples";
    return EXIT_DONE;
}

size_t quantize_runs(const struct quantizing *q) { return 2 + q->possible + MOST_TRIALS; }

int quantize_search(struct quantizing *q)
{
    q->deviation = deviation_of(q->count * q->dim, q->reference);
    if (!q->possible || !(q->deviation > 0)) progress_end(&q->progress);
    if (!q->possible)
        return complain(EXIT_USAGE, "--model %s: has no linear map or convolution to quantise",
                        q->options.model);
    if (!(q->deviation > 0))
        return complain(EXIT_USAGE, "--model %s: all elements of its samples are the same",
                        q->options.model);
    int code = try_each(q);
    if (code != EXIT_DONE) return code;
    sort(q);
    return try_together(q);
}
