/* SPDX-License-Identifier: MIT */
#include "watch.h"
#include "base/fail.h"
#include "base/fail_last.h"

#include <stdio.h>
#include <time.h>

#define CALL_INTERVAL 50000000 /* nanoseconds between calls of progress */

void quell_watch_begin(struct quell_watch *watch, const quell_run *run, uint64_t total)
{
    *watch = (struct quell_watch){.progress = run->progress,
                                  .user = run->progress_user,
                                  .total = total,
                                  .call = "run",
                                  .transitions = true,
                                  .caller = pthread_self()};
    atomic_flag_clear(&watch->calling);
    atomic_flag_clear(&watch->failing);
}

static void lock(struct quell_watch *watch)
{
    while (atomic_flag_test_and_set(&watch->failing)) {
    }
}

static bool is_before(const struct quell_place *a, const struct quell_place *b)
{
    bool given = a->transition == QUELL_BEFORE_ALL;
    if (given != (b->transition == QUELL_BEFORE_ALL)) return given;
    if (a->sample != b->sample) return a->sample < b->sample;
    if (a->operation != b->operation) return a->operation < b->operation;
    return a->element < b->element;
}

void quell_watch_fail_at(struct quell_watch *watch, quell_status status,
                         const struct quell_place *place, const char *said)
{
    bool asks = place->sample == UINT64_MAX;
    bool own = status == QUELL_NOT_FINITE || status == QUELL_NO_PROGRESS;
    lock(watch);
    bool first = !atomic_load(&watch->asked) && (!watch->status || is_before(place, &watch->place));
    if (first) {
        watch->status = status;
        watch->place = *place;
        snprintf(watch->said, sizeof watch->said, "%s", said);
    }
    if (asks) atomic_store(&watch->asked, true);
    /* A function that failed after the kept failure, in the order of the samples, would not have
     * been called if the workers had run in that order, so it does not end the run. */
    if (!own && (first || status == QUELL_STOPPED || asks)) atomic_store(&watch->ended, true);
    atomic_flag_clear(&watch->failing);
    atomic_store(&watch->stopped, true);
}

void quell_watch_fail(struct quell_watch *watch, quell_status status, uint64_t sample,
                      size_t transition, const char *said)
{
    quell_watch_fail_at(watch, status, &(struct quell_place){sample, transition, 0, 0}, said);
}

bool quell_watch_limit(struct quell_watch *watch, struct quell_place *limit)
{
    lock(watch);
    *limit = watch->place;
    atomic_flag_clear(&watch->failing);
    return !atomic_load(&watch->ended) && limit->transition != QUELL_BEFORE_ALL;
}

void quell_watch_result(struct quell_watch *watch, const char *who, unsigned before, int result,
                        uint64_t sample, size_t transition)
{
    char said[sizeof watch->said];
    if (!result) return;
    bool explained = quell_fail_explains(result, before);
    result = quell_fail_result(result, before);
    const char *returned = result < 0 ? "an error" : "a stop";
    if (explained && sample != UINT64_MAX)
        snprintf(said, sizeof said, "%s", quell_error_message());
    else
        snprintf(said, sizeof said, "%s returned %s%s%.400s", who, returned, explained ? ": " : "",
                 explained ? quell_error_message() : "");
    quell_watch_fail(watch, result < 0 ? QUELL_DENOISER_FAILED : QUELL_STOPPED, sample, transition,
                     said);
}

/* The coarse clock (its resolution is one tick, a few milliseconds), because every worker calls
 * this at every transition. */
static int64_t now(void)
{
    struct timespec time;
    clock_gettime(CLOCK_MONOTONIC_COARSE, &time);
    return (int64_t)time.tv_sec * 1000000000 + time.tv_nsec;
}

/* Counters only grow, and only one thread at a time reads them for the progress function, so that
 * function never gets a smaller number after a larger one. */
static void tell(struct quell_watch *watch)
{
    quell_progress progress = {0, watch->total};
    for (size_t i = 0; i < watch->workers; i++)
        progress.done += atomic_load(&watch->counters[i].done);
    watch->told = progress.done;
    unsigned before = quell_fail_count();
    quell_watch_result(watch, "the progress function", before,
                       watch->progress(watch->user, &progress), UINT64_MAX, 0);
}

static bool due(const struct quell_watch *watch, int64_t time, bool caller)
{
    return time >= atomic_load(&watch->next_call) || (caller && time >= watch->callers_call);
}

static void tell_if_due(struct quell_watch *watch)
{
    int64_t time = now();
    bool caller = pthread_equal(pthread_self(), watch->caller);
    if (!due(watch, time, caller) || atomic_flag_test_and_set(&watch->calling)) return;
    if (due(watch, time, caller) && !atomic_load(&watch->ended)) {
        atomic_store(&watch->next_call, time + CALL_INTERVAL);
        if (caller) watch->callers_call = time + CALL_INTERVAL;
        tell(watch);
    }
    atomic_flag_clear(&watch->calling);
}

void quell_watch_done(struct quell_watch *watch, size_t worker, uint64_t count)
{
    if (!watch->progress) return;
    struct quell_counter *own = &watch->counters[worker];
    atomic_store(&own->done, atomic_load(&own->done) + count);
    tell_if_due(watch);
}

bool quell_watch_look(void *data, bool leads)
{
    struct quell_watch *watch = data;
    if (leads && watch->progress) tell_if_due(watch);
    return atomic_load(&watch->asked);
}

/* The name of a sample in messages. */
struct called {
    char text[120];
};
static struct called call(uint64_t sample, const struct quell_streams *streams)
{
    struct called called;
    if (!streams || !streams->indices) {
        snprintf(called.text, sizeof called.text, "sample %llu", (unsigned long long)sample);
        return called;
    }
    uint64_t row = sample - streams->first;
    snprintf(called.text, sizeof called.text, "row %llu (sample %llu of seed %llu)",
             (unsigned long long)(row + streams->before), (unsigned long long)streams->indices[row],
             (unsigned long long)(streams->seeds ? streams->seeds[row] : streams->seed));
    return called;
}

quell_status quell_watch_end(struct quell_watch *watch, const struct quell_streams *streams)
{
    if (!watch->status && watch->progress && watch->told < watch->total) tell(watch);
    if (!watch->status) return QUELL_OK;
    const char *said = *watch->said ? watch->said : quell_status_text(watch->status);
    const struct quell_place *place = &watch->place;
    if (place->sample == UINT64_MAX) return quell_fail(watch->status, "run: %s", said);
    struct called called = call(place->sample, streams);
    bool given = place->transition == QUELL_BEFORE_ALL;
    if (given)
        quell_fail(watch->status, "%s: %s", watch->call, said);
    else if (watch->transitions)
        quell_fail(watch->status, "%s: %s, transition %zu: %s", watch->call, called.text,
                   place->transition, said);
    else
        quell_fail(watch->status, "%s: %s: %s", watch->call, called.text, said);
    quell_fail_sample(place->sample, given ? 0 : place->transition);
    return watch->status;
}
