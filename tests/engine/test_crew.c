/* SPDX-License-Identifier: MIT */
/* Crews: each part of every piece of work is done once, whenever the helpers come. */
#include "base/crew.h"
#include "base/wait.h"
#include "harness.h"
#include "sanitized.h"

#include <pthread.h>
#include <sched.h>
#include <stdatomic.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

enum { ROUNDS = 2000, PARTS = 64, MEMBERS = 4 };

/* Each worker writes its share of a row, and after they have met reads the whole row. */
struct sums {
    struct quell_crew crew;
    long row[PARTS], total[MEMBERS];
    long round;
};

static void add_up(void *data, size_t worker, size_t workers)
{
    struct sums *sums = data;
    for (size_t i = worker; i < PARTS; i += workers) sums->row[i] = sums->round + (long)i;
    quell_crew_meet(&sums->crew, worker, workers);
    long total = 0;
    for (size_t i = 0; i < PARTS; i++) total += sums->row[i];
    sums->total[worker] = total;
}

static void *help(void *data)
{
    quell_crew_help(&((struct sums *)data)->crew);
    return NULL;
}

/* The totals of all rounds are right, and those of all workers the same. */
static void run_rounds(struct sums *sums)
{
    for (sums->round = 0; sums->round < ROUNDS; sums->round++) {
        for (size_t i = 0; i < MEMBERS; i++) sums->total[i] = -1;
        quell_crew_work(&sums->crew, add_up, sums);
        long right = sums->round * PARTS + PARTS * (PARTS - 1) / 2;
        CHECK(sums->total[0] == right, "round %ld: %ld, not %ld", sums->round, sums->total[0],
              right);
        for (size_t i = 1; i < MEMBERS; i++)
            CHECK(sums->total[i] == right || sums->total[i] == -1, "round %ld: worker %zu has %ld",
                  sums->round, i, sums->total[i]);
    }
}

/* Helpers come before, during and after the work. With spin 0 they sleep at once. */
static void check_crew(int64_t spin)
{
    struct sums sums = {.round = 0};
    pthread_t thread[MEMBERS];
    quell_crew_begin(&sums.crew, MEMBERS, spin);
    CHECK(quell_crew_lead(&sums.crew, true), "the first to come does not lead");
    CHECK(!quell_crew_lead(&sums.crew, true), "the second to come leads");
    for (size_t i = 0; i < MEMBERS; i++)
        CHECK(!pthread_create(&thread[i], NULL, help, &sums), "no thread");
    run_rounds(&sums);
    quell_crew_end(&sums.crew);
    for (size_t i = 0; i < MEMBERS; i++) pthread_join(thread[i], NULL);
    quell_crew_help(&sums.crew); /* too late: returns at once */
}

TEST(crew, works) { check_crew(100000); }
TEST(crew, sleeps) { check_crew(0); }

TEST(crew, alone)
{
    struct sums sums = {.round = 0};
    quell_crew_begin(&sums.crew, MEMBERS, 1000);
    CHECK(quell_crew_lead(&sums.crew, true), "the first to come does not lead");
    run_rounds(&sums);
    quell_crew_end(&sums.crew);
}

/* A helper that takes long to come, as if it had no processor, is soon left out for some time. */
struct slow {
    struct quell_crew crew;
    pthread_t helper;
    int together;
};

static void be_slow(void *data, size_t worker, size_t workers)
{
    struct slow *slow = data;
    if (worker) nanosleep(&(struct timespec){0, 40000000}, NULL);
    if (!worker && workers > 1) slow->together++;
}

static void *help_slowly(void *data)
{
    quell_crew_help(&((struct slow *)data)->crew);
    return NULL;
}

/* Begins a crew of the calling thread, which leads, and of a slow helper, which has already
 * come. */
static void begin_with_slow(struct slow *slow)
{
    quell_crew_begin(&slow->crew, 2, 1000);
    CHECK(quell_crew_lead(&slow->crew, true), "the first to come does not lead");
    CHECK(!pthread_create(&slow->helper, NULL, help_slowly, slow), "no thread");
    while (!atomic_load(&slow->crew.helpers)) sched_yield();
}

