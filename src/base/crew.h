/* SPDX-License-Identifier: MIT */
/* A crew: threads that compute one piece of work together, and then the next. One of them is the
 * leader; the others are helpers until the leader ends the crew.
 *
 * No thread waits long for one that may never come: the first thread that comes is the leader, and
 * a piece of work is divided among the threads that are there when it begins. So the results must
 * not depend on the number of workers. A waiting thread first spins, as long as the thread that it
 * waits for is running, and then sleeps. If waiting takes most of the time, because the processors
 * are busy with other work, the leader works alone for a while. */
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

/* What a worker tells the others. clock: the clock of its processor time. phase: how many meetings
 * it has reached. given: the number that it gave in the last even phase, and in the last odd
 * one. */
struct quell_crew_member {
    _Alignas(QUELL_CACHE_LINE) _Atomic clockid_t clock;
    atomic_uint phase;
    uint32_t given[2];
};

/* most: the greatest number of workers. spin: the nanoseconds that a thread spins before it sleeps.
 * round: the number of the piece of work and, in the last 8 bits, the number of its workers.
 * waited: the nanoseconds that the leader has waited in this piece of work. alone: how many more
 * pieces the leader does alone; longer: how many it will do alone the next time. */
struct quell_crew {
    size_t most;
    int64_t spin;
    unsigned process; /* of the leader */
    bool awaited;     /* the leader has already waited for helpers once */
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

/* Initialises a zeroed crew. */
void quell_crew_begin(struct quell_crew *crew, size_t most, int64_t spin);

/* Returns whether the calling thread is the leader. The leader must call quell_crew_end in the end;
 * any other thread calls quell_crew_help, which returns when the crew has ended. meant: the calling
 * thread is the one that should lead; another thread becomes the leader only if that one has not
 * come within a tenth of a second. */
bool quell_crew_lead(struct quell_crew *crew, bool meant);
void quell_crew_help(struct quell_crew *crew);
void quell_crew_end(struct quell_crew *crew);

/* For the leader: has each worker call work(data, worker, workers), calls it itself as worker 0,
 * and waits until all have returned. In a child of fork() the leader works alone. */
void quell_crew_work(struct quell_crew *crew, quell_crew_fn *work, void *data);

/* Does the same for a piece that is too short to measure whether helpers are worth waiting for:
 * like the last longer piece, it is done by all workers or by the leader alone. */
void quell_crew_work_briefly(struct quell_crew *crew, quell_crew_fn *work, void *data);

/* For the workers, within `work`: waits until all of them have called this function. */
void quell_crew_meet(struct quell_crew *crew, size_t worker, size_t workers);

/* Does the same, and returns the greatest of the numbers that the workers give. */
uint32_t quell_crew_greatest(struct quell_crew *crew, size_t worker, size_t workers,
                             uint32_t given);

#endif
