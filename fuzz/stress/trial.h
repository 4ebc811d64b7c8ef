/* SPDX-License-Identifier: MIT */
/* A trial: a denoiser, a schedule, a sampler and a run, all by chance, drawn on one thread and then
 * again in another way, which must give the same bits. */
#ifndef QUELL_STRESS_TRIAL_H
#define QUELL_STRESS_TRIAL_H

#include <quell/quell.h>
#include <stdbool.h>

struct trial {
    uint64_t seed;
    quell_denoiser *denoiser;
    quell_schedule *schedule;
    quell_sampler *sampler;
    quell_draw draw;
    quell_run run;
    float *expected, *x; /* [count][dim] */
    char what[256];
};

/* Makes a trial and draws its samples on one thread. Returns false if the combination is no
 * sampler. */
bool trial_begin(struct trial *trial, uint64_t seed);

/* Draws again, with a random number of threads and a random tile. Returns NULL if the samples are
 * as expected, else what is wrong. may_fail: a failure for lack of memory is no fault. */
const char *trial_repeat(struct trial *trial, uint64_t *state, bool may_fail);

void trial_end(struct trial *trial);

#endif
