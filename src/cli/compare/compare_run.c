/* SPDX-License-Identifier: MIT */
/* Runs the trials one after the other, and draws the exact samples with which they are compared.
 * The exact samples have a seed of their own, so that they share no noise with a sampler. Samples 0
 * to count - 1 are the reference. The samples after them are further exact draws, whose distance
 * from the reference is the floor. */
#include "cli/cli.h"
#include "cli/compare/compare.h"
#include "cli/interrupt.h"
#include "cli/progress.h"
#include "base/memory.h"
#include "engine/exact.h"
#include "engine/sampler.h"

#include <stdio.h>
#include <stdlib.h>

#define EXACT_SEED 0x9e3779b97f4a7c15u /* added to the seed for exact samples */
#define FLOOR_DRAWS 4

/* What the trials need to be run. */
struct bench {
    struct comparison *comparison;
    struct progress progress;
    struct quell_measure measure;
    struct quell_portrait reference, portrait;
    bool known;          /* `reference` has been drawn, from the law of alpha X + sigma Z */
    double alpha, sigma; /* of that law */
    float *x;
};

static quell_draw draw_of(const struct bench *bench)
{
    quell_draw draw = quell_draw_defaults();
    draw.seed = bench->comparison->options.seed;
    draw.count = bench->comparison->options.count;
    return draw;
}

static quell_run run_of(const struct bench *bench)
{
    quell_run run = quell_run_defaults();
    run.threads = bench->comparison->threads;
    run.isa = bench->comparison->isa;
    return run;
}

static quell_status take_exact(struct bench *bench, uint64_t first, struct quell_portrait *portrait)
{
    quell_draw draw = draw_of(bench);
    quell_run run = run_of(bench);
    draw.seed += EXACT_SEED;
    draw.first = first;
    quell_status status = quell_exact(quell_model_denoiser(bench->comparison->model), &draw, &run,
                                      bench->alpha, bench->sigma, bench->x);
    return status ? status : quell_portrait_take(portrait, &bench->measure, bench->x);
}

/* Computes the floor as the mean over a few draws, because a single draw varies. The floor in the
 * table is that of the first law; for samplers whose grids end elsewhere it is nearly the same. */
static quell_status find_floor(struct bench *bench)
{
    struct comparison *comparison = bench->comparison;
    struct quell_distance *floor = &comparison->floor;
    for (uint64_t draw = 1; draw <= FLOOR_DRAWS; draw++) {
        quell_status status = take_exact(bench, draw * draw_of(bench).count, &bench->portrait);
        if (status) return status;
        struct quell_distance one =
            quell_portrait_distance(&bench->measure, &bench->portrait, &bench->reference);
        floor->wasserstein += one.wasserstein / FLOOR_DRAWS;
        floor->mean += one.mean / FLOOR_DRAWS;
        floor->covariance += one.covariance / FLOOR_DRAWS;
    }
    comparison->spread = quell_portrait_spread(&bench->measure, &bench->reference);
    comparison->alpha = bench->alpha;
    comparison->sigma = bench->sigma;
    return QUELL_OK;
}

/* Draws the reference from the exact law at the grid's last point. */
static quell_status take_reference(struct bench *bench, const quell_point *last)
{
    bool first = !bench->known;
    if (bench->known && bench->alpha == last->alpha && bench->sigma == last->sigma) return QUELL_OK;
    bench->alpha = last->alpha;
    bench->sigma = last->sigma;
    bench->known = true;
    quell_status status = take_exact(bench, 0, &bench->reference);
    return status || !first ? status : find_floor(bench);
}

static quell_status take_samples(struct bench *bench, const quell_sampler *sampler)
{
    quell_draw draw = draw_of(bench);
    quell_run run = run_of(bench);
    run.progress = progress_tick;
    run.progress_user = &bench->progress;
    quell_status status = quell_sample_prior(sampler, &draw, &run, bench->x);
    if (!status && interrupt_signal) status = QUELL_STOPPED;
    return status ? status : quell_sample_from(sampler, &draw, &run, bench->x);
}

/* Samples that are not finite count as a result, and not as a failure. */
static quell_status run_sampler(struct bench *bench, struct trial *trial,
                                const quell_sampler *sampler)
{
    quell_status status = take_reference(bench, &sampler->grid[sampler->steps]);
    if (!status) status = take_samples(bench, sampler);
    if (status == QUELL_NOT_FINITE) return QUELL_OK;
    if (!status) status = quell_portrait_take(&bench->portrait, &bench->measure, bench->x);
    if (status) return status;
    trial->finite = true;
    trial->distance = quell_portrait_distance(&bench->measure, &bench->portrait, &bench->reference);
    return QUELL_OK;
}

static quell_status run_trial(struct bench *bench, struct trial *trial)
{
    struct comparison *comparison = bench->comparison;
    quell_sampler *sampler;
    if (!trial->steps) return QUELL_OK;
    quell_status status =
        comparison_create(comparison, comparison->samplers[trial->sampler], trial->steps, &sampler);
    if (status) return status;
    bench->progress.batch = trial->evaluations * comparison->options.count;
    status = run_sampler(bench, trial, sampler);
    bench->progress.done += bench->progress.batch;
    quell_sampler_free(sampler);
    return status || !interrupt_signal ? status : QUELL_STOPPED;
}

static quell_status run_trials(struct bench *bench)
{
    struct comparison *comparison = bench->comparison;
    size_t trials = comparison->sampler_count * comparison->budget_count, total = 0;
    quell_status status = QUELL_OK;
    for (size_t i = 0; i < trials; i++) total += comparison->trials[i].evaluations;
    progress_begin(&bench->progress, total * comparison->options.count, "evaluations",
                   comparison->options.quiet);
    for (size_t i = 0; i < trials && !status; i++)
        status = run_trial(bench, &comparison->trials[i]);
    progress_end(&bench->progress);
    return status;
}

int comparison_run(struct comparison *comparison)
{
    struct bench bench = {.comparison = comparison};
    size_t dim = quell_denoiser_dim(quell_model_denoiser(comparison->model)),
           count = comparison->options.count;
    quell_status status =
        quell_measure_begin(&bench.measure, dim, count, comparison->threads, &interrupt_signal);
    if (!status) status = quell_portrait_begin(&bench.reference, &bench.measure);
    if (!status) status = quell_portrait_begin(&bench.portrait, &bench.measure);
    int code = status ? complain_status(status) : EXIT_DONE;
    bench.x = code == EXIT_DONE ? quell_new(count, dim * sizeof *bench.x) : NULL;
    if (code == EXIT_DONE && !bench.x)
        code = complain(EXIT_MEMORY, "no memory for %zu samples", count);
    if (code == EXIT_DONE && (status = run_trials(&bench))) code = complain_run(status);
    free(bench.x);
    quell_portrait_free(&bench.portrait);
    quell_portrait_free(&bench.reference);
    quell_measure_free(&bench.measure);
    return code;
}
