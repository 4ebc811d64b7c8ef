/* SPDX-License-Identifier: MIT */
/* A host under a limit, as a program: a child of fork() would not do, as no region is opened there.
 *
 *     quell-under-limit LIMIT VALUE THREADS [before]
 *
 * none 0; tasks N: RLIMIT_NPROC, as nobody; pids FILE: puts itself into the cgroup that has this
 * cgroup.procs; memory BYTES: RLIMIT_AS; data BYTES: RLIMIT_DATA, both beyond what it has;
 * namespace 0: a user namespace, before any thread. With "before" it has drawn before the limit
 * holds, and opens a region of two threads of its own after each run: OpenMP gives the other
 * threads up then, and has to make them anew. Exit code 10: the samples are right, and were drawn
 * in a region of OpenMP's; 11: by other threads; else what was wrong. */
#include "host_draw.h"

#include <omp.h>
#include <sched.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

enum { ROUNDS = 6 };

/* AddressSanitizer's search for leaks makes a process of its own, which the limits forbid. */
const char *__asan_default_options(void);
const char *__asan_default_options(void) { return "detect_leaks=0"; }

static struct host_draw alone, drawn;
static atomic_int in_region;

static int look(void *user, const quell_call *call, const float *input, float *output)
{
    (void)user;
    if (omp_in_parallel()) atomic_store(&in_region, 1);
    memcpy(output, input, call->rows * call->dim * sizeof *output);
    return 0;
}

static quell_status look_for_region(size_t threads)
{
    static float x[256 * 2];
    quell_denoiser *denoiser = NULL;
    quell_schedule *schedule = NULL;
    quell_sampler *sampler = NULL;
    quell_draw draw = quell_draw_defaults();
    quell_run run = quell_run_defaults();
    draw.count = 256, run.tile = 1, run.threads = threads;
    quell_status status = quell_denoiser_from_function(&denoiser, 2, look, NULL, NULL);
    if (!status) status = quell_schedule_create(&schedule, "vp");
    if (!status) status = quell_sampler_create(&sampler, "ddim", denoiser, schedule, NULL);
    if (!status) status = quell_sample_from(sampler, &draw, &run, x);
    quell_sampler_free(sampler);
    quell_schedule_free(schedule);
    quell_denoiser_free(denoiser);
    return status;
}

/* So much more than the column of statm says. */
static int more_than(int column, const char *value, struct rlimit *limit)
{
    unsigned long pages[6] = {0};
    FILE *file = fopen("/proc/self/statm", "r");
    if (!file) return 1;
    int read = fscanf(file, "%lu %lu %lu %lu %lu %lu", &pages[0], &pages[1], &pages[2], &pages[3],
                      &pages[4], &pages[5]);
    fclose(file);
    limit->rlim_cur = pages[column] * (rlim_t)sysconf(_SC_PAGESIZE) + strtoull(value, NULL, 10);
    limit->rlim_max = limit->rlim_cur;
    return read != 6;
}

static int limit_space(const char *value)
{
    struct rlimit limit;
    return more_than(0, value, &limit) || setrlimit(RLIMIT_AS, &limit);
}

static int limit_data(const char *value)
{
    struct rlimit limit;
    return more_than(5, value, &limit) || setrlimit(RLIMIT_DATA, &limit);
}

static int limit_tasks(const char *value)
{
    struct rlimit few = {strtoul(value, NULL, 10), strtoul(value, NULL, 10)};
    return setrlimit(RLIMIT_NPROC, &few) || (!getuid() && setuid(65534));
}

static int join_group(const char *path)
{
    FILE *file = fopen(path, "w");
    if (!file) return 1;
    int wrong = fprintf(file, "%ld\n", (long)getpid()) < 0;
    return fclose(file) || wrong;
}

static int limit(const char *what, const char *value)
{
    if (!strcmp(what, "tasks")) return limit_tasks(value);
    if (!strcmp(what, "pids")) return join_group(value);
    if (!strcmp(what, "memory")) return limit_space(value);
    if (!strcmp(what, "data")) return limit_data(value);
    if (!strcmp(what, "namespace")) return unshare(CLONE_NEWUSER);
    return strcmp(what, "none") != 0;
}

static int own_region(void)
{
    atomic_int threads = 0;
#pragma omp parallel num_threads(2)
    atomic_fetch_add(&threads, 1);
    return threads != 2;
}

static int draw(size_t threads)
{
    if (host_draw(&drawn, threads)) return 3;
    return memcmp(&alone, &drawn, sizeof alone) ? 4 : 0;
}

int main(int count, char **words)
{
    if (count < 4) return 2;
    size_t threads = strtoul(words[3], NULL, 10);
    bool before = count > 4;
    alarm(60);
    if (host_draw(&alone, 1)) return 3;
    int wrong = before && (own_region() || draw(threads)) ? 5 : 0;
    if (!wrong && limit(words[1], words[2])) wrong = 6;
    for (int i = 0; i < ROUNDS && !wrong; i++) {
        wrong = draw(threads);
        if (!wrong && before && own_region()) wrong = 7;
    }
    if (!wrong && look_for_region(threads)) wrong = 8;
    return wrong ? wrong : in_region ? 10 : 11;
}
