/* SPDX-License-Identifier: MIT */
#include "cli/progress.h"
#include "cli/interrupt.h"

#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#define WIDTH 32
#define PATIENCE 0.25 /* seconds before the bar appears */

double progress_clock(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (double)now.tv_sec + 1e-9 * (double)now.tv_nsec;
}

void progress_begin(struct progress *progress, uint64_t total, const char *unit, bool quiet)
{
    *progress = (struct progress){.shown = !quiet && isatty(STDERR_FILENO),
                                  .unit = unit,
                                  .start = progress_clock(),
                                  .total = total,
                                  .ranks = 1};
}

static void print_time(double seconds)
{
    if (seconds < 100)
        fprintf(stderr, "%.0f s left", seconds);
    else if (seconds < 6000)
        fprintf(stderr, "%.0f min left", seconds / 60);
    else
        fprintf(stderr, "%.1f h left", seconds / 3600);
}

static void draw(struct progress *progress, double share)
{
    char bar[WIDTH + 1];
    double spent = progress_clock() - progress->start;
    double before = (double)progress->found / (double)progress->total;
    if (spent < PATIENCE || share <= before) return;
    size_t filled = (size_t)(share * WIDTH);
    memset(bar, '.', WIDTH);
    memset(bar, '#', filled < WIDTH ? filled : WIDTH);
    bar[WIDTH] = '\0';
    double rate = (share - before) * (double)(progress->total * progress->ranks) / spent;
    fprintf(stderr, "\r[%s] %3.0f%%  %.*f %s/s  ", bar, 100.0 * share, rate < 100 ? 2 : 0, rate,
            progress->unit);
    print_time(spent * (1.0 - share) / (share - before));
    fputs("\x1b[K", stderr);
    fflush(stderr);
    progress->drawn = true;
}

int progress_tick(void *user, const quell_progress *run)
{
    struct progress *progress = user;
    if (interrupt_signal || (progress->ended && progress->ended(progress->others))) return 1;
    if (!progress->shown || !run->total) return 0;
    double batch = (double)progress->batch * (double)run->done / (double)run->total;
    draw(progress, ((double)progress->done + batch) / (double)progress->total);
    return 0;
}

int progress_stops(void *user, const quell_progress *run)
{
    const struct progress *progress = user;
    (void)run;
    return interrupt_signal || (progress->ended && progress->ended(progress->others));
}

void progress_end(struct progress *progress)
{
    if (progress->drawn) fputs("\r\x1b[K", stderr);
    progress->shown = progress->drawn = false;
}
