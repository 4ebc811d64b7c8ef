/* SPDX-License-Identifier: MIT */
/* The noise and the update kernels on one core, beside what the core and its memory can do at all,
 * measured in the same run.
 *
 *     bench_kernels [--json] [ISA]
 *
 * Every figure is the median of several repeats, with the least and the greatest. GB/s
 * count what is read and what is written, not the lines that a write reads first. */
#include "base/memory.h"
#include "bounds.h"
#include "measure.h"
#include "simd/kernels.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define REPEATS 15
#define SECONDS 0.01
#define LONGEST ((size_t)1 << 24) /* 64 MiB, more than caches hold */
#define BLOCKS 1024               /* 16 KiB of normals: half of a first-level cache */

static int json, rows;

/* Measures one figure: `work` of `unit` per second, and the time for one of `elements`. Each call
 * of body does both. */
static void report(const char *isa, const char *what, const char *unit, double work,
                   double elements, void (*body)(void *), void *data)
{
    struct measure time = measure(body, data, REPEATS, SECONDS);
    double median = work / time.median, low = work / time.greatest, high = work / time.least;
    double each = 1e9 * time.median / elements;
    if (json)
        printf("%s\n  {\"isa\": \"%s\", \"what\": \"%s\", \"unit\": \"%s\", \"median\": %.6g, "
               "\"low\": %.6g, \"high\": %.6g, \"ns_per_element\": %.6g}",
               rows++ ? "," : "", isa, what, unit, median, low, high, each);
    else
        printf("%-7s %-32s %8.1f %-9s (%.1f to %.1f), %.4f ns each\n", isa, what, median, unit, low,
               high, each);
}

struct noise_job {
    const struct quell_kernels *kernels;
    struct quell_noise_at at;
    void *out;
};

static void draw_words(void *data)
{
    struct noise_job *job = data;
    job->kernels->philox(&job->at, BLOCKS, job->out);
    job->at.sample++;
}

static void draw_normals(void *data)
{
    struct noise_job *job = data;
    job->kernels->normals(&job->at, BLOCKS, job->out);
    job->at.sample++;
}

static void draw_pairs(void *data)
{
    struct noise_job *job = data;
    job->kernels->normal_pairs(&job->at, BLOCKS, job->out);
    job->at.sample += BLOCKS;
}

static void bench_noise(const struct quell_kernels *kernels, void *memory)
{
    struct noise_job job = {kernels, {1, 0, 1, 0, BLOCKS}, memory};
    report(kernels->isa, "Philox words", "million/s", 4e-6 * BLOCKS, 4 * BLOCKS, draw_words, &job);
    report(kernels->isa, "normals, large samples", "million/s", 4e-6 * BLOCKS, 4 * BLOCKS,
           draw_normals, &job);
    job.at.blocks = 3;
    report(kernels->isa, "normals, samples of 12", "million/s", 4e-6 * BLOCKS, 4 * BLOCKS,
           draw_normals, &job);
    job.at.blocks = 1;
    report(kernels->isa, "normals, samples of 2", "million/s", 2e-6 * BLOCKS, 2 * BLOCKS,
           draw_pairs, &job);
}

struct stream_job {
    const struct quell_kernels *kernels;
    size_t count, inputs;
    float *out;
    const float *in[QUELL_MAX_INPUTS];
};

static void run_combine(void *data)
{
    static const float c[QUELL_MAX_INPUTS] = {0.5f, 0.3f, 0.2f, 0.1f, 0.1f, 0.1f, 0.1f, 0.1f};
    struct stream_job *job = data;
    job->kernels->combine(job->out, job->count, job->inputs, c, job->in);
}

static void run_update(void *data)
{
    static const float c[QUELL_MAX_INPUTS] = {-0.5f, 0.3f, 0.2f, 0.1f, 0.1f, 0.1f, 0.1f, 0.1f};
    struct stream_job *job = data;
    job->kernels->update(job->out, job->count, job->inputs, c, job->in);
}

/* The bound: the same streams, and the least that a pass over them can do. That is additions
 * without a check, where the first input is also the output, as in a sampler's update. */
