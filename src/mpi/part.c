/* SPDX-License-Identifier: MIT */
#include "mpi/part.h"
#include "base/sized.h"
#include "engine/sampler_digest.h"

static const struct quell_sized sized = {"mpi", "quell_run", "quell_run_defaults", NULL};

/* Checks and copies the caller's run. */
static quell_status check_run(const quell_sampler *sampler, const quell_run *run, quell_run *own)
{
    if (!sampler || !run) return quell_error_set(QUELL_BAD_ARGUMENT, "mpi: an argument is NULL");
    quell_status status = quell_sized_copy(&sized, own, sizeof *own, run);
    if (status) return status;
    if (own->count > UINT64_MAX - own->first)
        return quell_group_fail(
            QUELL_BAD_ARGUMENT,
            "mpi: first is %llu and count %zu: samples have numbers up to 2^64 - 2",
            (unsigned long long)own->first, own->count);
    return QUELL_OK;
}

/* Collective: refuses ranks whose samplers differ, because they would draw from different laws. */
static quell_status same_sampler(const struct quell_group *group, const quell_sampler *sampler,
                                 const quell_run *run)
{
    struct quell_digests digests = {0, 0};
    quell_status status = quell_group_agree(group, quell_sampler_digests(sampler, run, &digests));
    if (!status)
        status = quell_group_same(group, digests.sampler,
                                  "the digest of the sampler (its plan, bounds, the version)");
    if (!status) status = quell_group_same(group, digests.model, "the digest of the model");
    return status;
}

quell_status quell_part_begin(const struct quell_group *group, struct quell_part *part,
                              const quell_sampler *sampler, const quell_run *run)
{
    uint64_t skipped;
    *part = (struct quell_part){.sampler = sampler, .run = quell_run_defaults()};
    quell_status status = quell_group_agree(group, check_run(sampler, run, &part->run));
    if (status) return status;
    status = quell_group_same(group, part->run.seed, "seed");
    if (!status) status = quell_group_same(group, part->run.first, "first");
    if (!status) status = quell_group_same(group, part->run.count, "count");
    if (!status) status = quell_group_same(group, quell_sampler_dim(sampler), "the sampler's dim");
    if (!status) status = same_sampler(group, sampler, &part->run);
    if (status) return status;
    quell_group_range(group, part->run.count, &skipped, &part->run.count);
    part->run.first += skipped;
    return quell_group_agree(group, quell_group_threads(group, &part->run.threads));
}

/* A run reports the progress of its own batch; the caller is told the progress of everything that
 * the rank draws. */
static int tick(void *user, const quell_progress *batch)
{
    const struct quell_part *part = user;
    uint64_t each = batch->total / part->rows;
    quell_progress whole = {part->done * each + batch->done, part->run.count * each};
    int result = part->run.progress ? part->run.progress(part->run.progress_user, &whole) : 0;
    return result ? result : quell_mpi_stopped(part->watch);
}

quell_status quell_part_draw(void *user, quell_mpi_watch *watch, size_t done, size_t rows, float *x)
{
    struct quell_part *part = user;
    quell_run run = part->run;
    part->watch = watch;
    part->done = done;
    part->rows = rows;
    run.first += done;
    run.count = rows;
    if (run.classes) run.classes += done;
    run.progress = tick;
    run.progress_user = part;
    return quell_sample(part->sampler, &run, x);
}