static void end_with_slow(struct slow *slow)
{
    quell_crew_end(&slow->crew);
    pthread_join(slow->helper, NULL);
}

TEST(crew, goes_on_without_the_slow)
{
    struct slow slow = {.together = 0};
    begin_with_slow(&slow);
    for (int i = 0; i < 20; i++) quell_crew_work(&slow.crew, be_slow, &slow);
    end_with_slow(&slow);
    CHECK(slow.together <= 10, "%d of 20 together", slow.together); /* two, if nothing disturbs */
}

/* Brief pieces never change who works on the next one: a slow helper is not left out by them, and
 * one that was left out stays so. */
TEST(crew, judges_by_long_pieces_alone)
{
    struct slow slow = {.together = 0};
    begin_with_slow(&slow);
    for (int i = 0; i < 3; i++) quell_crew_work_briefly(&slow.crew, be_slow, &slow);
    CHECK(slow.together == 3 && !slow.crew.alone, "%d of 3 together, then %u alone", slow.together,
          slow.crew.alone);
    slow.crew.alone = 2;
    for (int i = 0; i < 3; i++) quell_crew_work_briefly(&slow.crew, be_slow, &slow);
    CHECK(slow.together == 3 && slow.crew.alone == 2, "%d together, %u alone", slow.together,
          slow.crew.alone);
    end_with_slow(&slow);
}

static clockid_t its_clock(const void *of) { return *(const clockid_t *)of; }

struct sleeper {
    atomic_uint begun, end;
    clockid_t clock;
};

static void *sleep_on(void *data)
{
    struct sleeper *sleeper = data;
    sleeper->clock = quell_own_clock();
    atomic_store(&sleeper->begun, 1);
    quell_wake(&sleeper->begun);
    while (!atomic_load(&sleeper->end)) quell_sleep_while(&sleeper->end, 0);
    return NULL;
}

/* A thread does not spin while it waits for a thread that has no processor. */
TEST(crew, does_not_spin_for_who_does_not_run)
{
    struct sleeper sleeper = {.begun = 0};
    struct timespec time;
    atomic_uint word = 0;
    pthread_t thread;
    if (clock_gettime(quell_own_clock(), &time)) return; /* the kernel has no such clocks */
    CHECK(!pthread_create(&thread, NULL, sleep_on, &sleeper), "no thread");
    while (!atomic_load(&sleeper.begun)) quell_sleep_while(&sleeper.begun, 0);
    int64_t begin = quell_nanoseconds();
    quell_spin_while_runs(&word, 0, 10000000000, its_clock, &sleeper.clock);
    int64_t took = quell_nanoseconds() - begin;
    atomic_store(&sleeper.end, 1);
    quell_wake(&sleeper.end);
    pthread_join(thread, NULL);
    CHECK(took < 5000000000, "%g s", 1e-9 * (double)took); /* 10 us, if nothing disturbs */
}

/* In a child of fork() there are no helpers, and the leader does not wait for any. */
TEST(crew, in_a_child)
{
    struct sums sums = {.round = 0};
    pthread_t thread;
    int result = 1;
    if (THREAD_SANITIZED) return;
    quell_crew_begin(&sums.crew, MEMBERS, 1000);
    CHECK(quell_crew_lead(&sums.crew, true), "the first to come does not lead");
    CHECK(!pthread_create(&thread, NULL, help, &sums), "no thread");
    while (!atomic_load(&sums.crew.helpers)) sched_yield();
    run_rounds(&sums);
    pid_t child = fork();
    if (!child) {
        run_rounds(&sums);
        quell_crew_end(&sums.crew);
        _exit(0);
    }
    CHECK(child > 0 && waitpid(child, &result, 0) == child && result == 0, "the child: %d", result);
    run_rounds(&sums);
    quell_crew_end(&sums.crew);
    pthread_join(thread, NULL);
}
