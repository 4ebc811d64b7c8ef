/* SPDX-License-Identifier: MIT */
/* Functions of the caller's in which a quell call fails, and which return its status, as programs
 * in C do, or an error: the run fails, and says what the call said. If they stop, they have handled
 * the failure, and the run does not speak of it. */
#include "drawing.h"
#include "harness.h"
#include "models.h"

#include <stdbool.h>
#include <string.h>

enum { DIM = 2, COUNT = 3 };

/* Which function fails, and what it returns: the status of the call, or this result. If it says why
 * it stops, it does so after the failure. */
enum place { DENOISER, WHOLE_BATCH, GUIDED, OBSERVER, PROGRESS, STEP, PLACES };
struct failing {
    enum place place;
    int result;
    bool says;
    quell_schedule *schedule;
};

/* A quell call that fails with a status > 0. */
static int fail(const struct failing *own)
{
    double alpha;
    quell_status status = quell_schedule_at(own->schedule, 2, &alpha, NULL);
    if (own->says) quell_error_set(QUELL_STOPPED, "that will do");
    return own->result ? own->result : (int)status;
}

static int denoise(void *user, const quell_call *call, const float *input, float *output)
{
    const struct failing *own = user;
    memcpy(output, input, call->rows * call->dim * sizeof *input);
    return own->place <= GUIDED ? fail(own) : 0;
}

static int observe(void *user, size_t transition, const quell_point *s, const quell_call *told,
                   const float *x)
{
    (void)transition, (void)s, (void)told, (void)x;
    return fail(user);
}

static int hear(void *user, const quell_progress *progress)
{
    (void)progress;
    return fail(user);
}

static int step(void *user, quell_transition *transition, const quell_point *t,
                const quell_point *s, float *x)
{
    (void)transition, (void)t, (void)s, (void)x;
    return fail(user);
}

static quell_status drawn(struct failing *own)
{
    quell_denoiser *denoiser = NULL, *guide = NULL, *guided = NULL;
    quell_sampler *sampler = NULL;
    quell_function_options options = quell_function_defaults();
    quell_sampler_options how = quell_sampler_defaults();
    quell_draw draw = quell_draw_defaults();
    quell_run run = quell_run_defaults();
    float x[COUNT * DIM];
    options.whole_batch = own->place == WHOLE_BATCH, how.steps = 2;
    draw.count = COUNT, run.threads = 1;
    MUST(quell_denoiser_from_function(&denoiser, DIM, denoise, own, &options));
    MUST(quell_denoiser_from_isotropic(&guide, DIM, NULL, 1));
    if (own->place == GUIDED) MUST(quell_denoiser_from_guidance(&guided, guide, denoiser, NULL));
    if (own->place == OBSERVER) run.observe = observe, run.observe_user = own;
    if (own->place == PROGRESS) run.progress = hear, run.progress_user = own;
    if (own->place == STEP)
        MUST(quell_sampler_from_step(&sampler, step, own, NULL, denoiser, own->schedule, &how));
    else
        MUST(quell_sampler_create(&sampler, "ddim", guided ? guided : denoiser, own->schedule,
                                  &how));
    quell_status status = quell_sample(sampler, &draw, &run, x);
    quell_sampler_free(sampler);
    quell_denoiser_free(guided);
    quell_denoiser_free(guide);
    quell_denoiser_free(denoiser);
    return status;
}

static void check(struct failing *own, quell_status wanted, const char *says, const char * not)
{
    quell_status found = drawn(own);
    CHECK(found == wanted, "place %d, result %d: %s, not %s", own->place, own->result,
          quell_status_name(found), quell_status_name(wanted));
    CHECK(strstr(quell_error_message(), says) && !strstr(quell_error_message(), not),
          "place %d, result %d: %s", own->place, own->result, quell_error_message());
}

TEST(own_failures, status)
{
    struct failing own = {.schedule = must_schedule("vp")};
    for (own.place = DENOISER; own.place < PLACES; own.place++) {
        static const char handled[] = "schedule: t is 2, must be from 0 to 1";
        own.says = false;
        own.result = 0;
        check(&own, QUELL_DENOISER_FAILED, handled, "returned a stop");
        own.result = -1;
        check(&own, QUELL_DENOISER_FAILED, handled, "returned a stop");
        own.result = QUELL_STOPPED;
        check(&own, QUELL_STOPPED, "returned a stop", handled);
        own.result = 77; /* a stop of its own, whatever failed before */
        check(&own, QUELL_STOPPED, "returned a stop", handled);
        own.says = true;
        check(&own, QUELL_STOPPED, "that will do", handled);
        own.result = QUELL_STOPPED;
        check(&own, QUELL_STOPPED, "that will do", handled);
    }
    quell_schedule_free(own.schedule);
}

/* A status that no call of this function's has returned is a number like any other. */
static int stop(void *user, const quell_call *call, const float *input, float *output)
{
    (void)user, (void)call, (void)input, (void)output;
    return QUELL_BAD_ARGUMENT;
}

TEST(own_failures, number)
{
    quell_denoiser *denoiser = NULL;
    quell_schedule *schedule = must_schedule("vp");
    float x[DIM];
    MUST(quell_denoiser_from_function(&denoiser, DIM, stop, NULL, NULL));
    quell_sampler *sampler = must_sampler("ddim", denoiser, schedule, 2);
    CHECK(quell_sample(NULL, NULL, NULL, x) == QUELL_BAD_ARGUMENT, "NULL");
    CHECK(quell_sample(sampler, NULL, NULL, x) == QUELL_STOPPED, "%s", quell_error_message());
    quell_sampler_free(sampler);
    quell_denoiser_free(denoiser);
    quell_schedule_free(schedule);
}

static int no_scales(void *user, double t, double *alpha, double *sigma)
{
    (void)alpha, (void)sigma;
    return (int)quell_schedule_at(user, t + 2, NULL, NULL);
}

TEST(own_failures, schedule)
{
    quell_schedule *made = NULL, *inner = must_schedule("vp");
    MUST(quell_schedule_from_function(&made, no_scales, inner, NULL));
    CHECK(quell_schedule_at(made, 0.5, NULL, NULL) == QUELL_BAD_ARGUMENT &&
              !strcmp(quell_error_message(), "schedule: the function failed at t = 0.5: schedule: "
                                             "t is 2.5, must be from 0 to 1"),
          "%s", quell_error_message());
    quell_schedule_free(made);
    quell_schedule_free(inner);
}

static int no_threads(void *host, size_t workers, void (*body)(void *data, size_t i), void *data)
{
    (void)host, (void)workers, (void)body, (void)data;
    return (int)quell_error_set(QUELL_UNSUPPORTED, "there are no threads");
}

TEST(own_failures, parallel)
{
    quell_schedule *schedule = must_schedule("vp");
    quell_denoiser *denoiser = NULL;
    quell_draw draw = quell_draw_defaults();
    quell_run run = quell_run_defaults();
    float x[COUNT * DIM];
    MUST(quell_denoiser_from_isotropic(&denoiser, DIM, NULL, 1));
    quell_sampler *sampler = must_sampler("ddim", denoiser, schedule, 2);
    draw.count = COUNT, run.parallel = no_threads, run.threads = 2, run.tile = 1;
    CHECK(quell_sample(sampler, &draw, &run, x) == QUELL_DENOISER_FAILED &&
              strstr(quell_error_message(), "parallel-for reported an error: there are no threads"),
          "%s", quell_error_message());
    quell_sampler_free(sampler);
    quell_denoiser_free(denoiser);
    quell_schedule_free(schedule);
}
