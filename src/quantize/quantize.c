/* SPDX-License-Identifier: MIT */
/* quell_quantize: a network whose linear maps and convolutions have weights of eight bits. */
#include "quantize/quantize.h"
#include "base/fail.h"
#include "base/number.h"
#include "base/memory.h"
#include "base/sized.h"
#include "engine/given.h"
#include "engine/threads.h"
#include "io/ending.h"
#include "io/output.h"
#include "models/builtin.h"
#include "models/model.h"
#include "quantize/made.h"
#include "samplers/method.h"

#include <stdlib.h>
#include <string.h>
#include <time.h>

#define STEPS 20
#define COUNT 8
#define LEAST_BOUND 1e-6
#define MOST_BOUND 10.0

size_t quell_quantize_threads(const struct quell_quantizing *q)
{
    if (q->run.parallel) return 1;
    return q->run.threads ? q->run.threads : quell_threads_default();
}

quell_status quell_quantize_load(const struct quell_quantizing *q, quell_model **model)
{
    return quell_model_load(model, q->name);
}

static double seconds_now(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (double)now.tv_sec + 1e-9 * (double)now.tv_nsec;
}

/* Copies the caller's options, or the defaults for NULL, and checks what does not depend on the
 * network. */
static quell_status take_options(struct quell_quantizing *q, const quell_quantize_options *given)
{
    static const struct quell_sized sized = {"quantize", "quell_quantize_options",
                                             "quell_quantize_defaults", NULL};
    q->options = quell_quantize_defaults();
    quell_status status =
        given ? quell_sized_copy(&sized, &q->options, sizeof q->options, given) : QUELL_OK;
    if (!status) status = quell_given(q->options.draw, q->options.run, &q->draw, &q->run);
    if (status) return status;
    if (!q->options.draw) q->draw.count = COUNT;
    if (!q->options.sampler) q->options.sampler = "dpmpp_2m";
    q->sampling = quell_sampler_defaults();
    if (!quell_method_own_steps(q->options.sampler)) q->sampling.steps = STEPS;
    if (!q->options.sampling) q->options.sampling = &q->sampling;
    if (!(q->options.bound >= LEAST_BOUND && q->options.bound <= MOST_BOUND))
        return quell_fail(QUELL_BAD_ARGUMENT, "quantize: bound is %s, must be from %g to %g",
                          QUELL_SAID(q->options.bound), LEAST_BOUND, MOST_BOUND);
    if (q->options.guide && !q->options.guidance)
        return quell_fail(QUELL_BAD_ARGUMENT,
                          "quantize: a guide is given, but no guidance; give both");
    if (q->run.observe)
        return quell_fail(QUELL_BAD_ARGUMENT,
                          "quantize: its runs cannot be observed; leave run.observe out");
    if (q->draw.count == 0)
        return quell_fail(QUELL_BAD_ARGUMENT, "quantize: draw.count is 0, must be 1 or more");
    return QUELL_OK;
}

static quell_status open_model(struct quell_quantizing *q)
{
    size_t length = 0;
    quell_status status = quell_quantize_load(q, &q->model);
    if (status) return status;
    if (!quell_quantize_program(q))
        return quell_fail(QUELL_UNSUPPORTED,
                          "%s: is no network, and has no weights: take a .safetensors network",
                          q->name);
    const void *inside = quell_builtin_file(q->name, &length);
    status = inside ? quell_tensors_open_memory(&q->tensors, q->name, inside, length)
                    : quell_tensors_open(&q->tensors, q->name);
    if (status) return status;
    q->text = quell_tensors_metadata(&q->tensors, "quell");
    q->report.bytes_before = q->tensors.length;
    if (!q->text)
        return quell_fail(QUELL_UNSUPPORTED, "%s: its description must be in the file", q->name);
    return QUELL_OK;
}

/* Allocates memory for the samples and, where each sample has a seed of its own, for other
 * seeds. */
static quell_status make_room(struct quell_quantizing *q)
{
    q->dim = quell_denoiser_dim(q->model->denoiser);
    q->count = q->draw.count;
    size_t elements;
    if (quell_multiply(q->count, q->dim, &elements)) elements = SIZE_MAX;
    q->reference = quell_new(elements, sizeof *q->reference);
    q->samples = quell_new(elements, sizeof *q->samples);
    q->within = quell_new(elements, sizeof *q->within);
    q->seeds = quell_new(q->draw.seeds ? q->count : 0, sizeof *q->seeds);
    if (!q->reference || !q->samples || !q->within || !q->seeds)
        return quell_fail(QUELL_NO_MEMORY, "quantize: no memory for %zu samples", q->count);
    for (size_t i = 0; q->draw.seeds && i < q->count; i++) q->seeds[i] = q->draw.seeds[i] ^ 1;
    return QUELL_OK;
}

