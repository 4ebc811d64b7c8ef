/* SPDX-License-Identifier: MIT */
/* What a set of samples loses: its sliced Wasserstein distance to that of the stored weights, and
 * that of two sets of the stored weights from different seeds, which says how much that is. */
#include "base/memory.h"
#include "cli/cli.h"
#include "cli/compare/distance.h"
#include "cli/interrupt.h"
#include "cli/quantize/quantize.h"

#include <stdlib.h>

enum { STORED, QUANTISED, OTHER, SETS };

static quell_status compare(struct quantizing *q, const float *const x[SETS])
{
    struct measure measure;
    struct portrait portrait[SETS] = {{0}};
    quell_status status = measure_begin(&measure, q->dim, q->count, q->threads, &interrupt_signal);
    for (size_t i = 0; i < SETS && !status; i++) {
        status = portrait_begin(&portrait[i], &measure);
        if (!status) status = portrait_take(&portrait[i], &measure, x[i]);
    }
    if (!status) {
        q->wasserstein =
            portrait_distance(&measure, &portrait[QUANTISED], &portrait[STORED]).wasserstein;
        q->floor = portrait_distance(&measure, &portrait[OTHER], &portrait[STORED]).wasserstein;
    }
    for (size_t i = 0; i < SETS; i++) portrait_free(&portrait[i]);
    measure_free(&measure);
    return status;
}

int quantize_compare(struct quantizing *q)
{
    quell_model *model = NULL;
    int code = sampling_open_model(&model, q->options.model, NULL);
    if (code == EXIT_DONE) code = quantize_draw(q, model, q->options.seed ^ 1, q->samples);
    if (code != EXIT_DONE) return code;
    const float *const sets[SETS] = {q->reference, q->within, q->samples};
    quell_status status = compare(q, sets);
    if (status) progress_end(&q->progress);
    return status ? complain_run(status) : EXIT_DONE;
}
