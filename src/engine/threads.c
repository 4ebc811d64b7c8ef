/* SPDX-License-Identifier: MIT */
#include "threads.h"
#include "base/fail.h"
#include "openmp.h"
#include "team.h"

#include <pthread.h>
#include <stdatomic.h>

struct round {
    void (*body)(void *data, size_t i);
    void *data;
    size_t workers;
    atomic_size_t next; /* worker that no thread is */
};

/* Thread i is worker i; if there are fewer threads than workers, some are several. */
static void work(void *data, size_t i)
{
    struct round *round = data;
    for (; i < round->workers; i = atomic_fetch_add(&round->next, 1)) round->body(round->data, i);
}

static quell_status run_team(struct quell_team *team, struct round *round, size_t helpers)
{
    int before;
    atomic_init(&round->next, helpers + 1);
    pthread_setcancelstate(PTHREAD_CANCEL_DISABLE, &before);
    bool whole = quell_team_run(team, helpers, work, round);
    pthread_setcancelstate(before, NULL);
    if (whole) return QUELL_OK;
    return quell_fail(QUELL_AFTER_FORK,
                      "run: this is a child of fork(), which a function of the run's called: the "
                      "run goes on in its parent alone");
}

bool quell_threads_busy(void) { return quell_team_busy(); }

quell_status quell_threads_run(size_t workers, void (*body)(void *data, size_t i), void *data)
{
    struct round round = {.body = body, .data = data, .workers = workers};
    size_t wanted = workers < quell_openmp_limit() ? workers : quell_openmp_limit();
    struct quell_team *team = wanted > 1 ? quell_team_take(wanted - 1) : NULL;
    size_t helpers = team ? quell_team_size(team) : 0;
    if (helpers > wanted - 1) helpers = wanted - 1;
    if (helpers) return run_team(team, &round, helpers);
    for (size_t i = 0; i < workers; i++) body(data, i);
    return QUELL_OK;
}
