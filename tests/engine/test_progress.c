/* SPDX-License-Identifier: MIT */
/* Progress and cancellation, and several runs on one sampler at once. */
#include "drawing.h"
#include "harness.h"
#include "models.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

enum { DIM = 3, STEPS = 4, COUNT = 500, WORKERS = 7 };

static quell_sampler *sampler;
static quell_draw draw;
static quell_run run;
static float x[COUNT * DIM], fine[COUNT * DIM];

static void begin(const char *kind)
{
    struct model model = model_new(kind, DIM);
    quell_denoiser *denoiser = model_denoiser(&model);
    quell_schedule *schedule = must_schedule("rectified");
    sampler = must_sampler("ddpm", denoiser, schedule, STEPS);
    quell_denoiser_free(denoiser);
    quell_schedule_free(schedule);
    model_free(&model);
    draw = quell_draw_defaults(), run = quell_run_defaults();
    draw.count = COUNT, run.threads = WORKERS;
    must_draw(sampler, &draw, &run, fine);
}

static void end(void) { quell_sampler_free(sampler); }

struct progress {
    atomic_int inside;
    int calls, wrong, result, slow;
    uint64_t last, at; /* returns `result` once `at` is reached */
};

static int progress(void *user, const quell_progress *now)
{
    struct progress *p = user;
    if (atomic_exchange(&p->inside, 1)) p->wrong++;
    if (now->done < p->last || now->total != COUNT * STEPS || now->done > now->total) p->wrong++;
    p->last = now->done;
    p->calls++;
    if (p->slow) nanosleep(&(struct timespec){0, 70000000}, NULL);
    atomic_store(&p->inside, 0);
    return now->done >= p->at ? p->result : 0;
}

TEST(progress, told)
{
    begin("callback");
    struct progress p = {0};
    run.progress = progress, run.progress_user = &p, run.tile = 1;
    for (int i = 0; i < 20; i++) {
        p.last = 0, p.calls = 0;
        must_draw(sampler, &draw, &run, x);
        CHECK(p.last == COUNT * STEPS && p.calls >= 2 && !p.wrong, "%d calls, %d wrong, last %llu",
              p.calls, p.wrong, (unsigned long long)p.last);
        CHECK(!memcmp(x, fine, sizeof x), "progress changed the samples");
    }
    p = (struct progress){.result = 1};
    MUST(quell_sample_prior(sampler, &draw, &run, x));
    CHECK(quell_sample_from(sampler, &draw, &run, x) == QUELL_STOPPED && p.last < COUNT * STEPS,
          "a stop");
    CHECK(strstr(quell_error_message(), "progress"), "%s", quell_error_message());
    p = (struct progress){.result = -1, .at = COUNT * STEPS};
    MUST(quell_sample_prior(sampler, &draw, &run, x));
    CHECK(quell_sample_from(sampler, &draw, &run, x) == QUELL_DENOISER_FAILED,
          "an error at the end");
    run.progress = NULL, run.progress_user = NULL;
    must_draw(sampler, &draw, &run, x);
    CHECK(!memcmp(x, fine, sizeof x), "after a stop");
    end();
}

static int slowly(void *user, const quell_call *call, const float *input, float *output)
{
    nanosleep(&(struct timespec){0, 1000000}, NULL);
    return model_callback(user, call, input, output);
}

/* A progress function that takes longer than the time between two calls is still called by one
 * thread at a time. */
TEST(progress, slow)
{
    quell_denoiser *denoiser = NULL;
    quell_schedule *schedule = must_schedule("rectified");
    struct progress p = {.slow = 1};
    MUST(quell_denoiser_from_function(&denoiser, DIM, slowly, NULL, NULL));
    sampler = must_sampler("ddpm", denoiser, schedule, STEPS);
    draw = quell_draw_defaults(), run = quell_run_defaults();
    draw.count = COUNT, run.threads = WORKERS, run.tile = 1;
    run.progress = progress, run.progress_user = &p;
    must_draw(sampler, &draw, &run, x);
    CHECK(p.calls > 2 && !p.wrong && p.last == COUNT * STEPS, "%d calls, %d wrong", p.calls,
          p.wrong);
    quell_denoiser_free(denoiser);
    quell_schedule_free(schedule);
    end();
}

/* Counts the calls of the progress function by the thread that called quell, and by all others. */
struct turns {
    pthread_t caller;
    int own, others;
};

static int take_turn(void *user, const quell_progress *now)
{
    struct turns *turns = user;
    (void)now;
    pthread_equal(pthread_self(), turns->caller) ? turns->own++ : turns->others++;
    return 0;
}

/* Among many workers, all as fast, the thread that called has its turn each time: in a run of 0.3
 * seconds or more at least 3 of 5, and one at the end. */
TEST(progress, turns_of_the_caller)
{
    quell_denoiser *denoiser = NULL;
    quell_schedule *schedule = must_schedule("rectified");
    struct turns turns = {.caller = pthread_self()};
    MUST(quell_denoiser_from_function(&denoiser, DIM, slowly, NULL, NULL));
    sampler = must_sampler("ddpm", denoiser, schedule, STEPS);
    draw = quell_draw_defaults(), run = quell_run_defaults();
    draw.count = COUNT, run.threads = WORKERS, run.tile = 1;
    run.progress = take_turn, run.progress_user = &turns;
    must_draw(sampler, &draw, &run, x);
    CHECK(turns.own >= 4, "%d of its own, %d of others", turns.own, turns.others);
    quell_denoiser_free(denoiser);
    quell_schedule_free(schedule);
    end();
}

static void *draw_again(void *argument)
{
    quell_run own = run;
    float *mine = argument;
    own.threads = 2;
    for (int i = 0; i < 10; i++)
        if (quell_sample(sampler, &draw, &own, mine)) return argument;
    return NULL;
}

/* Several runs on one sampler go on at the same time. */
TEST(progress, concurrent_runs)
{
    enum { RUNS = 4 };
    begin("mixture");
    pthread_t threads[RUNS];
    float *parts[RUNS];
    for (size_t i = 0; i < RUNS; i++) {
        parts[i] = malloc(sizeof fine);
        CHECK(!pthread_create(&threads[i], NULL, draw_again, parts[i]), "no thread");
    }
    for (size_t i = 0; i < RUNS; i++) {
        void *failed;
        pthread_join(threads[i], &failed);
        CHECK(!failed && !memcmp(parts[i], fine, sizeof fine), "run %zu", i);
        free(parts[i]);
    }
    end();
}
