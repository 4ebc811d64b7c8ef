/* SPDX-License-Identifier: MIT */
/* What the engine promises to callbacks, and how it handles what denoisers return: numbers,
 * failures and NaNs. */
#include "drawing.h"
#include "harness.h"
#include "models.h"

#include <math.h>
#include <pthread.h>
#include <sched.h>
#include <stdatomic.h>
#include <string.h>
#include <time.h>

enum { DIM = 3, STEPS = 4, COUNT = 500, FIRST = 1000, WORKERS = 7 };

/* A callback that watches how it is called, and that fails where it is told to. */
struct watched {
    atomic_int calls[STEPS][COUNT]; /* per evaluation and sample */
    atomic_int busy[WORKERS];
    atomic_int wrong;
    uint64_t bad_sample[2]; /* fails in this call: FIRST + ..., 0 for none */
    size_t bad_step[2];
    int result;   /* what to return there; 0: writes a NaN */
    int one_call; /* all samples in one call */
    pthread_t caller;
};

static size_t step_of(double t) { return (size_t)lrint((1 - t) * (double)STEPS); }

static int is_bad(const struct watched *watched, const quell_call *call, size_t row)
{
    for (size_t i = 0; i < 2; i++)
        if (watched->bad_sample[i] && call->first + row == watched->bad_sample[i] &&
            step_of(call->t) == watched->bad_step[i])
            return 1;
    return 0;
}

static int watch(void *user, const quell_call *call, const float *input, float *output)
{
    struct watched *w = user;
    int fine = call->worker < call->workers && call->workers <= WORKERS && call->dim == DIM &&
               call->first >= FIRST && call->first + call->rows <= FIRST + COUNT && call->rows &&
               call->t == call->time && input != output;
    if (w->one_call) fine &= call->rows == COUNT && pthread_equal(pthread_self(), w->caller);
    if (!fine || atomic_exchange(&w->busy[call->worker], 1)) atomic_fetch_add(&w->wrong, 1);
    model_callback(NULL, call, input, output);
    int result = 0;
    for (size_t row = 0; row < call->rows; row++) {
        atomic_fetch_add(&w->calls[step_of(call->t)][call->first + row - FIRST], 1);
        if (!is_bad(w, call, row)) continue;
        result = w->result;
        output[row * DIM + 1] = (float)NAN;
    }
    atomic_store(&w->busy[call->worker], 0);
    return result;
}

static struct watched watched;
static quell_sampler *sampler;
static quell_draw draw;
static quell_run run;
static float x[COUNT * DIM], fine[COUNT * DIM];

static void begin(int whole_batch)
{
    quell_denoiser *denoiser;
    quell_function_options options = quell_function_defaults();
    options.whole_batch = whole_batch;
    memset(&watched, 0, sizeof watched);
    watched.one_call = whole_batch;
    watched.caller = pthread_self();
    MUST(quell_denoiser_from_function(&denoiser, DIM, watch, &watched, &options));
    quell_schedule *schedule = must_schedule("rectified");
    sampler = must_sampler("ddpm", denoiser, schedule, STEPS);
    quell_denoiser_free(denoiser);
    quell_schedule_free(schedule);
    draw = quell_draw_defaults(), run = quell_run_defaults();
    draw.first = FIRST, draw.count = COUNT, run.threads = WORKERS;
    must_draw(sampler, &draw, &run, fine);
}

static void end(void) { quell_sampler_free(sampler); }

static void check_calls(void)
{
    for (size_t i = 0; i < STEPS; i++)
        for (size_t k = 0; k < COUNT; k++)
            CHECK(watched.calls[i][k] == 1, "evaluation %zu of sample %zu: %d times", i, k,
                  watched.calls[i][k]);
    CHECK(!watched.wrong, "%d calls with wrong arguments, or two by one worker", watched.wrong);
    memset(watched.calls, 0, sizeof watched.calls);
}

TEST(callbacks, once_per_sample)
{
    for (int whole_batch = 0; whole_batch < 2; whole_batch++) {
        begin(whole_batch);
        check_calls();
        for (size_t tile = 1; tile < 2 * COUNT; tile = tile * 3 + 1) {
            run.tile = tile;
            must_draw(sampler, &draw, &run, x);
            check_calls();
        }
        run.parallel = parallel_pthreads;
        must_draw(sampler, &draw, &run, x);
        check_calls();
        end();
    }
}

/* Checks that the run fails with this status and names this sample and transition, and that the
 * sampler still works afterwards. */
static void check_failure(quell_status status, uint64_t sample, size_t transition)
{
    uint64_t found_sample = 0;
    size_t found_transition = 0;
    MUST(quell_sample_prior(sampler, &draw, &run, x));
    quell_status found = quell_sample_from(sampler, &draw, &run, x);
    CHECK(found == status, "%s, not %s", quell_status_name(found), quell_status_name(status));
    CHECK(quell_error_sample(&found_sample, &found_transition), "no sample is known");
    CHECK(found_sample == sample && found_transition == transition,
          "sample %llu, transition %zu; not %llu, %zu", (unsigned long long)found_sample,
          found_transition, (unsigned long long)sample, transition);
    CHECK(strstr(quell_error_message(), "sample "), "%s", quell_error_message());
    watched.bad_sample[0] = watched.bad_sample[1] = 0;
    must_draw(sampler, &draw, &run, x);
    CHECK(!memcmp(x, fine, sizeof x), "after a failure");
}

