/* SPDX-License-Identifier: MIT */
#include "measure.h"

#include <stdlib.h>
#include <time.h>

static double now(void)
{
    struct timespec time;
    clock_gettime(CLOCK_MONOTONIC, &time);
    return (double)time.tv_sec + 1e-9 * (double)time.tv_nsec;
}

static double repeat(void (*body)(void *data), void *data, double seconds)
{
    double begin = now(), end;
    long calls = 0;
    do {
        body(data);
        calls++;
        end = now();
    } while (end - begin < seconds);
    return (end - begin) / (double)calls;
}

static int compare(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

struct measure measure(void (*body)(void *data), void *data, int repeats, double seconds)
{
    double times[64];
    body(data);
    for (int i = 0; i < repeats; i++) times[i] = repeat(body, data, seconds);
    qsort(times, (size_t)repeats, sizeof *times, compare);
    return (struct measure){times[0], times[repeats / 2], times[repeats - 1]};
}
