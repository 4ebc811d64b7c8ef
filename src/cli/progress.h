/* SPDX-License-Identifier: MIT */
/* The progress of a run: a bar on a terminal, and the point where Ctrl-C takes effect. */
#ifndef QUELL_CLI_PROGRESS_H
#define QUELL_CLI_PROGRESS_H

#include <quell/run.h>
#include <stdbool.h>
#include <stdint.h>

struct progress {
    bool shown, drawn;
    const char *unit; /* what is counted, "samples" */
    double start;
    uint64_t done, batch, total; /* counts: finished, in the present run, and in all */
    uint64_t ranks;              /* how many processes do as much at the same time */
    uint64_t found;              /* how many of `done` an earlier run had finished */
    int (*ended)(void *others);  /* whether one of the other processes has failed; or NULL */
    void *others;
};

/* Seconds on a monotonic clock. */
double progress_clock(void);

void progress_begin(struct progress *progress, uint64_t total, const char *unit, bool quiet);

/* A quell_progress_fn; `user` is a struct progress. Draws the bar, and stops the run on a
 * signal. */
int progress_tick(void *user, const quell_progress *run);

/* A quell_progress_fn that only stops the run on a signal, and draws no bar. */
int progress_stops(void *user, const quell_progress *run);

/* Removes the bar. */
void progress_end(struct progress *progress);

#endif
