/* SPDX-License-Identifier: MIT */
/* What the samples of a run are told: their classes and conditions. */
#ifndef QUELL_ENGINE_TOLD_H
#define QUELL_ENGINE_TOLD_H

#include "job.h"

/* Checks the classes of the job's draw. */
quell_status quell_told_classes(const struct quell_job *job);

/* Finds the values of each condition of the denoiser in the job's draw, and what the denoiser is
 * guided against, and checks them. */
quell_status quell_told_find(struct quell_job *job);

/* Checks what a draw of this sampler is told, without drawing. */
quell_status quell_told_check(const quell_sampler *sampler, const quell_draw *draw);

#endif
