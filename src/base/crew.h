/* SPDX-License-Identifier: MIT */
/* Threads that work on one piece of work together, one piece after the other. One of them leads;
 * the others help as long as it leads.
 *
 * Nobody waits long for a thread that may never come: the first one to come leads, and a piece is
 * shared among those who are there when it begins. What they compute must not depend on how many
 * they are. Those who wait look for some time, as long as the one for whom they wait runs, and then
 * sleep. Where waiting takes most of the time, as the processors are busy, the leader works
 * alone. */
#ifndef QUELL_BASE_CREW_H
#define QUELL_BASE_CREW_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <time.h>
#include "base/memory.h"

#define QUELL_MOST_CREW 255

typedef void quell_crew_fn(void *data, size_t worker, size_t workers);

/* What a worker tells the others. clock: counts how long it has run. phase: how often it has met
 * them. given: what it gave in the last even phase, and in the last odd one. */
struct quell_crew_member {
    _Alignas(QUELL_CACHE_LINE) _Atomic clockid_t clock;
    atomic_uint phase;
    uint32_t given[2];
};

/* most: how many may work at a time. spin: nanoseconds that one looks before one sleeps. round: the
 * number of the piece of work, and in the last 8 bits how many work on it. waited: for how long the
 * leader has waited in this piece of work. alone: how many more pieces it does alone, and `longer`
 * how many the next time. */
struct quell_crew {
    size_t most;
    int64_t spin;
    unsigned process; /* of the leader */
    bool awaited;     /* the leader has waited for helpers */
    quell_crew_fn *work;
    void *data;
    int64_t waited;
    unsigned alone, longer;
    _Alignas(QUELL_CACHE_LINE) atomic_uint came, helpers, closed;
    _Alignas(QUELL_CACHE_LINE) atomic_uint round, round_asleep;
    _Alignas(QUELL_CACHE_LINE) atomic_uint arrived;
    _Alignas(QUELL_CACHE_LINE) atomic_uint phase, phase_asleep;
    struct quell_crew_member member[QUELL_MOST_CREW];
};

/* Makes a crew of zeros ready. */
void quell_crew_begin(struct quell_crew *crew, size_t most, int64_t spin);

/* Returns whether the calling thread leads. If so, it must call quell_crew_end at last; else it
 * calls quell_crew_help, which returns when the crew has ended. meant: it is the one that should
 * lead; another one leads only if that has not come within a tenth of a second. */
bool quell_crew_lead(struct quell_crew *crew, bool meant);
void quell_crew_help(struct quell_crew *crew);
void quell_crew_end(struct quell_crew *crew);

/* For the leader: calls work(data, worker, workers) for all workers, its own being number 0, and
 * waits until all are done. In a child of fork() the leader works alone. */
void quell_crew_work(struct quell_crew *crew, quell_crew_fn *work, void *data);

/* The same for a piece that is too short to tell from it whether helpers are worth waiting for: it
 * is done as the last longer one was, by all or by the leader alone. */
void quell_crew_work_briefly(struct quell_crew *crew, quell_crew_fn *work, void *data);

/* For all workers within `work`: waits until all of them have come here. */
void quell_crew_meet(struct quell_crew *crew, size_t worker, size_t workers);

/* The same; returns the greatest of the numbers that they give. */
uint32_t quell_crew_greatest(struct quell_crew *crew, size_t worker, size_t workers,
                             uint32_t given);

#endif