#define STREAM(isa, flags)                                                                 \
    __attribute__((target(flags))) static void stream_##isa(void *data)                    \
    {                                                                                      \
        const struct stream_job *job = data;                                               \
        const size_t count = job->count;                                                   \
        float *out = job->out;                                                             \
        const float *a = job->in[1], *b = job->in[2];                                      \
        if (job->inputs == 2)                                                              \
            _Pragma("GCC ivdep") for (size_t i = 0; i < count; i++) out[i] += a[i];        \
        else                                                                               \
            _Pragma("GCC ivdep") for (size_t i = 0; i < count; i++) out[i] += a[i] + b[i]; \
    }

/* gcc only: no bound is better than one that is none. */
#if defined(__clang__)
#elif defined(__x86_64__)
STREAM(avx2, "avx2,fma")
STREAM(avx512, "avx512f,avx512vl,avx512dq,avx512bw,fma,prefer-vector-width=512")
#elif defined(__aarch64__)
STREAM(neon, "arch=armv8-a")
#endif

static const struct {
    const char *isa; /* of a row of the kernels' table */
    void (*pass)(void *);
} streams[] = {
#if defined(__clang__)
#elif defined(__x86_64__)
    {"avx2", stream_avx2},
    {"avx512", stream_avx512},
#elif defined(__aarch64__)
    {"neon", stream_neon},
#endif
    {NULL, NULL}};

static void (*stream_of(const char *isa))(void *)
{
    size_t i = 0;
    while (streams[i].isa && strcmp(streams[i].isa, isa)) i++;
    return streams[i].pass;
}

#define STEPS ((size_t)100000)

static void run_fused(void *data)
{
    const struct bound *bound = data;
    bound->fused(STEPS);
}

static void bench_streams(const struct quell_kernels *kernels, float *const *memory)
{
    static const struct {
        size_t count;
        const char *name;
    } places[] = {{2048, "L1"}, {49152, "L2"}, {LONGEST, "memory"}};
    for (size_t p = 0; p < 3; p++)
        for (size_t inputs = 2; inputs <= 3; inputs++) {
            struct stream_job job = {
                kernels, places[p].count, inputs, memory[0], {memory[0], memory[1], memory[2]}};
            double elements = (double)job.count, gigabytes = 4e-9 * elements * (double)(inputs + 1);
            char what[64];
            snprintf(what, sizeof what, "combine %zu inputs, %s", inputs, places[p].name);
            report(kernels->isa, what, "GB/s", gigabytes, elements, run_combine, &job);
            snprintf(what, sizeof what, "update %zu inputs, %s", inputs, places[p].name);
            report(kernels->isa, what, "GB/s", gigabytes, elements, run_update, &job);
            snprintf(what, sizeof what, "  bound: %zu streams in, 1 out", inputs);
            if (stream_of(kernels->isa))
                report(kernels->isa, what, "GB/s", gigabytes, elements, stream_of(kernels->isa),
                       &job);
        }
}

static void bench(const struct quell_kernels *kernels, float *const *memory)
{
    struct bound bound = {.fused = NULL};
    if (bound_of(kernels->isa)) {
        bound = *bound_of(kernels->isa);
        double fused = bound.fused(STEPS);
        report(kernels->isa, "bound: multiply-adds in registers", "billion/s", 1e-9 * fused, fused,
               run_fused, &bound);
    }
    bench_noise(kernels, memory[0]);
    bench_streams(kernels, memory);
}

int main(int argc, char **argv)
{
    const struct quell_kernels *kernels;
    const char *only = NULL;
    for (int i = 1; i < argc; i++)
        if (strcmp(argv[i], "--json") == 0)
            json = 1;
        else
            only = argv[i];
    float *memory[3];
    for (size_t m = 0; m < 3; m++) {
        memory[m] = quell_new(LONGEST + 1024, sizeof(float));
        if (!memory[m]) return 1;
        memory[m] += 336 * m; /* arrays begin at different places of a page */
    }
    fputs(json ? "[" : "", stdout);
    for (size_t i = 0; (kernels = quell_kernels_at(i)); i++)
        if (quell_kernels_available(kernels) && (!only || strcmp(only, kernels->isa) == 0))
            bench(kernels, memory);
    fputs(json ? "\n]\n" : "", stdout);
    return 0;
}
