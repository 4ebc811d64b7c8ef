/* SPDX-License-Identifier: MIT */
/* Checks a draw that will be drawn later, and draws some rows of a larger request (for
 * src/queue). */
#ifndef QUELL_ENGINE_RUN_CHECK_H
#define QUELL_ENGINE_RUN_CHECK_H

#include <quell/run.h>

/* Refuses what quell_sample or, with `from`, quell_sample_from would refuse, with the same status
 * and message. quell_sample_from needs no law of x. */
quell_status quell_run_check(const quell_sampler *sampler, const quell_draw *draw, int from,
                             float *x);

/* Does what quell_sample or, with `from`, quell_sample_from does. `before` is the number of rows of
 * the whole request before these, which messages add. */
quell_status quell_sample_part(const quell_sampler *sampler, const quell_draw *draw,
                               const quell_run *run, int from, size_t before, float *x);

#endif
