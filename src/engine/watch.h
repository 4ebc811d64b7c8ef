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

/* Where a run has failed. sample: UINT64_MAX: progress did. operation: of the plan, from 0 on.
 * element: that of the sample where its tile begins. */
struct quell_place {
    uint64_t sample;
    size_t transition, operation, element;
};

struct quell_watch {
    quell_progress_fn *progress;
    void *user;
    uint64_t total;
    const char *call;               /* what messages begin with: run, denoise or decode */
    bool transitions;               /* whether there are any */
    struct quell_counter *counters; /* [workers], zeros */
    size_t workers;
    /* Set by a failure or a request to stop: workers then end at their next operation, or, if the
     * failure is a sample's own, look how far they go on (quell_watch_limit). They read it at each
     * operation, so it is on a cache line that nobody else writes. */
    _Alignas(QUELL_CACHE_LINE) atomic_bool stopped;
    atomic_bool ended; /* nobody goes on */
    atomic_bool asked; /* by progress: what is being computed is not needed any more */
    _Alignas(QUELL_CACHE_LINE) atomic_flag calling; /* one thread at a time calls progress */
    _Atomic int64_t next_call;                      /* nanoseconds; written under `calling` */
    pthread_t caller;     /* of the run: the only thread in which a host may look for signals or */
    int64_t callers_call; /* messages, so it has turns of its own, the next at this time */
    uint64_t told;        /* what progress last heard; guarded by `calling` */
    atomic_flag failing;  /* guards the members below */
    quell_status status;
    struct quell_place place; /* of the first failure in the order of quell_watch_fail_at */
    char said[512];           /* the message of the caller's function that failed; else "" */
};

void quell_watch_begin(struct quell_watch *watch, const quell_run *run, uint64_t total);

/* The transition of a failure that is in what the caller gave; its message needs no sample. */
#define QUELL_BEFORE_ALL SIZE_MAX

/* Records a failure. Of several, one of what the caller gave is kept before others, then that of
 * the lowest sample, of the first operation and element. A number that is not finite and a lack of
 * progress are a sample's own, whatever the others do: those before it go on, so that it does not
 * depend on threads and tiles which failure is kept. said: what went wrong; "": what the status
 * means. */
void quell_watch_fail_at(struct quell_watch *watch, quell_status status,
                         const struct quell_place *place, const char *said);

/* The same where a sample has no elements or operations that others could fail at. */
void quell_watch_fail(struct quell_watch *watch, quell_status status, uint64_t sample,
                      size_t transition, const char *said);

/* Records the result of a function of the caller's (quell_fail_result), if it is not 0. who: the
 * function, in messages; `transition`: where it was called; `before`: quell_fail_count() before the
 * call, so that a message that the function left in quell_error_message() is passed on. */
void quell_watch_result(struct quell_watch *watch, const char *who, unsigned before, int result,
                        uint64_t sample, size_t transition);

/* After a failure: returns whether the samples before that of *limit go on, and that sample itself
 * up to its operation. */
bool quell_watch_limit(struct quell_watch *watch, struct quell_place *limit);

/* A worker reports `count` more transitions of single samples; progress is called when it is
 * time. */
void quell_watch_done(struct quell_watch *watch, size_t worker, uint64_t count);

/* Calls progress in the thread that leads, if it is time, and returns whether progress has asked
 * for the end of the run: a lookout's function (base/lookout.h). */
bool quell_watch_look(void *watch, bool leads);

/* After the workers are done: calls progress a last time, and returns the status of the whole run,
 * with its message set in this thread. streams: of the samples, or NULL where none is drawn. */
quell_status quell_watch_end(struct quell_watch *watch, const struct quell_streams *streams);

#endif
