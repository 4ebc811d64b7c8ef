/* SPDX-License-Identifier: MIT */
/* Whether a draw can be drawn, for those who draw it later, and a part of it. */
#ifndef QUELL_ENGINE_RUN_CHECK_H
#define QUELL_ENGINE_RUN_CHECK_H

#include <quell/run.h>

/* Refuses what quell_sample would refuse, with the same status and message; from: what
 * quell_sample_from would, which needs no law of x. */
quell_status quell_run_check(const quell_sampler *sampler, const quell_draw *draw, int from,
                             float *x);

/* quell_sample or, with `from`, quell_sample_from. before: rows of the request before these, which
 * messages count. */
quell_status quell_sample_part(const quell_sampler *sampler, const quell_draw *draw,
                               const quell_run *run, int from, size_t before, float *x);

#endif
