/* SPDX-License-Identifier: MIT */
#include "mpi/rank_part.h"
#include "mpi/rank_conditions.h"
#include "base/draw_rows.h"
#include "base/sized.h"
#include "engine/sampler_digest.h"

static const struct quell_sized sized_draw = {"mpi", "quell_draw", "quell_draw_defaults",
                                              quell_earlier_draws};
static const struct quell_sized sized_run = {"mpi", "quell_run", "quell_run_defaults", NULL};

/* Checks and copies the caller's draw and run. */
static quell_status copy(struct quell_part *part, const quell_draw *draw, const quell_run *run)
{
    quell_status status = QUELL_OK;
    if (!part->sampler) return quell_error_set(QUELL_BAD_ARGUMENT, "mpi: the sampler is NULL");
    if (draw) status = quell_sized_copy(&sized_draw, &part->draw, sizeof part->draw, draw);
    if (run && !status) status = quell_sized_copy(&sized_run, &part->run, sizeof part->run, run);
    if (status) return status;
    if (part->draw.count > UINT64_MAX - part->draw.first)
        return quell_group_fail(
            QUELL_BAD_ARGUMENT,
            "mpi: first is %llu and count %zu: samples have numbers up to 2^64 - 2",
            (unsigned long long)part->draw.first, part->draw.count);
    return QUELL_OK;
}

/* Collective: refuses ranks whose samplers differ, because they would draw from different laws. */
static quell_status same_sampler(const struct quell_group *group, const quell_sampler *sampler,
                                 void *context)
{
    struct quell_digests digests = {0, 0};
    quell_status status =
        quell_group_agree(group, quell_sampler_digests(sampler, context, &digests));
    if (!status)
        status = quell_group_same(group, digests.sampler,
                                  "the digest of the sampler (its kind, options, steps, grid, "
                                  "schedule and bounds, the law of x_1, the version)");
    if (!status)
        status =
            quell_group_same(group, digests.model,
                             "the digest of the model (its weights, or the outputs of a function)");
    return status;
}

quell_status quell_part_begin(const struct quell_group *group, struct quell_part *part,
                              const quell_sampler *sampler, const quell_draw *draw,
                              const quell_run *run)
{
    uint64_t skipped;
    *part = (struct quell_part){
        .sampler = sampler, .draw = quell_draw_defaults(), .run = quell_run_defaults()};
    quell_status status = quell_group_agree(group, copy(part, draw, run));
    if (status) return status;
    status = quell_group_same(group, part->draw.seed, "seed");
    if (!status) status = quell_group_same(group, part->draw.first, "first");
    if (!status) status = quell_group_same(group, part->draw.count, "count");
    if (!status) status = quell_group_same(group, quell_sampler_dim(sampler), "the sampler's dim");
    if (!status) status = same_sampler(group, sampler, part->draw.context);
    if (status) return status;
    part->whole = part->draw.count;
    quell_group_range(group, part->whole, &skipped, &part->draw.count);
    if (!quell_draw_lists(&part->draw)) part->draw.first += skipped;
    status = quell_part_conditions(group, part);
    if (status) return status;
    return quell_group_agree(group, quell_group_threads(group, &part->run.threads));
}

/* A run reports the progress of its own batch; this function passes on the progress of all samples
 * of this rank. */
static int tick(void *user, const quell_progress *batch)
{
    const struct quell_part *part = user;
    uint64_t each = batch->total / part->rows;
    quell_progress whole = {part->done * each + batch->done, part->draw.count * each};
    int result = part->run.progress ? part->run.progress(part->run.progress_user, &whole) : 0;
    return result ? result : quell_mpi_stopped(part->watch);
}

quell_status quell_part_draw(void *user, quell_mpi_watch *watch, size_t done, size_t rows, float *x)
{
    struct quell_part *part = user;
    struct quell_draw_rows batch;
    quell_run run = part->run;
    part->watch = watch;
    part->done = done;
    part->rows = rows;
    quell_draw_rows(&batch, &part->draw, done, rows);
    run.progress = tick;
    run.progress_user = part;
    return quell_sample(part->sampler, &batch.draw, &run, x);
}
