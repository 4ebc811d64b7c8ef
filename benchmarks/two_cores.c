/* SPDX-License-Identifier: MIT */
#include "two_cores.h"
#include "base/crew.h"

#include <pthread.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

enum { TURNS = 7, MEETINGS = 20000, READINGS = 20 };

static struct quell_crew crew;

static double now(void)
{
    struct timespec time;
    clock_gettime(CLOCK_MONOTONIC, &time);
    return (double)time.tv_sec + 1e-9 * (double)time.tv_nsec;
}

static float *floats(size_t count)
{
    float *memory = calloc(count + 1, sizeof *memory);
    if (!memory) {
        fputs("no memory\n", stderr);
        exit(1);
    }
    memset(memory, 1, count * sizeof *memory);
    return memory;
}

static void *help(void *data)
{
    (void)data;
    quell_crew_help(&crew);
    return NULL;
}

/* Work of two that is timed: meetings, or reading what the other one has written. took: by the
 * first worker, in seconds: of a meeting, or of reading all lines once. */
struct pair {
    size_t count;
    float *lines;
    double took;
};

#define LINES 65536 /* floats */

static void meet(void *data, size_t worker, size_t workers)
{
    struct pair *pair = data;
    double start = now();
    for (size_t i = 0; i < pair->count; i++) quell_crew_meet(&crew, worker, workers);
    if (!worker) pair->took = (now() - start) / (double)pair->count;
}

static float sum_of(const float *x, size_t count)
{
    float sum[16] = {0};
    for (size_t i = 0; i + 16 <= count; i += 16)
        for (size_t k = 0; k < 16; k++) sum[k] += x[i + k];
    return sum[0] + sum[7];
}

static void cross(void *data, size_t worker, size_t workers)
{
    struct pair *pair = data;
    volatile float keep = 0;
    for (size_t i = 0; i < pair->count; i++) {
        for (size_t k = 0; k < LINES && worker; k++) pair->lines[k] = (float)(i + k);
        quell_crew_meet(&crew, worker, workers);
        double start = now();
        if (!worker) keep = keep + sum_of(pair->lines, LINES);
        double took = now() - start;
        if (!worker && (!i || took < pair->took)) pair->took = took;
        quell_crew_meet(&crew, worker, workers);
    }
}

/* The least time of some turns of work by two. */
static double time_pair(quell_crew_fn *work, struct pair *pair)
{
    pthread_t thread;
    double least = 0;
    memset(&crew, 0, sizeof crew);
    quell_crew_begin(&crew, 2, 200000);
    if (!quell_crew_lead(&crew, true) || pthread_create(&thread, NULL, help, NULL)) {
        fputs("there is no second thread\n", stderr);
        exit(1);
    }
    while (atomic_load(&crew.helpers) + 1 < 2) sched_yield();
    for (int i = 0; i < TURNS; i++) {
        crew.alone = crew.longer = 0;
        quell_crew_work(&crew, work, pair);
        if (!i || pair->took < least) least = pair->took;
    }
    quell_crew_end(&crew);
    pthread_join(thread, NULL);
    return least;
}

double reading_rate(size_t count)
{
    float *x = floats(count);
    double least = 0;
    volatile float keep = 0;
    for (int turn = 0; turn < TURNS; turn++) {
        double start = now();
        keep = keep + sum_of(x, count);
        double took = now() - start;
        if (!turn || took < least) least = took;
    }
    free(x);
    return (double)count * sizeof *x / least;
}

double two_cores_meeting(void)
{
    struct pair pair = {.count = MEETINGS};
    return time_pair(meet, &pair);
}

double two_cores_byte(void)
{
    struct pair pair = {.count = READINGS, .lines = floats(LINES)};
    double took = time_pair(cross, &pair);
    free(pair.lines);
    return took / (LINES * sizeof(float));
}
