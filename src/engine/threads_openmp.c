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
#include <stdbool.h>
#include <stdint.h>
#include <unistd.h>

static size_t least(size_t count, size_t limit) { return limit && limit < count ? limit : count; }

size_t quell_threads_default(void)
{
    if (omp_in_parallel()) return 1;
    size_t count = (size_t)omp_get_max_threads();
    return least(least(count, quell_affinity_limit()), quell_cgroup_limit());
}

/* Workers that a thread has taken, a bit each. OpenMP is not asked for the thread's number: a
 * process may have two runtimes, the compiler's and OpenBLAS's, and the functions may be the
 * other's than the region. */
struct taken {
    atomic_uint_fast64_t word[QUELL_MOST_THREADS / 64];
};

static bool take(struct taken *taken, size_t i)
{
    uint_fast64_t bit = (uint_fast64_t)1 << i % 64;
    return !(atomic_fetch_or(&taken->word[i / 64], bit) & bit);
}

/* The first worker that nobody has taken, or `workers`. */
static size_t take_any(struct taken *taken, size_t workers)
{
    for (size_t i = 0; i < workers;) {
        uint64_t free = ~(uint64_t)atomic_load(&taken->word[i / 64]);
        if (!free) {
            i += 64;
            continue;
        }
        i = i / 64 * 64 + (size_t)__builtin_ctzll(free);
        if (i < workers && take(taken, i)) return i;
    }
    return workers;
}

/* A thread is the worker that it was last time, if it can; if there are fewer threads than workers,
 * some are several. */
static void work(struct taken *taken, size_t workers, void (*body)(void *data, size_t i),
                 void *data)
{
    static _Thread_local size_t usual;
    size_t i = usual;
    if (i >= workers || !take(taken, i)) i = take_any(taken, workers);
    if (i < workers) usual = i;
    for (; i < workers; i = take_any(taken, workers)) body(data, i);
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
    struct taken taken;
    for (size_t i = 0; i < workers; i += 64) atomic_init(&taken.word[i / 64], 0);
#pragma omp parallel num_threads((int)workers)
    work(&taken, workers, body, data);
    return QUELL_OK;
}
