/* SPDX-License-Identifier: MIT */
/* The state that the workers of a run share: progress, the request to stop, and the first
 * failure. */
#ifndef QUELL_ENGINE_WATCH_H
#define QUELL_ENGINE_WATCH_H

#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <quell/run.h>
#include "base/memory.h"
#include "noise.h"

/* What a worker has done, on a cache line that it alone writes. */
struct quell_counter {
    _Alignas(QUELL_CACHE_LINE) atomic_uint_fast64_t done;
};

/* Where a run has failed. `sample` is UINT64_MAX if the progress function failed. `operation`
 * counts the operations of the plan from 0 on. `element` is the first element of the tile. */
struct quell_place {
    uint64_t sample;
    size_t transition, operation, element;
};

struct quell_watch {
    quell_progress_fn *progress;
    void *user;
    uint64_t total;
    const char *call;               /* what messages begin with: "run", "denoise" or "decode" */
    bool transitions;               /* the call has transitions, which messages then count */
    struct quell_counter *counters; /* [workers], zeros */
    size_t workers;
    /* Set by a failure or a request to stop: workers then end at their next operation or, after the
     * failure of a sample, find out how far they go on (quell_watch_limit). They read this flag at
     * each operation, so it is on a cache line that nobody else writes. */
    _Alignas(QUELL_CACHE_LINE) atomic_bool stopped;
    atomic_bool ended; /* no worker goes on */
    /* The progress function has stopped the run: what is being computed is not needed. */
    atomic_bool asked;
    /* One thread at a time calls the progress function. */
    _Alignas(QUELL_CACHE_LINE) atomic_flag calling;
    _Atomic int64_t next_call; /* nanoseconds; written under `calling` */
    /* The thread that started the run: the only one in which a host may handle signals or messages,
     * so it has turns of its own, the next at `callers_call`. */
    pthread_t caller;
    int64_t callers_call;
    uint64_t told;       /* the number that the progress function last got; guarded by `calling` */
    atomic_flag failing; /* guards the members below */
    quell_status status;
    struct quell_place place; /* of the first failure, in the order of quell_watch_fail_at */
    char said[512];           /* the message of the caller's function that failed; else "" */
};

void quell_watch_begin(struct quell_watch *watch, const quell_run *run, uint64_t total);

/* The transition of a failure in what the caller gave, for which the message needs no sample. */
#define QUELL_BEFORE_ALL SIZE_MAX

/* Records a failure; `said` is its message, or "" for the text of the status. Of several failures
 * the one that is kept does not depend on threads and tiles: first one in what the caller gave,
 * then that of the lowest sample, of the first operation and element. A number that is not finite
 * and a lack of progress concern a sample alone, so the samples before it go on, as one of these
 * may fail too. */
void quell_watch_fail_at(struct quell_watch *watch, quell_status status,
                         const struct quell_place *place, const char *said);

/* Records a failure for which the operation and the element do not matter. */
void quell_watch_fail(struct quell_watch *watch, quell_status status, uint64_t sample,
                      size_t transition, const char *said);

/* Records the result of a function of the caller (quell_fail_result), if it is not 0. `who` is the
 * function in messages, and `transition` is where it was called. `before` is quell_fail_count()
 * before the call, so that a message which the function left in quell_error_message() is passed
 * on. */
void quell_watch_result(struct quell_watch *watch, const char *who, unsigned before, int result,
                        uint64_t sample, size_t transition);

/* Copies the place of the failure that is kept to *limit. Returns whether the samples before that
 * place go on, and the sample of that place up to the operation there. */
bool quell_watch_limit(struct quell_watch *watch, struct quell_place *limit);

/* Reports `count` more transitions of single samples, by a worker. Calls the progress function when
 * it is time. */
void quell_watch_done(struct quell_watch *watch, size_t worker, uint64_t count);

/* The lookout of a run (base/lookout.h). Calls the progress function in the thread that leads, if
 * it is time, and returns whether that function has stopped the run. */
bool quell_watch_look(void *watch, bool leads);

/* Is called when the workers are done. Calls the progress function a last time, and returns the
 * status of the whole run, with its message set in this thread. `streams` are those of the samples,
 * or NULL if none is drawn. */
quell_status quell_watch_end(struct quell_watch *watch, const struct quell_streams *streams);

#endif
