/* SPDX-License-Identifier: MIT */
/* OpenMP is the default: functions of the host's find themselves in a parallel region, where it is
 * certain that one can be had; and where it is not, the host lives on, with the same samples. Whole
 * programs under limits (under_limit.c), as a child of fork() opens no region. */
#include "effort.h"
#include "engine/tasks.h"
#include "harness.h"
#include "host_draw.h"
#include "models.h"
#include "sanitized.h"

#include <errno.h>
#include <fcntl.h>
#include <omp.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

enum { REGION = 10, OTHERS = 11, PLENTY = 20000 };

static size_t tasks_left(void)
{
    size_t machine = quell_tasks_of_machine(), groups = quell_tasks_of_groups();
    return machine < groups ? machine : groups;
}

/* In a container, or with few tasks left, there are none for sure. */
static bool can_be_certain(void)
{
    bool certain = !is_emulated() && tasks_left() > PLENTY;
    if (!certain) fprintf(stderr, "no regions of OpenMP here: not tested\n");
    return certain;
}

struct seen {
    atomic_int outside, numbers[4], wrong;
};

/* Each waits a little, so that all take part. */
static int look(void *user, const quell_call *call, const float *input, float *output)
{
    struct seen *seen = user;
    int number = omp_get_thread_num();
    usleep(2000);
    if (!omp_in_parallel()) atomic_store(&seen->outside, 1);
    if (omp_get_max_threads() != 1 || number < 0 || number > 3 || omp_get_num_threads() != 4)
        atomic_store(&seen->wrong, 1);
    else
        atomic_fetch_or(&seen->numbers[call->worker], 1 << number);
    memcpy(output, input, call->rows * call->dim * sizeof *output);
    return 0;
}

/* A worker is one thread for the whole run, and no two are the same. */
TEST(regions, by_default)
{
    static float x[64 * 2];
    struct seen seen = {0};
    int all = 0;
    quell_denoiser *denoiser = NULL;
    quell_schedule *schedule = NULL;
    quell_sampler *sampler = NULL;
    quell_sampler_options options = quell_sampler_defaults();
    quell_draw draw = quell_draw_defaults();
    quell_run run = quell_run_defaults();
    options.steps = 2, draw.count = 64, run.tile = 1, run.threads = 4;
    if (!can_be_certain()) return;
    MUST(quell_denoiser_from_function(&denoiser, 2, look, &seen, NULL));
    MUST(quell_schedule_create(&schedule, "vp"));
    MUST(quell_sampler_create(&sampler, "ddim", denoiser, schedule, &options));
    MUST(quell_sample_from(sampler, &draw, &run, x));
    CHECK(!seen.outside, "outside of a parallel region");
    CHECK(!seen.wrong, "OpenMP's numbers");
    for (int i = 0; i < 4; i++) {
        int numbers = seen.numbers[i];
        CHECK(numbers && !(numbers & (numbers - 1)) && !(all & numbers),
              "worker %d: threads %x, %x", i, (unsigned)numbers, (unsigned)all);
        all |= numbers;
    }
    omp_set_max_active_levels(0);
    MUST(quell_sample_from(sampler, &draw, &run, x));
    omp_set_max_active_levels(1);
    CHECK(seen.outside, "a region, where the host allows none");
    quell_sampler_free(sampler);
    quell_schedule_free(schedule);
    quell_denoiser_free(denoiser);
}

static int is_told(void *user, const quell_progress *progress)
{
    struct seen *seen = user;
    atomic_fetch_add(&seen->numbers[0], 1);
    if (omp_in_parallel()) atomic_store(&seen->wrong, 1);
    return progress->done > progress->total;
}

/* To be told of progress a brief run needs no region, so that it ends as soon as one without. */
TEST(regions, not_for_progress)
{
    static float x[256 * 2];
    struct seen seen = {0};
    quell_denoiser *denoiser = NULL;
    quell_schedule *schedule = NULL;
    quell_sampler *sampler = NULL;
    quell_draw draw = quell_draw_defaults();
    quell_run run = quell_run_defaults();
    draw.count = 256, run.tile = 1, run.threads = 4;
    run.progress = is_told, run.progress_user = &seen;
    MUST(quell_denoiser_from_isotropic(&denoiser, 2, NULL, 1.0));
    MUST(quell_schedule_create(&schedule, "vp"));
    MUST(quell_sampler_create(&sampler, "ddim", denoiser, schedule, NULL));
    MUST(quell_sample_from(sampler, &draw, &run, x));
    CHECK(seen.numbers[0] && !seen.wrong, "a region for %d calls", seen.numbers[0]);
    quell_sampler_free(sampler);
    quell_schedule_free(schedule);
    quell_denoiser_free(denoiser);
}

static pid_t start(const char *limit, const char *value, const char *threads, const char *before)
{
    const char *program = getenv("QUELL_UNDER_LIMIT");
    CHECK(program, "QUELL_UNDER_LIMIT is not set: the program to start");
    pid_t child = fork();
    if (child) return child;
    execl(program, program, limit, value, threads, before, (char *)NULL);
    _exit(126);
}

