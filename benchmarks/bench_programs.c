/* SPDX-License-Identifier: MIT */
/* Instructions of programs, each alone, in one thread and shared by two, beside what a core can do:
 * fused multiply-adds, or copies of what an instruction reads and writes.
 *
 *     bench_programs [TEXT [SECONDS PER ROW]]
 *
 * TEXT: only rows that have it in their names. The best times count, because a shared machine can
 * only make a run slower. */
#include <pthread.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include "base/memory.h"
#include "bounds.h"
#include "programs/program.h"

/* The instructions are JSON with ' for ". shape: of the sample x, and of a, b, c, which are
 * tensors. */
static const struct row {
    const char *name, *instructions, *shape[4];
} rows[] = {
#include "bench_programs.inc"
};

static double now(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

static bool find(void *user, const char *name, size_t *index)
{
    const struct row *row = user;
    *index = (size_t)(*name - 'a');
    return !name[1] && *index < 3 && row->shape[1 + *index];
}

static bool shape_of(void *user, size_t index, struct quell_shape *shape)
{
    char *at = (char *)(uintptr_t)((const struct row *)user)->shape[1 + index];
    shape->rank = 0;
    while (*at) {
        shape->size[shape->rank++] = strtoul(at, &at, 10);
        if (*at) at++;
    }
    return true;
}

static void fill(float *x, size_t count)
{
    uint64_t state = 1;
    for (size_t i = 0; i < count; i++) {
        state = state * 6364136223846793005u + 1442695040888963407u;
        x[i] = (float)(state >> 40) * 0x1p-23f - 1;
    }
}

/* Small whole numbers, because gather takes them for indices. */
static quell_status read_at(void *user, size_t index, const struct quell_shape *shape, float *out)
{
    const struct row *row = user;
    size_t count = quell_elements(shape);
    fill(out, count);
    for (size_t i = 0; i < count && !strncmp(row->name, "gather", 6); i++)
        out[i] = (float)(i * 7 % 61);
    (void)index;
    return QUELL_OK;
}

static float *floats(size_t count)
{
    float *memory = quell_new(count + 16, sizeof *memory);
    if (!memory) exit(1);
    return memory;
}

/* A program that is measured. most: the longest time to measure; best: seconds of the fastest
 * run. */
struct work {
    struct quell_program program;
    struct quell_room room;
    struct quell_crew crew;
    float *scratch[2];
    double most, best;
    atomic_int stop;
};

static void run_often(void *data, size_t worker, size_t workers)
{
    struct work *work = data;
    struct quell_room room = work->room;
    room.worker = worker, room.workers = workers, room.crew = &work->crew;
    room.scratch = work->scratch[worker];
    for (double end = now() + work->most;;) {
        double begin = now();
        quell_program_run(&work->program, quell_kernels_widest(), QUELL_FROM_SAMPLE, &room);
        quell_crew_meet(&work->crew, worker, workers);
        double took = now() - begin;
        if (!worker && took < work->best) work->best = took;
        if (!worker && now() > end) atomic_store(&work->stop, 1);
        quell_crew_meet(&work->crew, worker, workers);
        if (atomic_load(&work->stop)) return;
    }
}

static void *help(void *data)
{
    quell_crew_help(&((struct work *)data)->crew);
    return NULL;
}

static double time_of(struct work *work, size_t workers)
{
    pthread_t thread;
    memset(&work->crew, 0, sizeof work->crew);
    quell_crew_begin(&work->crew, workers, 100000);
    quell_crew_lead(&work->crew, true);
    if (workers > 1 && pthread_create(&thread, NULL, help, work)) exit(1);
    while (atomic_load(&work->crew.helpers) + 1 < workers) sched_yield();
    work->best = 1e9;
    atomic_store(&work->stop, 0);
    quell_crew_work(&work->crew, run_often, work);
    quell_crew_end(&work->crew);
    if (workers > 1) pthread_join(thread, NULL);
    return work->best;
}

/* Returns the least time in which a core copies that many floats. */
static double copy_time(size_t in, size_t out)
{
    size_t most = in > out ? in : out;
    float *from = floats(most), *to = floats(most);
    double best = 1e9;
    fill(from, most);
    for (int i = 0; i < 30; i++) {
        double begin = now();
        memcpy(to, from, (in + out) / 2 * sizeof *to);
        if (now() - begin < best) best = now() - begin;
    }
    free(from);
    free(to);
    return best;
}

static void bench(const struct row *row, double seconds, double peak)
{
    const struct quell_constants from = {.user = (void *)(uintptr_t)row,
                                         .count = 3,
                                         .find = find,
                                         .shape = shape_of,
                                         .read = read_at};
    static struct work work;
    char text[4096];
    memset(&work, 0, sizeof work);
    snprintf(text, sizeof text, "{'inputs': {'x': [%s]}, 'instructions': [%s], 'output': %zu}",
             row->shape[0], row->instructions, (size_t)(strstr(row->instructions, "}, {") ? 1 : 0));
    for (char *at = text; *at; at++)
        if (*at == '\'') *at = '"';
    if (quell_program_load(&work.program, row->name, "denoise", text, &from)) {
        printf("%s: %s\n", row->name, quell_error_message());
        return;
    }
    size_t in = quell_elements(&work.program.value[0].shape);
    size_t out = quell_elements(&work.program.value[work.program.output].shape);
    float *x = floats(in);
    fill(x, in);
    work.room.samples = 1;
    work.room.input[0] = x;
    work.room.at[QUELL_FROM_SAMPLE] = floats(work.program.floats[QUELL_FROM_SAMPLE]);
    for (size_t i = 0; i < 2; i++)
        work.scratch[i] = floats(work.program.scratch[QUELL_FROM_SAMPLE]);
    work.most = seconds;
    double one = time_of(&work, 1), two = time_of(&work, 2);
    double adds = (double)work.program.multiply_adds[QUELL_FROM_SAMPLE];
    double limit = copy_time(in, out);
    if (adds * 2 / peak > limit) limit = adds * 2 / peak;
    printf("%-34s %9.1f us %8.2f ns/element %7.1f GFLOP/s  %5.1f x limit   two: %.2f\n", row->name,
           1e6 * one, 1e9 * one / (double)out, 2e-9 * adds / one, one / limit, two / one);
    fflush(stdout);
    free(x);
    free(work.room.at[QUELL_FROM_SAMPLE]);
    free(work.scratch[0]);
    free(work.scratch[1]);
    quell_program_free(&work.program);
}

static double peak_of(const char *isa)
{
    const struct bound *bound = bound_of(isa);
    double best = 0;
    for (int i = 0; bound && i < 50; i++) {
        double begin = now(), flops = 2 * bound->fused(200000), rate = flops / (now() - begin);
        if (rate > best) best = rate;
    }
    return best > 0 ? best : 1e9;
}

int main(int argc, char **argv)
{
    double peak = peak_of(quell_kernels_widest()->isa);
    printf("%s, %.0f GFLOP/s of fused multiply-adds in registers\n", quell_kernels_widest()->isa,
           1e-9 * peak);
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
        if (argc < 2 || strstr(rows[i].name, argv[1]))
            bench(&rows[i], argc > 2 ? atof(argv[2]) : 0.2, peak);
    return 0;
}
