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

/* Makes one and draws what is expected. Not all combinations are samplers: then false. */
bool trial_begin(struct trial *trial, uint64_t seed);

/* Draws again, with threads and a tile by chance. NULL if it is as expected, else what is wrong.
 * may_fail: a lack of memory is no fault then. */
const char *trial_repeat(struct trial *trial, uint64_t *state, bool may_fail);

void trial_end(struct trial *trial);

#endif