static int end(pid_t child)
{
    int status = 0;
    while (waitpid(child, &status, 0) < 0 && errno == EINTR) continue;
    return WIFEXITED(status) ? WEXITSTATUS(status) : -WTERMSIG(status);
}

/* The exit code must be 10 or 11, and `expected` unless that is 0. */
static void check(const char *limit, size_t value, const char *before, int expected)
{
    char number[32];
    snprintf(number, sizeof number, "%zu", value);
    int status = end(start(limit, number, "6", before));
    CHECK(status == REGION || status == OTHERS, "%s %zu: status %d", limit, value, status);
    CHECK(!expected || status == expected, "%s %zu: status %d, expected %d", limit, value, status,
          expected);
}

TEST(regions, without_limits)
{
    if (!can_be_certain()) return;
    check("none", 0, NULL, REGION);
    check("none", 0, "before", REGION);
}

/* Up to thousands of tasks beyond those of the machine no region is tried. */
TEST(regions, tasks)
{
    if (is_emulated()) return;
    for (size_t limit = 1; limit < 4000; limit = limit < 12 ? limit + 1 : 3 * limit) {
        check("tasks", limit, NULL, OTHERS);
        check("tasks", limit, "before", OTHERS);
    }
    if (can_be_certain()) check("tasks", tasks_left(), NULL, REGION);
}

static void check_many(const char *limit, const char *value)
{
    pid_t children[8];
    for (size_t i = 0; i < 8; i++) children[i] = start(limit, value, "9", i % 2 ? "before" : NULL);
    for (size_t i = 0; i < 8; i++) {
        int status = end(children[i]);
        CHECK(status == OTHERS, "of 8 processes, %s %s: status %d", limit, value, status);
    }
}

TEST(regions, many_processes)
{
    if (is_emulated() || THREAD_SANITIZED) return;
    check_many("tasks", "20");
    check_many("tasks", "40");
}

TEST(regions, memory)
{
    if (is_emulated() || ADDRESS_SANITIZED || THREAD_SANITIZED) return;
    for (size_t megabytes = 1; megabytes < 3000; megabytes += 1 + megabytes / 2) {
        check("memory", megabytes << 20, NULL, OTHERS);
        check("memory", megabytes << 20, "before", OTHERS);
        check("data", megabytes << 20, NULL, OTHERS);
    }
    if (can_be_certain()) check("memory", (size_t)1 << 40, NULL, REGION);
}

static bool write_line(const char *folder, const char *name, const char *text)
{
    char path[200];
    snprintf(path, sizeof path, "%s/%s", folder, name);
    FILE *file = fopen(path, "w");
    if (!file) return false;
    bool whole = fputs(text, file) >= 0;
    return !fclose(file) && whole;
}

/* Where this process may make a cgroup, in whichever version counts tasks. */
static bool make_group(char *folder, size_t size)
{
    static const char *const roots[] = {"/sys/fs/cgroup/pids", "/sys/fs/cgroup"};
    for (size_t i = 0; i < 2; i++) {
        char path[200];
        snprintf(folder, size, "%s/quell-test-%ld", roots[i], (long)getpid());
        if (mkdir(folder, 0755)) continue;
        snprintf(path, sizeof path, "%s/pids.max", folder);
        if (!access(path, W_OK)) return true;
        rmdir(folder);
    }
    fprintf(stderr, "no cgroup can be made: not tested\n");
    return false;
}

/* A process in the group `within`, where `folder`, which is that or one above it, has the limit. */
static const char *try_group(const char *folder, const char *within, const char *limit,
                             int expected)
{
    static char said[200];
    char procs[200];
    snprintf(procs, sizeof procs, "%s/cgroup.procs", within);
    if (!write_line(folder, "pids.max", limit)) return "pids.max cannot be written";
    for (int before = 0; before < 2; before++) {
        int status = end(start("pids", procs, "6", before ? "before" : NULL));
        if (status == expected) continue;
        snprintf(said, sizeof said, "%s: status %d, expected %d", limit, status, expected);
        return said;
    }
    return NULL;
}

/* The limit of the group itself, and of one above it. */
TEST(regions, groups)
{
    static const char *const limits[] = {"1", "2", "3", "5", "6", "9", "300", "4000"};
    char folder[100], inner[120];
    if (is_emulated() || !make_group(folder, sizeof folder)) return;
    snprintf(inner, sizeof inner, "%s/inner", folder);
    const char *wrong = mkdir(inner, 0755) ? "no group in the group" : NULL;
    for (size_t i = 0; i < sizeof limits / sizeof *limits && !wrong; i++)
        wrong = try_group(folder, i % 2 ? inner : folder, limits[i], OTHERS);
    if (!wrong && can_be_certain()) wrong = try_group(folder, inner, "max", REGION);
    rmdir(inner);
    rmdir(folder);
    CHECK(!wrong, "%s", wrong);
}

/* Its creator's limits cannot be read in a user namespace. */
TEST(regions, user_namespaces)
{
    if (is_emulated()) return;
    int status = end(start("namespace", "0", "6", NULL));
    if (status == 6)
        fprintf(stderr, "no user namespace can be made: not tested\n");
    else
        CHECK(status == OTHERS, "in a user namespace: status %d", status);
}
