/* SPDX-License-Identifier: MIT */
/* Runs samplers that choose their own steps: the loop over tries (samplers/adaptive.h), one sample
 * at a time. Each try is a small plan. Errors are summed in double in a fixed order, so that all
 * decisions are the same everywhere. */
#include "tile.h"
#include "norm.h"
#include "samplers/adaptive.h"

#include <math.h>
#include <string.h>

static double error_of(const struct quell_tile *tile, const struct quell_adaptive *adaptive,
                       const struct quell_try *tried)
{
    const float *previous = tile->registers[QUELL_TRY_PREVIOUS];
    const float *low = tile->registers[QUELL_TRY_LOW], *high = tile->registers[QUELL_TRY_HIGH];
    struct quell_sum sum = {{0}};
    for (size_t e = 0; e < tile->elements; e++)
        quell_sum_add(&sum, e,
                      quell_adaptive_error(adaptive, tried, (double)previous[e], (double)low[e],
                                           (double)high[e]));
    return sqrt(quell_sum_total(&sum) / (double)tile->elements);
}

/* Runs the operations of a small plan. Returns 0 if the run goes on. */
static int run(struct quell_tile *tile, const struct quell_plan *plan)
{
    if (plan->status)
        quell_watch_fail(&tile->job->watch, plan->status, tile->first, tile->transition,
                         quell_error_message());
    size_t operation = tile->operation;
    for (size_t i = 0; i < plan->count && quell_tile_goes_on(tile, operation); i++)
        quell_tile_operation(tile, plan, &plan->ops[i]);
    return !quell_tile_goes_on(tile, operation);
}

void quell_tile_adapt(struct quell_tile *tile, const struct quell_op *op)
{
    struct quell_try_memory memory;
    const struct quell_plan *whole = tile->job->plan;
    struct quell_adaptive adaptive = quell_adaptive_begin(whole->option, &op->t, &op->s);
    size_t bytes = tile->elements * sizeof(float);
    memcpy(tile->registers[QUELL_TRY_PREVIOUS], tile->registers[QUELL_STATE], bytes);
    while (!quell_adaptive_done(&adaptive)) {
        if (adaptive.tries >= (size_t)whole->option[QUELL_ADAPTIVE_TRIES]) {
            quell_watch_fail(&tile->job->watch, QUELL_NO_PROGRESS, tile->first, tile->transition,
                             "");
            return;
        }
        struct quell_plan plan = quell_adaptive_plan(whole, &adaptive, &memory);
        struct quell_try tried = quell_adaptive_try(&adaptive, &plan);
        if (run(tile, &plan)) return;
        double error = error_of(tile, &adaptive, &tried);
        plan = quell_adaptive_plan(whole, &adaptive, &memory);
        if (!quell_adaptive_judge(&adaptive, &tried, error, &plan)) continue;
        if (run(tile, &plan)) return;
        memcpy(tile->registers[QUELL_TRY_PREVIOUS], tile->registers[QUELL_TRY_LOW], bytes);
    }
}
