/* SPDX-License-Identifier: MIT */
/* A good guest among threads: called inside the host's parallel region, from many of its threads,
 * and on threads it lends. */
#include "harness.h"
#include "host_draw.h"
#include "models.h"

#include <omp.h>
#include <pthread.h>
#include <stdatomic.h>
#include <string.h>

#define MANY 4

static struct host_draw alone, drawn[MANY];
static quell_status statuses[MANY];

static void draw_alone(void) { CHECK(!host_draw(&alone, 1), "%s", quell_error_message()); }

static void check_drawn(const char *what)
{
    for (size_t i = 0; i < MANY; i++) {
        CHECK(!statuses[i], "%s, thread %zu: %s", what, i, quell_status_name(statuses[i]));
        CHECK(!memcmp(&alone, &drawn[i], sizeof alone), "%s, thread %zu: other samples", what, i);
    }
}

TEST(threads, parallel_region)
{
    draw_alone();
    for (size_t threads = 0; threads < 4; threads += 3) {
#pragma omp parallel for num_threads(MANY)
        for (int i = 0; i < MANY; i++) statuses[i] = host_draw(&drawn[i], threads);
        check_drawn("in a parallel region");
    }
}

/* The default inside the host's region is one thread: each of the host's has its own work. */
static int alone_in_call(void *user, const quell_call *call, const float *input, float *output)
{
    if (call->workers != 1) atomic_store((atomic_int *)user, (int)call->workers);
    memcpy(output, input, call->rows * call->dim * sizeof *output);
    return 0;
}

TEST(threads, no_oversubscription)
{
    atomic_int crowd = 0;
    quell_denoiser *denoiser = NULL;
    quell_schedule *schedule = NULL;
    quell_sampler *sampler = NULL;
    CHECK(!quell_denoiser_from_function(&denoiser, 2, alone_in_call, &crowd, NULL), "%s",
          quell_error_message());
    CHECK(!quell_schedule_create(&schedule, "vp"), "%s", quell_error_message());
    CHECK(!quell_sampler_create(&sampler, "ddim", denoiser, schedule, NULL), "%s",
          quell_error_message());
    atomic_int failed = 0;
#pragma omp parallel num_threads(2)
    {
        float x[64] = {0};
        quell_draw draw = quell_draw_defaults();
        quell_run run = quell_run_defaults();
        draw.count = 32;
        run.tile = 1;
        if (quell_sample_from(sampler, &draw, &run, x)) atomic_store(&failed, 1);
    }
    CHECK(!failed, "a run failed");
    CHECK(!crowd, "%d workers inside a parallel region", (int)crowd);
    quell_sampler_free(sampler);
    quell_schedule_free(schedule);
    quell_denoiser_free(denoiser);
}

static void *draw_in_thread(void *data)
{
    size_t i = *(size_t *)data;
    statuses[i] = host_draw(&drawn[i], 2);
    return NULL;
}

TEST(threads, pthreads)
{
    draw_alone();
    pthread_t thread[MANY];
    size_t index[MANY];
    for (size_t i = 0; i < MANY; i++) {
        index[i] = i;
        CHECK(!pthread_create(&thread[i], NULL, draw_in_thread, &index[i]), "pthread_create");
    }
    for (size_t i = 0; i < MANY; i++) pthread_join(thread[i], NULL);
    check_drawn("from pthreads");
}

/* A parallel-for of the host's: one thread per worker, and it counts its calls. */
struct piece {
    void (*body)(void *data, size_t i);
    void *data;
    size_t i;
};

static void *do_piece(void *data)
{
    struct piece *piece = data;
    piece->body(piece->data, piece->i);
    return NULL;
}

static int own_parallel(void *host, size_t workers, void (*body)(void *data, size_t i), void *data)
{
    pthread_t thread[16];
    struct piece piece[16];
    if (workers > 16) return -1;
    (*(int *)host)++;
    for (size_t i = 0; i < workers; i++) {
        piece[i] = (struct piece){body, data, i};
        if (pthread_create(&thread[i], NULL, do_piece, &piece[i])) return -1;
    }
    for (size_t i = 0; i < workers; i++) pthread_join(thread[i], NULL);
    return 0;
}

TEST(threads, own_parallel_for)
{
    int calls = 0;
    draw_alone();
    for (size_t i = 0; i < MANY; i++)
        statuses[i] = host_draw_parallel(&drawn[i], 2 + i, own_parallel, &calls);
    check_drawn("on the host's threads");
    CHECK(calls > 0, "the host's parallel-for was not called");
}

/* A schedule of the host's that must not be called from any thread but one. */
struct home {
    pthread_t thread;
    atomic_int calls, abroad;
};

static int at_home(void *user, double t, double *alpha, double *sigma)
{
    struct home *home = user;
    atomic_fetch_add(pthread_equal(pthread_self(), home->thread) ? &home->calls : &home->abroad, 1);
    *alpha = 1 - 0.99 * t;
    *sigma = 0.01 + 0.99 * t;
    return 0;
}

