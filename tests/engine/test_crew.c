/* SPDX-License-Identifier: MIT */
/* Crews: every worker does its part of every piece of work, whoever comes when. */
#include "base/crew.h"
#include "harness.h"
#include "sanitized.h"

#include <pthread.h>
#include <sched.h>
#include <stdatomic.h>
#include <sys/wait.h>
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
    quell_crew_meet(&sums->crew, workers);
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

/* Helpers come before, during and after the work; spin 0: they sleep at once. */
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

/* In a child of fork() there are no helpers, and nobody waits for them. */
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
