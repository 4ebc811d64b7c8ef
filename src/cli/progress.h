/* SPDX-License-Identifier: MIT */
/* The progress of a run: a bar on a terminal, and the point where Ctrl-C takes effect. */
#ifndef QUELL_CLI_PROGRESS_H
#define QUELL_CLI_PROGRESS_H

#include <quell/run.h>
#include <stdbool.h>
#include <stdint.h>

/* done, batch, total: how many are finished, how many the current run makes, and how many there are
 *   in all.
 * unit: what is counted, "samples".
 * ranks: the number of processes that do as much at the same time.
 * ended, others: NULL, or a function that says whether one of these processes has failed, and its
 *   argument. */
struct progress {
    bool shown, drawn;
    const char *unit;
    double start;
    uint64_t done, batch, total, ranks, found;
    int (*ended)(void *others);
    void *others;
};

/* Seconds on a monotonic clock. */
double progress_clock(void);

void progress_begin(struct progress *progress, uint64_t total, const char *unit, bool quiet);

/* A quell_progress_fn for `struct progress *`. */
int progress_tick(void *user, const quell_progress *run);

/* A quell_progress_fn that only stops, and draws nothing. */
int progress_stops(void *user, const quell_progress *run);

/* Removes the bar. */
void progress_end(struct progress *progress);

#endif