/* Reports the progress of one run as a part of the progress of all runs. */
static int tell_progress(void *user, const quell_progress *run)
{
    const struct quell_quantizing *q = user;
    quell_progress all = {q->report.runs * run->total + run->done,
                          quell_quantize_runs(q) * run->total};
    return q->run.progress(q->run.progress_user, &all);
}

static quell_status guide(const struct quell_quantizing *q, quell_model *model)
{
    quell_denoiser *guided = NULL;
    if (!q->options.guidance) return QUELL_OK;
    quell_status status = quell_denoiser_from_guidance(&guided, model->denoiser, q->options.guide,
                                                       q->options.guidance);
    if (status) return status;
    quell_denoiser_free(model->denoiser);
    model->denoiser = guided;
    return QUELL_OK;
}

static quell_status create(const struct quell_quantizing *q, const quell_model *model,
                           quell_sampler **sampler)
{
    quell_schedule *schedule = NULL;
    const char *own = *quell_model_schedule(model) ? quell_model_schedule(model) : "vp";
    quell_status status =
        quell_schedule_create(&schedule, q->options.schedule ? q->options.schedule : own);
    if (!status)
        status = quell_sampler_create(sampler, q->options.sampler, model->denoiser, schedule,
                                      q->options.sampling);
    quell_schedule_free(schedule);
    return status;
}

quell_status quell_quantize_draw(struct quell_quantizing *q, quell_model *model, bool other,
                                 float *x)
{
    quell_sampler *sampler = NULL;
    quell_draw draw = q->draw;
    if (other && draw.seeds)
        draw.seeds = q->seeds;
    else if (other)
        draw.seed ^= 1;
    quell_status status = guide(q, model);
    if (!status) status = create(q, model, &sampler);
    if (!status) status = quell_sample(sampler, &draw, &q->own, x);
    q->report.runs++;
    quell_sampler_free(sampler);
    quell_model_free(model);
    return status;
}

static quell_status draw_reference(struct quell_quantizing *q)
{
    quell_model *model = NULL;
    quell_status status = quell_quantize_load(q, &model);
    return status ? status : quell_quantize_draw(q, model, false, q->reference);
}

static quell_status write_file(struct quell_quantizing *q, const char *path)
{
    struct quell_output output = {.file = -1};
    unsigned char *bytes;
    size_t length;
    quell_status status = quell_quantize_bytes(q, &bytes, &length);
    q->report.bytes_after = length;
    if (!status) {
        status = quell_output_open(&output, path);
        if (!status) status = quell_output_write(&output, bytes, length);
        if (!status) status = quell_output_commit(&output);
        quell_output_discard(&output);
    }
    free(bytes);
    return status;
}

static void count_up(struct quell_quantizing *q)
{
    double all = 0, chosen = 0;
    q->report.instructions = q->candidates;
    for (size_t i = 0; i < q->candidates; i++) {
        all += (double)q->candidate[i].multiply_adds;
        if (!q->chosen[i]) continue;
        chosen += (double)q->candidate[i].multiply_adds;
        q->report.quantized++;
    }
    q->report.share = chosen / all;
}

static quell_status run(struct quell_quantizing *q, const char *out)
{
    double start = seconds_now();
    quell_status status = open_model(q);
    if (!status) status = make_room(q);
    if (!status) status = quell_quantize_find(q);
    q->own = q->run;
    if (q->run.progress) q->own.progress = tell_progress, q->own.progress_user = q;
    if (!status) status = draw_reference(q);
    if (!status) status = quell_quantize_search(q);
    if (!status) status = quell_quantize_compare(q);
    q->report.seconds = seconds_now() - start;
    if (!status) count_up(q);
    return status ? status : write_file(q, out);
}

static void close_all(struct quell_quantizing *q)
{
    for (size_t i = 0; i < q->candidates; i++) {
        free(q->candidate[i].name);
        free(q->candidate[i].bytes);
        free(q->candidate[i].scale);
    }
    free(q->candidate);
    free(q->order);
    free(q->chosen);
    free(q->reference);
    free(q->samples);
    free(q->within);
    free(q->seeds);
    quell_tensors_close(&q->tensors);
    quell_model_free(q->model);
}

quell_status quell_quantize(quell_quantized **made, const char *model, const char *out,
                            const quell_quantize_options *options)
{
    if (!model || !out)
        return quell_fail(QUELL_BAD_ARGUMENT, "quantize: the %s is NULL",
                          model ? "file to write" : "model");
    if (!quell_ending_is(out, ".safetensors"))
        return quell_fail(QUELL_BAD_ARGUMENT,
                          "quantize: out: '%s', must be a name that ends with .safetensors", out);
    struct quell_quantizing q = {.name = model, .report = quell_quantize_report_init()};
    quell_quantized *own = NULL;
    quell_status status = take_options(&q, options);
    if (!status) status = run(&q, out);
    if (!status && made) status = quell_quantized_make(&own, &q);
    if (!status && made) *made = own;
    close_all(&q);
    return status;
}
