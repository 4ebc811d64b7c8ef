/* SPDX-License-Identifier: MIT */
/* Whole runs: nanoseconds per element and step, for DDIM and DDPM over the usual shapes, with a
 * denoiser of no cost (the update alone) and with exact ones; scaling in threads; and beside them
 * the machine's limit measured in the same run, one pass x = a x + b y over memory.
 *
 *     bench_sampling [--quick] */
#include "measure.h"
#include <quell/quell.h>

#include <omp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define STEPS 64

struct shape {
    size_t count, dim;
};

static const struct shape shapes[] = {{65536, 2}, {4096, 64}, {1024, 3072}, {64, 196608}, {1, 64}};

static int repeats = 7;
static double seconds = 0.2;

/* A denoiser that costs nothing: it leaves its output as the register was, which is zeros. */
static int nothing(void *user, const quell_call *call, const float *x, float *out)
{
    (void)user, (void)call, (void)x, (void)out;
    return 0;
}

struct job {
    quell_sampler *sampler;
    quell_draw draw;
    quell_run run;
    float *x;
};

static void forward(void *data)
{
    struct job *job = data;
    if (quell_sample_from(job->sampler, &job->draw, &job->run, job->x)) {
        fprintf(stderr, "%s\n", quell_error_message());
        exit(1);
    }
}

static void die_unless(int ok)
{
    if (ok) return;
    fprintf(stderr, "%s\n", quell_error_message());
    exit(1);
}

static void run(const char *name, quell_denoiser *denoiser, const char *spec, struct shape shape,
                size_t threads)
{
    quell_schedule *schedule;
    struct job job = {.draw = quell_draw_defaults(), .run = quell_run_defaults()};
    quell_sampler_options options = quell_sampler_defaults();
    options.steps = STEPS;
    die_unless(!quell_schedule_create(&schedule, "vp") &&
               !quell_sampler_create(&job.sampler, spec, denoiser, schedule, &options));
    job.draw.count = shape.count;
    job.run.threads = threads;
    job.x = malloc(shape.count * shape.dim * sizeof *job.x);
    die_unless(job.x && !quell_sample_prior(job.sampler, &job.draw, &job.run, job.x));
    struct measure time = measure(forward, &job, repeats, seconds);
    double unit = 1e9 / ((double)shape.count * (double)shape.dim * STEPS);
    printf("%-12s %-6s %7zu x %-7zu %zu  %8.4f  (%.4f to %.4f) ns   %10.1f us/step\n", name, spec,
           shape.count, shape.dim, threads, time.median * unit, time.least * unit,
           time.greatest * unit, time.median * 1e6 / STEPS);
    free(job.x);
    quell_sampler_free(job.sampler);
    quell_schedule_free(schedule);
}

static void run_all(const char *name, quell_denoiser *denoiser, struct shape shape, size_t most)
{
    for (size_t threads = 1; threads <= most; threads++) {
        run(name, denoiser, "ddim", shape, threads);
        run(name, denoiser, "ddpm", shape, threads);
    }
    quell_denoiser_free(denoiser);
}

struct stream {
    size_t count;
    float *x, *y;
};

static void pass(void *data)
{
    struct stream *s = data;
#pragma omp parallel for schedule(static)
    for (size_t i = 0; i < s->count; i++) s->x[i] = 0.5f * s->x[i] + 0.25f * s->y[i];
}

static void limit(size_t count)
{
    struct stream s = {count, malloc(count * sizeof(float)), malloc(count * sizeof(float))};
    for (size_t i = 0; s.x && s.y && i < count; i++) s.x[i] = s.y[i] = 1;
    if (!s.x || !s.y) exit(1);
    struct measure time = measure(pass, &s, repeats, seconds);
    printf("limit: x = a x + b y from memory, %.4f ns per element (%.1f GB/s), %d threads\n",
           time.median * 1e9 / (double)count, 12e-9 * (double)count / time.median,
           omp_get_max_threads());
    free(s.x);
    free(s.y);
}

static quell_denoiser *grid25(void)
{
    double weights[25], means[50], variances[25];
    for (int k = 0; k < 25; k++) {
        weights[k] = 1;
        variances[k] = 0.0025;
        means[2 * k] = 2.0 * (k % 5 - 2);
        means[2 * k + 1] = 2.0 * (k / 5 - 2);
    }
    quell_denoiser *denoiser;
    die_unless(!quell_denoiser_from_mixture(&denoiser, 25, 2, weights, means, variances));
    return denoiser;
}

int main(int argc, char **argv)
{
    if (argc > 1 && !strcmp(argv[1], "--quick")) repeats = 3, seconds = 0.05;
    size_t threads = (size_t)omp_get_max_threads();
    limit(1 << 26);
    printf("%-12s %-6s %17s %s  per element and step, T = %d\n", "denoiser", "", "count x dim",
           "threads", STEPS);
    for (size_t i = 0; i < sizeof shapes / sizeof *shapes; i++) {
        size_t most = shapes[i].count > 1 ? threads : 1;
        quell_denoiser *denoiser;
        die_unless(!quell_denoiser_from_function(&denoiser, shapes[i].dim, nothing, NULL, NULL));
        run_all("none", denoiser, shapes[i], most);
        die_unless(!quell_denoiser_from_isotropic(&denoiser, shapes[i].dim, NULL, 1));
        run_all("isotropic", denoiser, shapes[i], most);
    }
    run_all("grid25", grid25(), shapes[0], threads);
    return 0;
}