TEST(callbacks, not_finite)
{
    for (int whole_batch = 0; whole_batch < 2; whole_batch++) {
        begin(whole_batch);
        for (size_t k = 0; k < COUNT; k += 83)
            for (size_t i = 0; i < STEPS; i++) {
                watched.bad_sample[0] = FIRST + k, watched.bad_step[0] = i;
                check_failure(QUELL_NOT_FINITE, FIRST + k, i);
            }
        run.tile = COUNT; /* of two in one tile, the lower */
        watched.bad_sample[0] = FIRST + 70, watched.bad_step[0] = 2;
        watched.bad_sample[1] = FIRST + 60, watched.bad_step[1] = 2;
        check_failure(QUELL_NOT_FINITE, FIRST + 60, 2);
        end();
    }
}

/* Two workers fail, one after the other: the lower sample is reported, whichever was first. */
struct pair {
    atomic_int inside, workers; /* who is in it, one bit each */
    uint64_t late;              /* the sample that fails last */
};

static int fail_in_turn(void *user, const quell_call *call, const float *input, float *output)
{
    struct pair *pair = user;
    (void)input, (void)output;
    atomic_fetch_or(&pair->workers, 1 << call->worker);
    atomic_fetch_add(&pair->inside, 1);
    while (atomic_load(&pair->inside) < 2) sched_yield();
    if (call->first == pair->late) nanosleep(&(struct timespec){0, 50000000}, NULL);
    return -1;
}

TEST(callbacks, lowest_of_two)
{
    for (uint64_t late = 0; late < 2; late++) {
        struct pair pair = {0, 0, late};
        quell_denoiser *denoiser;
        MUST(quell_denoiser_from_function(&denoiser, DIM, fail_in_turn, &pair, NULL));
        quell_schedule *schedule = must_schedule("vp");
        sampler = must_sampler("ddim", denoiser, schedule, STEPS);
        draw = quell_draw_defaults(), run = quell_run_defaults();
        draw.count = 2, run.tile = 1, run.threads = 2, run.parallel = parallel_pthreads;
        MUST(quell_sample_prior(sampler, &draw, &run, x));
        CHECK(quell_sample_from(sampler, &draw, &run, x) == QUELL_DENOISER_FAILED, "no failure");
        uint64_t sample = 9;
        CHECK(quell_error_sample(&sample, NULL) && sample == 0, "sample %llu when %llu was late",
              (unsigned long long)sample, (unsigned long long)late);
        CHECK(pair.workers == 3, "two calls at once by one worker");
        quell_denoiser_free(denoiser);
        quell_schedule_free(schedule);
        end();
    }
}

/* All workers fail at the same time. A worker that has not finished its tile may still fail in a
 * lower sample, which is then the one reported. */
TEST(callbacks, lowest_of_those_seen)
{
    begin(0);
    for (int round = 0; round < 50; round++) {
        run.tile = 7, run.threads = 2;
        watched.bad_sample[0] = FIRST, watched.bad_step[0] = STEPS - 1;
        watched.bad_sample[1] = FIRST + 7, watched.bad_step[1] = STEPS - 1;
        MUST(quell_sample_prior(sampler, &draw, &run, x));
        CHECK(quell_sample_from(sampler, &draw, &run, x) == QUELL_NOT_FINITE, "no failure");
        uint64_t sample = 0;
        size_t transition = 0;
        CHECK(quell_error_sample(&sample, &transition), "no sample is known");
        CHECK((sample == FIRST || sample == FIRST + 7) && transition == STEPS - 1,
              "sample %llu, transition %zu", (unsigned long long)sample, transition);
    }
    end();
}

TEST(callbacks, errors)
{
    for (int whole_batch = 0; whole_batch < 2; whole_batch++) {
        begin(whole_batch);
        run.tile = 1; /* so that the sample can be named */
        uint64_t sample = whole_batch ? FIRST : FIRST + 123;
        watched.result = -1;
        watched.bad_sample[0] = FIRST + 123, watched.bad_step[0] = 2;
        check_failure(QUELL_DENOISER_FAILED, sample, 2);
        watched.result = 1;
        watched.bad_sample[0] = FIRST + 123, watched.bad_step[0] = 1;
        check_failure(QUELL_STOPPED, sample, 1);
        end();
    }
}

