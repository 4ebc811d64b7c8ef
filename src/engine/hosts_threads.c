/* SPDX-License-Identifier: MIT */
/* Checks that a host's parallel-for keeps its contract. Two threads with the same worker number
 * would share its memory, a number beyond the last has no memory, and a worker that is left out may
 * leave samples undone. */
#include "hosts_threads.h"
#include "threads.h"
#include "base/fail.h"

#include <sched.h>
#include <stdatomic.h>
#include <stdint.h>

struct pass {
    size_t workers;
    void (*body)(void *data, size_t i);
    void *data;
    atomic_uint_fast64_t begun[QUELL_MOST_THREADS / 64]; /* one bit for each worker */
    atomic_size_t running, done;
    atomic_bool wrong;
    atomic_size_t which; /* the worker number of the first wrong call */
};

static bool begin(struct pass *pass, size_t i)
{
    uint_fast64_t bit = (uint_fast64_t)1 << i % 64;
    return i < pass->workers && !(atomic_fetch_or(&pass->begun[i / 64], bit) & bit);
}

static void work(void *data, size_t i)
{
    struct pass *pass = data;
    atomic_fetch_add(&pass->running, 1);
    if (begin(pass, i)) {
        pass->body(pass->data, i);
        atomic_fetch_add(&pass->done, 1);
    } else if (!atomic_exchange(&pass->wrong, true)) {
        atomic_store(&pass->which, i);
    }
    atomic_fetch_sub(&pass->running, 1);
}

static quell_status check(struct pass *pass)
{
    size_t which = atomic_load(&pass->which), done = atomic_load(&pass->done);
    if (atomic_load(&pass->wrong))
        return quell_fail(QUELL_DENOISER_FAILED,
                          "run: the host's parallel-for called body with i = %zu%s; each i from 0 "
                          "to %zu must be called once",
                          which, which < pass->workers ? " twice" : "", pass->workers - 1);
    if (done == pass->workers) return QUELL_OK;
    return quell_fail(
        QUELL_DENOISER_FAILED,
        "run: the host's parallel-for called body for %zu worker%s; each i from 0 to %zu must "
        "be called once",
        done, done == 1 ? "" : "s", pass->workers - 1);
}

quell_status quell_hosts_threads_run(const quell_run *run, size_t workers,
                                     void (*body)(void *data, size_t i), void *data)
{
    struct pass pass = {.workers = workers, .body = body, .data = data};
    for (size_t i = 0; i < workers; i += 64) atomic_init(&pass.begun[i / 64], 0);
    atomic_init(&pass.running, 0);
    atomic_init(&pass.done, 0);
    atomic_init(&pass.wrong, false);
    atomic_init(&pass.which, 0);
    unsigned before = quell_fail_count();
    int result = run->parallel(run->host, workers, work, &pass);
    while (atomic_load(&pass.running)) sched_yield();
    if (!result) return check(&pass);
    bool explained = quell_fail_count() != before;
    return quell_fail(QUELL_DENOISER_FAILED, "run: the host's parallel-for reported an error%s%s",
                      explained ? ": " : "", explained ? quell_error_message() : "");
}
