/* SPDX-License-Identifier: MIT */
#include "given.h"
#include "base/fail.h"
#include "base/draw_rows.h"
#include "base/sized.h"
#include "threads.h"

#include <stdint.h>

static const struct quell_sized sized_draw = {"draw", "quell_draw", "quell_draw_defaults",
                                              quell_earlier_draws};
static const struct quell_sized sized_run = {"run", "quell_run", "quell_run_defaults", NULL};

static quell_status copy(const quell_draw *draw, const quell_run *run, quell_draw *own_draw,
                         quell_run *own_run)
{
    quell_status status = QUELL_OK;
    *own_draw = quell_draw_defaults();
    *own_run = quell_run_defaults();
    if (draw) status = quell_sized_copy(&sized_draw, own_draw, sizeof *own_draw, draw);
    if (run && !status) status = quell_sized_copy(&sized_run, own_run, sizeof *own_run, run);
    return status;
}

/* Refuses data for a callback if the callback is NULL: the caller has forgotten to set it. */
static quell_status check_user(const void *user, const char *name, bool has, const char *function)
{
    if (!user || has) return QUELL_OK;
    return quell_fail(QUELL_BAD_ARGUMENT, "run: %s is set, but %s is NULL", name, function);
}

static quell_status check_users(const quell_run *run)
{
    quell_status status = check_user(run->host, "host", run->parallel, "parallel");
    if (!status)
        status = check_user(run->progress_user, "progress_user", run->progress, "progress");
    return status ? status : check_user(run->observe_user, "observe_user", run->observe, "observe");
}

/* Refuses a list with a value for each sample next to the single value that it replaces. */
static quell_status check_lists(const quell_draw *draw)
{
    if (draw->seeds && draw->seed)
        return quell_fail(QUELL_BAD_ARGUMENT,
                          "run: seed is %llu and seeds are given, too; leave one out",
                          (unsigned long long)draw->seed);
    if (draw->indices && draw->first)
        return quell_fail(QUELL_BAD_ARGUMENT,
                          "run: first is %llu and indices are given, too; leave one out",
                          (unsigned long long)draw->first);
    if (draw->part != 0 && draw->part != 1)
        return quell_fail(QUELL_BAD_ARGUMENT, "run: part is %d, must be 0 or 1", draw->part);
    for (size_t i = 0; draw->indices && i < draw->count; i++)
        if (draw->indices[i] == UINT64_MAX)
            return quell_fail(QUELL_BAD_ARGUMENT,
                              "run: indices[%zu] is 2^64 - 1, must be at most 2^64 - 2", i);
    return QUELL_OK;
}

quell_status quell_given(const quell_draw *draw, const quell_run *run, quell_draw *own_draw,
                         quell_run *own_run)
{
    quell_status status = copy(draw, run, own_draw, own_run);
    if (status) return status;
    if (own_draw->count > UINT64_MAX - own_draw->first)
        return quell_fail(QUELL_BAD_ARGUMENT,
                          "run: first is %llu and count %zu: samples have numbers up to 2^64 - 2",
                          (unsigned long long)own_draw->first, own_draw->count);
    status = check_lists(own_draw);
    if (status) return status;
    if (own_run->threads > QUELL_MOST_THREADS)
        return quell_fail(QUELL_BAD_ARGUMENT, "run: threads is %zu, must be at most %d",
                          own_run->threads, QUELL_MOST_THREADS);
    if (own_run->parallel && !own_run->threads)
        return quell_fail(QUELL_BAD_ARGUMENT,
                          "run: with its own parallel-for, threads must be set");
    return check_users(own_run);
}

bool quell_overlap(const void *a, size_t bytes_of_a, const void *b, size_t bytes_of_b)
{
    uintptr_t left = (uintptr_t)a, right = (uintptr_t)b;
    return left <= right ? right - left < bytes_of_a : left - right < bytes_of_b;
}
