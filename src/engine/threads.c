/* SPDX-License-Identifier: MIT */
#include "threads.h"
#include "base/fail.h"
#include "openmp.h"
#include "region.h"
#include "team.h"

#include <pthread.h>
#include <stdatomic.h>

struct round {
    void (*body)(void *data, size_t i);
    void *data;
    size_t workers;
    atomic_size_t next; /* the first worker that no thread has taken */
};

/* Thread i runs worker i. With fewer threads than workers, a thread that is done takes another
 * worker. */
static void work(void *data, size_t i)
{
    struct round *round = data;
    for (; i < round->workers; i = atomic_fetch_add(&round->next, 1)) round->body(round->data, i);
}

static quell_status run_team(struct quell_team *team, struct round *round, size_t helpers)
{
    atomic_init(&round->next, helpers + 1);
    return quell_team_run(team, helpers, work, round) ? QUELL_OK : quell_threads_after_fork();
}

quell_status quell_threads_after_fork(void)
{
    return quell_fail(QUELL_AFTER_FORK,
                      "run: this is a child of fork(), which a function of the run's called: the "
                      "run goes on in its parent alone");
}

bool quell_threads_busy(void) { return quell_team_busy(); }

/* Runs the workers on this thread and as many helpers as the system allows, perhaps none. */
static quell_status run_own(size_t threads, struct round *round)
{
    struct quell_team *team = quell_team_take(threads - 1);
    size_t helpers = team ? quell_team_size(team) : 0;
    if (helpers > threads - 1) helpers = threads - 1;
    if (helpers) return run_team(team, round, helpers);
    for (size_t i = 0; i < round->workers; i++) round->body(round->data, i);
    return QUELL_OK;
}

quell_status quell_threads_run(size_t workers, bool brief, void (*body)(void *data, size_t i),
                               void *data)
{
    struct round round = {.body = body, .data = data, .workers = workers};
    size_t threads = workers < quell_openmp_limit() ? workers : quell_openmp_limit();
    if (threads < 2 || quell_team_busy()) {
        for (size_t i = 0; i < workers; i++) body(data, i);
        return QUELL_OK;
    }
    int before;
    pthread_setcancelstate(PTHREAD_CANCEL_DISABLE, &before);
    quell_status status = !brief && quell_region_begin(threads)
                              ? quell_region_run(threads, workers, body, data)
                              : run_own(threads, &round);
    pthread_setcancelstate(before, NULL);
    return status;
}
