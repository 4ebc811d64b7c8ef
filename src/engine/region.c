/* SPDX-License-Identifier: MIT */
/* While it runs a worker, a thread of OpenMP takes no signals except those of its own faults, in
 * the same way as quell's own threads. This includes threads that are left from an earlier region
 * of the host. */
#include "region.h"
#include "certain.h"
#include "signals.h"
#include "team.h"
#include "threads.h"
#include "base/fail.h"
#include "base/process.h"

#include <omp.h>
#include <pthread.h>
#include <setjmp.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdint.h>

/* A bit for each worker that a thread has taken. omp_get_thread_num() is not used: if two OpenMP
 * runtimes are loaded (the compiler's and OpenBLAS's), it may belong to the one that did not start
 * this region. */
struct taken {
    atomic_uint_fast64_t word[QUELL_MOST_THREADS / 64];
};

struct region {
    size_t workers;
    void (*body)(void *data, size_t i);
    void *data;
    pthread_t caller;
    sigset_t signals; /* the signals that the caller blocks itself */
    unsigned process; /* the process that opened the region */
    jmp_buf outside;
    struct taken taken;
};

static bool take(struct taken *taken, size_t i)
{
    uint_fast64_t bit = (uint_fast64_t)1 << i % 64;
    return !(atomic_fetch_or(&taken->word[i / 64], bit) & bit);
}

/* Takes the first worker that no thread has taken. Returns its number, or `workers` if there is
 * none. */
static size_t take_any(struct taken *taken, size_t workers)
{
    for (size_t i = 0; i < workers;) {
        uint64_t left = ~(uint64_t)atomic_load(&taken->word[i / 64]);
        if (!left) {
            i += 64;
            continue;
        }
        i = i / 64 * 64 + (size_t)__builtin_ctzll(left);
        if (i < workers && take(taken, i)) return i;
    }
    return workers;
}

/* Each thread first tries to take the worker that it was in the last region, whose memory is in its
 * own cache. With fewer threads than workers, a thread that is done takes another worker. */
static void work(struct region *region)
{
    static _Thread_local size_t usual;
    size_t i = usual, workers = region->workers;
    if (i >= workers || !take(&region->taken, i)) i = take_any(&region->taken, workers);
    if (i < workers) usual = i;
    for (; i < workers; i = take_any(&region->taken, workers)) region->body(region->data, i);
}

static void work_undisturbed(struct region *region)
{
    sigset_t before;
    quell_signals_block(&before);
    work(region);
    pthread_sigmask(SIG_SETMASK, &before, NULL);
}

static void work_as_caller(struct region *region)
{
    pthread_sigmask(SIG_SETMASK, &region->signals, NULL);
    work(region);
}

/* Runs in each thread. In a child of fork() it must not wait, because the other threads never reach
 * the end of the region there. */
static void take_part(struct region *region)
{
    bool caller = pthread_equal(pthread_self(), region->caller);
    struct quell_team *own = quell_team_set_busy();
    if (caller)
        work_as_caller(region);
    else
        work_undisturbed(region);
    quell_team_set_back(own);
    if (caller && region->process != quell_process_number()) longjmp(region->outside, 1);
}

__attribute__((noinline)) static void open_region(struct region *region, int threads)
{
#pragma omp parallel num_threads(threads)
    take_part(region);
}

bool quell_region_begin(size_t threads)
{
    return !omp_get_level() && omp_get_max_active_levels() > 0 && quell_team_prepared() &&
           quell_certain_of(threads);
}

quell_status quell_region_run(size_t threads, size_t workers, void (*body)(void *data, size_t i),
                              void *data)
{
    struct region region;
    region.workers = workers;
    region.body = body;
    region.data = data;
    region.caller = pthread_self();
    region.process = quell_process_number();
    for (size_t i = 0; i < workers; i += 64) atomic_init(&region.taken.word[i / 64], 0);
    quell_signals_block(&region.signals);
    if (setjmp(region.outside)) return quell_threads_after_fork();
    open_region(&region, (int)threads);
    return QUELL_OK;
}
