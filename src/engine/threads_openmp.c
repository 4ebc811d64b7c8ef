/* SPDX-License-Identifier: MIT */
/* Threads by OpenMP. Nothing here changes the host's settings: the number of threads is given to
 * one region only, and no affinity is set.
 *
 * libgomp hangs in a child of fork() if the parent had run a parallel region: the child has the
 * pool's bookkeeping but not its threads. A child that would hang gets an error instead. */
#include "threads.h"
#include "base/fail.h"
#include "limits.h"

#include <omp.h>
#include <stdatomic.h>
#include <unistd.h>

static size_t least(size_t count, size_t limit) { return limit && limit < count ? limit : count; }

size_t quell_threads_default(void)
{
    if (omp_in_parallel()) return 1;
    size_t count = (size_t)omp_get_max_threads();
    return least(least(count, quell_affinity_limit()), quell_cgroup_limit());
}

/* The process that first opened a parallel region here. */
static atomic_long owner;

quell_status quell_threads_run(size_t workers, void (*body)(void *data, size_t i), void *data)
{
    if (workers <= 1) {
        if (workers) body(data, 0);
        return QUELL_OK;
    }
    long none = 0, self = (long)getpid();
    if (!atomic_compare_exchange_strong(&owner, &none, self) && none != self)
        return quell_fail(QUELL_AFTER_FORK,
                          "run: threads were used before fork() and cannot be in its child; use "
                          "threads = 1 there");
    /* A thread is the same worker every time; if the host gives fewer threads, some are several. */
#pragma omp parallel num_threads((int)workers)
    for (size_t i = (size_t)omp_get_thread_num(); i < workers; i += (size_t)omp_get_num_threads())
        body(data, i);
    return QUELL_OK;
}