static void check_schedule_calls(const char *spec)
{
    enum { ROWS = 64 };
    static float x[ROWS * 2];
    struct home home = {.thread = pthread_self()};
    quell_denoiser *denoiser = NULL;
    quell_schedule *schedule = NULL;
    quell_sampler *sampler = NULL;
    quell_draw draw = quell_draw_defaults();
    quell_run run = quell_run_defaults();
    draw.count = ROWS, run.threads = 2, run.tile = 1;
    CHECK(!quell_denoiser_from_isotropic(&denoiser, 2, NULL, 1), "%s", quell_error_message());
    CHECK(!quell_schedule_from_function(&schedule, at_home, &home, NULL), "%s",
          quell_error_message());
    CHECK(!quell_sampler_create(&sampler, spec, denoiser, schedule, NULL), "%s",
          quell_error_message());
    CHECK(!quell_sample_prior(sampler, &draw, &run, x), "%s", quell_error_message());
    home.calls = 0;
    CHECK(!quell_sample_from(sampler, &draw, &run, x), "%s", quell_error_message());
    CHECK(strcmp(spec, "dpm_adaptive") || home.calls > 0, "%s: the schedule was not called", spec);
    CHECK(!quell_step(sampler, &draw, &run, 0.75, 0.25, x), "%s", quell_error_message());
    CHECK(!home.abroad, "%s: %d calls from other threads", spec, (int)home.abroad);
    quell_sampler_free(sampler);
    quell_schedule_free(schedule);
    quell_denoiser_free(denoiser);
}

TEST(threads, schedules_are_called_at_home)
{
    check_schedule_calls("dpm_adaptive");
    check_schedule_calls("dpm_adaptive:eta=1");
    check_schedule_calls("ddpm");
}

/* A function of the host's that computes by OpenMP has one thread where quell's others work beside
 * it, and all of its own where it is alone; what it draws itself is drawn by its thread. */
struct inner {
    const quell_sampler *sampler;
    atomic_int wrong, most, calls;
};

static int draw_inside(void *user, const quell_call *call, const float *input, float *output)
{
    struct inner *inner = user;
    float x[64] = {0};
    quell_draw draw = quell_draw_defaults();
    quell_run run = quell_run_defaults();
    draw.count = 32, run.tile = 1, run.threads = 3;
    atomic_fetch_add(&inner->calls, 1);
    if (omp_get_max_threads() > inner->most) inner->most = omp_get_max_threads();
    if (inner->sampler && quell_sample(inner->sampler, &draw, &run, x)) inner->wrong = 1;
    if (inner->sampler && x[0] != alone.x[2][0]) inner->wrong = 2;
    memcpy(output, input, call->rows * call->dim * sizeof *output);
    return 0;
}

static void check_inside(struct inner *inner, size_t threads)
{
    static float x[64 * 2];
    quell_denoiser *denoiser = NULL;
    quell_schedule *schedule = NULL;
    quell_sampler *sampler = NULL;
    quell_draw draw = quell_draw_defaults();
    quell_run run = quell_run_defaults();
    quell_sampler_options options = quell_sampler_defaults();
    options.steps = 3;
    draw.count = 64, run.tile = 4, run.threads = threads;
    MUST(quell_denoiser_from_function(&denoiser, 2, draw_inside, inner, NULL));
    MUST(quell_schedule_create(&schedule, "vp"));
    MUST(quell_sampler_create(&sampler, "ddim", denoiser, schedule, &options));
    inner->calls = inner->most = 0;
    MUST(quell_sample(sampler, &draw, &run, x));
    CHECK(inner->calls > 0 && !inner->wrong, "%d calls, %d", inner->calls, inner->wrong);
    quell_sampler_free(sampler);
    quell_schedule_free(schedule);
    quell_denoiser_free(denoiser);
}

TEST(threads, functions_of_the_host)
{
    float x[64] = {0};
    const double variance[] = {0.5, 2};
    quell_denoiser *denoiser = NULL;
    quell_schedule *schedule = NULL;
    quell_sampler *sampler = NULL;
    quell_draw draw = quell_draw_defaults();
    MUST(quell_denoiser_from_diagonal(&denoiser, 2, NULL, variance));
    MUST(quell_schedule_create(&schedule, "vp"));
    MUST(quell_sampler_create(&sampler, "ddpm", denoiser, schedule, NULL));
    draw.count = 32;
    MUST(quell_sample(sampler, &draw, NULL, x));
    alone.x[2][0] = x[0];
    int before = omp_get_max_threads();
    omp_set_num_threads(5);
    struct inner inner = {.sampler = sampler};
    check_inside(&inner, 3);
    CHECK(inner.most == 1, "%d threads of OpenMP beside quell's", inner.most);
    check_inside(&inner, 1);
    CHECK(inner.most == 5, "%d threads of OpenMP, of 5", inner.most);
    CHECK(omp_get_max_threads() == 5, "the host has %d threads now", omp_get_max_threads());
    omp_set_num_threads(before);
    quell_sampler_free(sampler);
    quell_schedule_free(schedule);
    quell_denoiser_free(denoiser);
}
