/* SPDX-License-Identifier: MIT */
/* How much the samples lose: the sliced Wasserstein distance from the samples of the stored weights
 * and, for comparison, that between two sets of samples of the stored weights with different
 * seeds. */
#include "quantize/quantize.h"
#include "base/floats.h"
#include "distance/distance.h"

#include <stdlib.h>

enum { STORED, QUANTISED, OTHER, SETS };

static quell_status compare(struct quell_quantizing *q, const float *const x[SETS])
{
    QUELL_OWN_FLOATS;
    static const _Atomic sig_atomic_t never = 0;
    struct quell_measure measure;
    struct quell_portrait portrait[SETS] = {{0}};
    quell_status status =
        quell_measure_begin(&measure, q->dim, q->count, quell_quantize_threads(q), &never);
    for (size_t i = 0; i < SETS && !status; i++) {
        status = quell_portrait_begin(&portrait[i], &measure);
        if (!status) status = quell_portrait_take(&portrait[i], &measure, x[i]);
    }
    if (!status) {
        const struct quell_portrait *stored = &portrait[STORED];
        q->report.wasserstein =
            quell_portrait_distance(&measure, &portrait[QUANTISED], stored).wasserstein;
        q->report.floor = quell_portrait_distance(&measure, &portrait[OTHER], stored).wasserstein;
    }
    for (size_t i = 0; i < SETS; i++) quell_portrait_free(&portrait[i]);
    quell_measure_free(&measure);
    return status;
}

quell_status quell_quantize_compare(struct quell_quantizing *q)
{
    quell_model *model = NULL;
    quell_status status = quell_quantize_load(q, &model);
    if (!status) status = quell_quantize_draw(q, model, true, q->samples);
    if (status) return status;
    const float *const sets[SETS] = {q->reference, q->within, q->samples};
    return compare(q, sets);
}
