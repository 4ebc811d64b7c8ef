/* SPDX-License-Identifier: MIT */
/* The limits of this machine, as JSON: how fast each cache level and memory are read and updated
 * (x = a x + b y, which reads two streams and writes one), and the rates of fused multiply-adds, of
 * multiplications 32 x 32 -> 64, and of multiply-adds of bytes and of bfloat16 numbers where there
 * are instructions for them, on one thread and on all.
 *
 *     limits [ISA]
 *
 * A limit is the fastest of several repeats: a shared machine only ever makes one slower. Bytes
 * count what is read and what is written, not the lines that a write reads first. */
#include "base/memory.h"
#include "bounds.h"
#include "measure.h"
#include "simd/kernels.h"

#include <omp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define REPEATS 7
#define SECONDS 0.02
#define MOST 1024 /* threads */

/* A call takes milliseconds, so that it does not show if a thread wakes late: steps of the chains
 * in registers, and the least number of floats passed over, per thread. */
#define STEPS ((size_t)1000000)
#define WORK ((size_t)1 << 26)

/* What all threads do at the same time, each on its own memory. */
struct job {
    const struct bound *bound;
    int threads;
    size_t count, passes;
    float *x[MOST], *y[MOST];
};

static void fused(void *data)
{
    struct job *job = data;
#pragma omp parallel num_threads(job->threads)
    job->bound->fused(STEPS);
}

static void multiply(void *data)
{
    struct job *job = data;
#pragma omp parallel num_threads(job->threads)
    job->bound->multiply(STEPS);
}

static void dot_bytes(void *data)
{
    struct job *job = data;
#pragma omp parallel num_threads(job->threads)
    job->bound->bytes(STEPS);
}

static void dot_halves(void *data)
{
    struct job *job = data;
#pragma omp parallel num_threads(job->threads)
    job->bound->halves(STEPS);
}

static void read_all(void *data)
{
    struct job *job = data;
#pragma omp parallel num_threads(job->threads)
    {
        int me = omp_get_thread_num();
        for (size_t p = 0; p < job->passes; p += 2) {
            job->bound->read(job->count, job->x[me]);
            job->bound->read(job->count, job->y[me]);
        }
    }
}

static void update_all(void *data)
{
    struct job *job = data;
#pragma omp parallel num_threads(job->threads)
    {
        int me = omp_get_thread_num();
        for (size_t p = 0; p < job->passes; p++)
            job->bound->update(job->count, job->x[me], job->y[me]);
    }
}

static double fastest(void (*body)(void *), struct job *job)
{
    return measure(body, job, REPEATS, SECONDS).least;
}

/* Prints "name": [on one thread, on all], by the `work` that each does. */
static void report(const char *name, void (*body)(void *), struct job *job, int threads,
                   double work, const char *end)
{
    job->threads = 1;
    double one = work / fastest(body, job);
    job->threads = threads;
    printf("\"%s\": [%.5g, %.5g]%s", name, one, (double)threads * work / fastest(body, job), end);
}

/* Each thread allocates and touches its own arrays, so that they are on its node; y begins at
 * another place of a page than x. */
static void allocate(struct job *job, int threads, size_t count)
{
#pragma omp parallel num_threads(threads)
    {
        int me = omp_get_thread_num();
        float *memory = quell_new(2 * count + 64 + 336, sizeof *memory);
        if (!memory) exit(1);
        for (size_t i = 0; i < 2 * count + 400; i++) memory[i] = 1;
        job->x[me] = memory;
        job->y[me] = memory + count + 336;
    }
    job->count = count;
    job->passes = WORK / count / 2 * 2 + 2;
}

static void release(struct job *job, int threads)
{
    for (int t = 0; t < threads; t++) free(job->x[t]);
}

/* Returns the bytes of a data cache of core 0, as the kernel says; 0 if it does not say, or there
 * is none. */
static size_t cache(int wanted)
{
    for (int i = 0; i < 8; i++) {
        static const char *const fields[] = {"level", "type", "size"};
        char text[3][32] = {"", "", ""}, path[96];
        for (int f = 0; f < 3; f++) {
            snprintf(path, sizeof path, "/sys/devices/system/cpu/cpu0/cache/index%d/%s", i,
                     fields[f]);
            FILE *file = fopen(path, "r");
            if (!file) return 0;
            if (!fgets(text[f], sizeof text[f], file)) text[f][0] = 0;
            fclose(file);
        }
        if (atoi(text[0]) == wanted && strncmp(text[1], "Instruction", 11))
            return (size_t)atol(text[2]) << (strchr(text[2], 'M') ? 20 : 10);
    }
    return 0;
}

static size_t cache_or(int level, size_t usual)
{
    size_t size = cache(level);
    return size ? size : usual;
}

/* A level of cache is measured with half of it in use, and all threads share the last one; memory
 * is measured with four times the last level. */
static void report_place(struct job *job, const char *name, size_t bytes, int threads)
{
    size_t count = bytes / 2 / sizeof(float) / 64 * 64;
    allocate(job, threads, count);
    double passed = (double)job->count * (double)job->passes * sizeof(float) * 1e-9;
    printf("  {\"place\": \"%s\", \"bytes\": %zu, ", name, bytes);
    report("read", read_all, job, threads, passed, ", ");
    report("update", update_all, job, threads, 3 * passed, strcmp(name, "memory") ? "},\n" : "}\n");
    release(job, threads);
}

static const char *choose(const char *isa)
{
    const struct quell_kernels *kernels, *best = NULL;
    for (size_t i = 0; (kernels = quell_kernels_at(i)); i++)
        if (quell_kernels_available(kernels) && (!isa || !strcmp(isa, kernels->isa)))
            best = kernels;
    return best ? best->isa : NULL;
}

int main(int argc, char **argv)
{
    struct job job = {0};
    const char *isa = choose(argc > 1 ? argv[1] : NULL);
    int threads = omp_get_max_threads() < MOST ? omp_get_max_threads() : MOST;
    job.bound = isa ? bound_of(isa) : NULL;
    if (!job.bound) {
        fprintf(stderr, "no limits are known for %s\n", isa ? isa : "this machine");
        return 1;
    }
    printf("{\"isa\": \"%s\", \"threads\": %d,\n", isa, threads);
    report("fused_gflops", fused, &job, threads, 2e-9 * job.bound->fused(STEPS), ",\n");
    report("multiply_giga", multiply, &job, threads, 1e-9 * job.bound->multiply(STEPS), ",\n");
    if (job.bound->bytes)
        report("byte_giga", dot_bytes, &job, threads, 1e-9 * job.bound->bytes(STEPS), ",\n");
    if (job.bound->halves)
        report("half_giga", dot_halves, &job, threads, 1e-9 * job.bound->halves(STEPS), ",\n");
    printf("\"gigabytes\": [\n");
    size_t last = cache(3), rest = last ? 4 * last : (size_t)256 << 20;
    report_place(&job, "L1", cache_or(1, 32768) / 2, threads);
    report_place(&job, "L2", cache_or(2, 524288) / 2, threads);
    if (last) report_place(&job, "L3", last / 2 / (size_t)threads, threads);
    report_place(&job, "memory", rest / (size_t)threads, threads);
    printf("]}\n");
    return 0;
}
