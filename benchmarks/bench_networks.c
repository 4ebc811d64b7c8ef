/* SPDX-License-Identifier: MIT */
/* Networks in runs of DDIM: milliseconds an evaluation, without guidance and guided by themselves.
 *
 *     bench_networks [TEXT [SAMPLES [THREADS [SECONDS]]]]
 *
 * TEXT: only networks that have it in their names ("glyphs" is builtin:glyphs). */
#include "made_networks.h"
#include "measure.h"
#include <quell/quell.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define STEPS 4

static double seconds = 0.2;

static void must(quell_status status)
{
    if (!status) return;
    fprintf(stderr, "%s\n", quell_error_message());
    exit(1);
}

struct job {
    quell_sampler *sampler;
    quell_draw draw;
    quell_run run;
    float *x;
};

static void draw(void *data)
{
    struct job *job = data;
    must(quell_sample(job->sampler, &job->draw, &job->run, job->x));
}

static struct measure measured(const quell_denoiser *denoiser, size_t count, size_t threads)
{
    quell_schedule *schedule;
    quell_sampler_options options = quell_sampler_defaults();
    struct job job = {.draw = quell_draw_defaults(), .run = quell_run_defaults()};
    int32_t *classes = malloc(count * sizeof *classes);
    options.steps = STEPS;
    must(quell_schedule_create(&schedule, "cosine"));
    must(quell_sampler_create(&job.sampler, "ddim", denoiser, schedule, &options));
    for (size_t i = 0; i < count; i++) classes[i] = (int32_t)(i * 10 / count);
    job.draw.count = count;
    job.draw.classes = classes;
    job.run.threads = threads;
    job.x = malloc(count * quell_denoiser_dim(denoiser) * sizeof *job.x);
    struct measure time = measure(draw, &job, 7, seconds);
    free(job.x);
    free(classes);
    quell_sampler_free(job.sampler);
    quell_schedule_free(schedule);
    return time;
}

static void bench(const char *name, const quell_denoiser *denoiser, size_t count, size_t threads)
{
    quell_denoiser *guided;
    quell_guidance guidance = quell_guidance_defaults();
    guidance.weight = 2;
    must(quell_denoiser_from_guidance(&guided, denoiser, NULL, &guidance));
    struct measure plain = measured(denoiser, count, threads);
    struct measure by_itself = measured(guided, count, threads);
    const double ms = 1e3 / STEPS;
    printf("%-26s %4zu samples %zu threads: %8.3f (%.3f to %.3f)  guided %8.3f (%.3f to %.3f) ms, "
           "%.2f times\n",
           name, count, threads, ms * plain.median, ms * plain.least, ms * plain.greatest,
           ms * by_itself.median, ms * by_itself.least, ms * by_itself.greatest,
           by_itself.median / plain.median);
    fflush(stdout);
    quell_denoiser_free(guided);
}

static void bench_some(const char *name, const quell_denoiser *denoiser, size_t only_count,
                       size_t only_threads)
{
    const size_t counts[] = {1, 8, 64};
    for (size_t i = 0; i < (only_count ? 1 : 3); i++)
        for (size_t threads = 1; threads <= 2; threads++)
            if (!only_threads || only_threads == threads)
                bench(name, denoiser, only_count ? only_count : counts[i], threads);
}

int main(int argc, char **argv)
{
    const char *text = argc > 1 ? argv[1] : "";
    size_t count = argc > 2 ? strtoul(argv[2], NULL, 10) : 0;
    size_t threads = argc > 3 ? strtoul(argv[3], NULL, 10) : 0;
    if (argc > 4) seconds = atof(argv[4]);
    for (size_t i = 0; made_network_name(i); i++) {
        if (!strstr(made_network_name(i), text)) continue;
        quell_denoiser *denoiser = made_network(i);
        bench_some(made_network_name(i), denoiser, count, threads);
        quell_denoiser_free(denoiser);
    }
    if (strstr("builtin:glyphs", text)) {
        quell_model *model;
        must(quell_model_load(&model, "builtin:glyphs"));
        bench_some("builtin:glyphs", quell_model_denoiser(model), count, threads);
        quell_model_free(model);
    }
    return 0;
}