/* The state itself is not finite from the start. */
TEST(callbacks, bad_input)
{
    begin(0);
    MUST(quell_sample_prior(sampler, &draw, &run, x));
    x[77 * DIM + 2] = (float)INFINITY;
    CHECK(quell_sample_from(sampler, &draw, &run, x) == QUELL_NOT_FINITE, "infinity went through");
    uint64_t sample = 0;
    size_t transition = 9;
    CHECK(quell_error_sample(&sample, &transition) && sample == FIRST + 77 && transition == 0,
          "sample %llu, transition %zu", (unsigned long long)sample, transition);
    x[77 * DIM + 2] = (float)NAN;
    CHECK(quell_step(sampler, &draw, &run, 0.5, 0.25, x) == QUELL_NOT_FINITE, "NaN went through");
    CHECK(quell_step(sampler, &draw, &run, 0.5, 0.5, x) == QUELL_NOT_FINITE, "NaN stayed");
    CHECK(quell_error_sample(NULL, &transition) && transition == 0, "transition %zu", transition);
    run.isa = "none"; /* a failure that is in no sample */
    sample = 7;
    CHECK(quell_sample_from(sampler, &draw, &run, x) == QUELL_NOT_FOUND, "isa");
    CHECK(!quell_error_sample(&sample, &transition) && sample == 7, "a sample is named");
    end();
}

static int host_fails(void *host, size_t workers, void (*body)(void *data, size_t i), void *data)
{
    (void)host, (void)workers;
    body(data, 0);
    return -1;
}

TEST(callbacks, host_fails)
{
    begin(0);
    run.parallel = host_fails, run.tile = 1;
    CHECK(quell_sample_prior(sampler, &draw, &run, x) == QUELL_DENOISER_FAILED, "went through");
    CHECK(strstr(quell_error_message(), "parallel-for"), "%s", quell_error_message());
    CHECK(quell_sample_from(sampler, &draw, &run, x) == QUELL_DENOISER_FAILED, "went through");
    run.parallel = NULL;
    must_draw(sampler, &draw, &run, x);
    CHECK(!memcmp(x, fine, sizeof x), "after a failure");
    end();
}

/* Parallel-fors that break their contract. */
struct slip {
    size_t from, workers; /* it calls body for these; 0: for all */
    int again;            /* and for the first one, last */
    const char *says;
};

static int host_slips(void *host, size_t workers, void (*body)(void *data, size_t i), void *data)
{
    const struct slip *slip = host;
    size_t end = slip->from + (slip->workers ? slip->workers - 1 : workers);
    for (size_t i = slip->from; i < end; i++) body(data, i);
    if (slip->again) body(data, slip->from);
    return 0;
}

TEST(callbacks, host_slips)
{
    static struct slip slips[] = {
        {0, 1, 0, "called body for 0 workers; each i from 0 to 4 must be called once"},
        {0, 2, 0, "called body for 1 worker;"},
        {0, 5, 0, "called body for 4 workers"},
        {1, 0, 0, "called body with i = 5;"},
        {10, 0, 0, "called body with i = 10;"},
        {SIZE_MAX, 2, 0, "called body for 0 workers"},
        {1000000, 2, 0, "called body with i = 1000000;"},
        {0, 0, 1, "called body with i = 0 twice;"},
    };
    for (int whole_batch = 0; whole_batch < 2; whole_batch++) {
        begin(whole_batch);
        run.parallel = host_slips, run.tile = 1, run.threads = 5;
        for (size_t i = 0; i < sizeof slips / sizeof *slips; i++) {
            run.host = &slips[i];
            CHECK(quell_sample(sampler, &draw, &run, x) == QUELL_DENOISER_FAILED, "%zu", i);
            CHECK(strstr(quell_error_message(), slips[i].says), "%s", quell_error_message());
            CHECK(quell_sample_from(sampler, &draw, &run, x) == QUELL_DENOISER_FAILED, "%zu", i);
        }
        end();
    }
}

static int say_why(void *user, const quell_call *call, const float *input, float *output)
{
    (void)user;
    memcpy(output, input, call->rows * call->dim * sizeof *output);
    if (call->first + call->rows <= FIRST + 77 || call->first > FIRST + 77) return 0;
    quell_error_set(QUELL_IO_FAILED, "the weights are gone");
    return -1;
}

/* What a callback says of its failure, in whatever thread, is what the caller of the run reads. */
TEST(callbacks, reason)
{
    quell_denoiser *denoiser = NULL;
    quell_schedule *schedule = must_schedule("vp");
    quell_draw own_draw = quell_draw_defaults();
    quell_run own = quell_run_defaults();
    static float rows[COUNT * DIM];
    MUST(quell_denoiser_from_function(&denoiser, DIM, say_why, NULL, NULL));
    quell_sampler *sampler_of_it = must_sampler("ddim", denoiser, schedule, STEPS);
    own_draw.first = FIRST, own_draw.count = COUNT, own.threads = WORKERS, own.tile = 1;
    MUST(quell_sample_prior(sampler_of_it, &own_draw, &own, rows));
    quell_error_set(QUELL_OK, "before");
    CHECK(quell_sample_from(sampler_of_it, &own_draw, &own, rows) == QUELL_DENOISER_FAILED,
          "no failure");
    CHECK(!strcmp(quell_error_message(), "run: sample 1077, transition 0: the weights are gone"),
          "%s", quell_error_message());
    quell_sampler_free(sampler_of_it);
    quell_schedule_free(schedule);
    quell_denoiser_free(denoiser);
}
