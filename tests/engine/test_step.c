/* SPDX-License-Identifier: MIT */
/* A sampler of the caller's own as a step callback, and the observer. */
#include "drawing.h"
#include "harness.h"
#include "models.h"
#include "core/plan.h"
#include "samplers/method.h"

#include <math.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

enum { STEPS = 5 };

/* DDIM's coefficients at a transition, taken from its plan, and whether it is an update. */
static bool coefficients(const quell_schedule *schedule, double t, double s, double eta, float *c)
{
    struct quell_plan plan = quell_plan_begin(schedule);
    quell_point from = quell_plan_at(&plan, t), to = quell_plan_at(&plan, s);
    quell_ddim_transition(&plan, &from, &to, eta, 0);
    memcpy(c, plan.ops[1].rounded, 3 * sizeof *c);
    bool update = plan.ops[1].update;
    quell_plan_free(&plan);
    return update;
}

struct own {
    const quell_schedule *schedule;
    size_t dim;
    double eta;
    atomic_int wrong;
    int result;
};

/* DDIM, as a user would write it. */
static int ddim(void *user, quell_transition *at, const quell_point *t, const quell_point *s,
                float *x)
{
    struct own *own = user;
    size_t count = quell_transition_rows(at) * quell_transition_dim(at);
    float *mean = quell_transition_scratch(at, 0), *noise = quell_transition_scratch(at, 3), c[3];
    if (quell_transition_dim(at) != own->dim || quell_transition_scratch(at, 4) ||
        fabs(t->t * (double)STEPS - (double)(STEPS - quell_transition_index(at))) > 1e-9)
        atomic_fetch_add(&own->wrong, 1);
    if (own->result == QUELL_BAD_ARGUMENT) return (int)quell_transition_noise(at, 8, noise);
    bool update = coefficients(own->schedule, t->t, s->t, own->eta, c);
    if (quell_transition_denoise(at, t, x, mean) || quell_transition_noise(at, 0, noise)) return -1;
    for (size_t i = 0; i < count; i++) {
        float sum = fmaf(c[1], mean[i], c[0] * x[i]);
        if (own->eta > 0) sum = fmaf(c[2], noise[i], sum);
        x[i] = update ? x[i] + sum : sum;
    }
    return own->result;
}

static void check_ddim(const char *kind, size_t dim, size_t count, double eta, const char *spec)
{
    struct model model = model_new(kind, dim);
    quell_denoiser *denoiser = model_denoiser(&model);
    quell_schedule *schedule = must_schedule("vp");
    struct own own = {.schedule = schedule, .dim = dim, .eta = eta};
    quell_sampler_options options = quell_sampler_defaults();
    options.steps = STEPS;
    quell_sampler *ours, *theirs = must_sampler(spec, denoiser, schedule, STEPS);
    MUST(quell_sampler_from_step(&ours, ddim, &own, NULL, denoiser, schedule, &options));
    quell_draw draw = quell_draw_defaults();
    draw.count = count;
    float *expected = malloc(count * dim * sizeof *expected);
    must_draw(theirs, &draw, NULL, expected);
    check_every_way(kind, ours, &draw, NULL, expected);
    CHECK(!own.wrong, "a transition was told wrong things");
    free(expected);
    quell_sampler_free(ours);
    quell_sampler_free(theirs);
    quell_denoiser_free(denoiser);
    quell_schedule_free(schedule);
    model_free(&model);
}

TEST(step, is_ddim)
{
    check_ddim("mixture", 5, 37, 0, "ddim");
    check_ddim("mixture", 6, 37, 0.5, "ddim:eta=0.5");
    check_ddim("isotropic", 5000, 3, 1, "ddpm");
    check_ddim("callback", 20000, 2, 1, "ddpm");
}

/* Asks for the denoiser's output in the place of its input, or in a part of it. */
static int in_place(void *user, quell_transition *at, const quell_point *t, const quell_point *s,
                    float *x)
{
    (void)s;
    return quell_transition_denoise(at, t, x, x + *(const size_t *)user) ? -1 : 0;
}

TEST(step, overlaps)
{
    static float x[8];
    quell_schedule *schedule = must_schedule("vp");
    struct model model = model_new("mixture", 2);
    quell_denoiser *denoiser = model_denoiser(&model);
    for (size_t shift = 0; shift < 2; shift++) {
        quell_sampler *sampler;
        quell_draw draw = quell_draw_defaults();
        draw.count = 3;
        MUST(quell_sampler_from_step(&sampler, in_place, &shift, NULL, denoiser, schedule, NULL));
        CHECK(quell_sample(sampler, &draw, NULL, x) == QUELL_DENOISER_FAILED &&
                  strstr(quell_error_message(), "out overlaps x"),
              "%s", quell_error_message());
        quell_sampler_free(sampler);
    }
    quell_denoiser_free(denoiser);
    quell_schedule_free(schedule);
    model_free(&model);
}

/* Answers only if it is given the whole batch. */
static int whole_only(void *user, const quell_call *call, const float *input, float *output)
{
    const size_t *count = user;
    return call->rows == *count ? model_callback(NULL, call, input, output) : -1;
}

/* If the denoiser wants the whole batch, the step callback gets the whole batch as well. */
TEST(step, whole_batch)
{
    static const size_t dims[] = {3, 5000};
    for (size_t i = 0; i < 2; i++) {
        size_t count = 3000 / dims[i] + 7;
        quell_schedule *schedule = must_schedule("vp");
        struct own own = {.schedule = schedule, .dim = dims[i], .eta = 1};
        quell_function_options callback = quell_function_defaults();
        quell_sampler_options options = quell_sampler_defaults();
        quell_denoiser *denoiser;
        options.steps = STEPS, callback.whole_batch = 1;
        MUST(quell_denoiser_from_function(&denoiser, dims[i], whole_only, &count, &callback));
        quell_sampler *ours, *theirs = must_sampler("ddpm", denoiser, schedule, STEPS);
        MUST(quell_sampler_from_step(&ours, ddim, &own, NULL, denoiser, schedule, &options));
        quell_draw draw = quell_draw_defaults();
        quell_run run = quell_run_defaults();
        draw.count = count, run.threads = 3;
        float *a = malloc(count * dims[i] * sizeof *a), *b = malloc(count * dims[i] * sizeof *b);
        must_draw(ours, &draw, &run, a);
        must_draw(theirs, &draw, &run, b);
        CHECK(!memcmp(a, b, count * dims[i] * sizeof *a), "dim %zu", dims[i]);
        free(a);
        free(b);
        quell_sampler_free(ours);
        quell_sampler_free(theirs);
        quell_denoiser_free(denoiser);
        quell_schedule_free(schedule);
    }
}

TEST(step, failures)
{
    struct model model = model_new("isotropic", 3);
    quell_denoiser *denoiser = model_denoiser(&model);
    quell_schedule *schedule = must_schedule("vp");
    struct own own = {.schedule = schedule, .dim = 3};
    quell_sampler_options options = quell_sampler_defaults();
    options.steps = STEPS;
    quell_sampler *sampler;
    MUST(quell_sampler_from_step(&sampler, ddim, &own, NULL, denoiser, schedule, &options));
    quell_draw draw = quell_draw_defaults();
    float x[3] = {1, 2, 3};
    draw.first = 9;
    own.result = 1;
    CHECK(quell_sample_from(sampler, &draw, NULL, x) == QUELL_STOPPED, "a stop");
    own.result = -1;
    CHECK(quell_sample_from(sampler, &draw, NULL, x) == QUELL_DENOISER_FAILED, "an error");
    CHECK(strstr(quell_error_message(), "sample 9, transition 0"), "%s", quell_error_message());
    own.result = QUELL_BAD_ARGUMENT; /* that of its call that asks for slot 8 */
    CHECK(quell_sample_from(sampler, &draw, NULL, x) == QUELL_DENOISER_FAILED, "a failed call");
    CHECK(strstr(quell_error_message(), "noise slots"), "%s", quell_error_message());
    own.result = 0;
    x[1] = (float)NAN;
    CHECK(quell_sample_from(sampler, &draw, NULL, x) == QUELL_NOT_FINITE, "NaN");
    CHECK(strstr(quell_error_message(), "x[0][1] is nan"), "%s", quell_error_message());
    x[1] = 0;
    MUST(quell_sample_from(sampler, &draw, NULL, x));
    CHECK(quell_sampler_from_step(&sampler, NULL, NULL, NULL, denoiser, schedule, NULL) ==
              QUELL_BAD_ARGUMENT,
          "NULL step");
    quell_sampler_free(sampler);
    quell_denoiser_free(denoiser);
    quell_schedule_free(schedule);
    model_free(&model);
}

/* The data of the caller's functions are released once: those of a schedule with the last sampler
 * that holds it, those of a sampler with the sampler, and none if creating it fails. */
static void count_release(void *user) { ++*(int *)user; }

static int straight(void *user, double t, double *alpha, double *sigma)
{
    (void)user;
    *alpha = 1 - 0.9 * t, *sigma = 0.1 + t;
    return 0;
}

static int build_none(void *user, quell_plan *plan, const quell_point *grid, size_t steps)
{
    (void)user;
    for (size_t i = 0; i < steps; i++) quell_plan_step(plan, &grid[i], &grid[i + 1]);
    return 0;
}

TEST(step, releases)
{
    int schedules = 0, steps = 0, builders = 0;
    struct model model = model_new("isotropic", 3);
    quell_denoiser *denoiser = model_denoiser(&model);
    quell_schedule *schedule = NULL;
    quell_sampler *step = NULL, *builder = NULL;
    quell_sampler_options options = quell_sampler_defaults();
    MUST(quell_schedule_from_function(&schedule, straight, &schedules, count_release));
    MUST(quell_sampler_from_step(&step, ddim, &steps, count_release, denoiser, schedule, NULL));
    MUST(quell_sampler_from_builder(&builder, build_none, &builders, count_release, denoiser,
                                    schedule, NULL));
    options.grid = "nonsense";
    CHECK(quell_sampler_from_step(&step, ddim, &steps, count_release, denoiser, schedule,
                                  &options) == QUELL_NOT_FOUND,
          "a grid");
    CHECK(!steps && !schedules, "released where creating failed");
    quell_schedule_free(schedule);
    quell_sampler_free(step);
    CHECK(steps == 1 && !builders && !schedules, "%d, %d, %d", steps, builders, schedules);
    quell_sampler_free(builder);
    CHECK(steps == 1 && builders == 1 && schedules == 1, "%d, %d, %d", steps, builders, schedules);
    quell_denoiser_free(denoiser);
    model_free(&model);
}

/* An observer that compares what it sees with the states that quell_step computes. */
struct observer {
    const float *states; /* [STEPS][count][dim] */
    size_t count, dim;
    uint64_t first;
    atomic_int *seen; /* [STEPS][count] */
    atomic_int wrong;
    int result;
};

static int observe(void *user, size_t transition, const quell_point *s, const quell_call *told,
                   const float *x)
{
    struct observer *o = user;
    if (fabs(s->t * (double)STEPS - (double)(STEPS - 1 - transition)) > 1e-9 || transition >= STEPS)
        atomic_fetch_add(&o->wrong, 1);
    size_t at = transition * o->count + (size_t)(told->first - o->first);
    for (size_t row = 0; row < told->rows; row++) atomic_fetch_add(&o->seen[at + row], 1);
    if (memcmp(x, o->states + at * o->dim, told->rows * o->dim * sizeof *x))
        atomic_fetch_add(&o->wrong, 1);
    return o->result;
}

static void fill_states(const quell_sampler *sampler, quell_draw draw, quell_run run, float *states,
                        float *x)
{
    size_t size = draw.count * quell_sampler_dim(sampler);
    MUST(quell_sample_prior(sampler, &draw, &run, x));
    for (size_t i = 0; i < STEPS; i++) {
        double done = (double)i;
        MUST(quell_step(sampler, &draw, &run, ((double)STEPS - done) / (double)STEPS,
                        ((double)STEPS - done - 1) / (double)STEPS, x));
        memcpy(states + i * size, x, size * sizeof *x);
    }
}

static void check_observer(const quell_sampler *sampler, size_t count)
{
    size_t dim = quell_sampler_dim(sampler);
    float *states = malloc(STEPS * count * dim * sizeof *states), *x = malloc(count * dim * 4);
    quell_draw draw = quell_draw_defaults();
    quell_run run = quell_run_defaults();
    draw.count = count, draw.first = 3, run.threads = 3;
    fill_states(sampler, draw, run, states, x);
    struct observer o = {states, count, dim, 3, calloc(STEPS * count, sizeof *o.seen), 0, 0};
    run.observe = observe, run.observe_user = &o;
    must_draw(sampler, &draw, &run, x);
    for (size_t i = 0; i < STEPS * count; i++)
        CHECK(o.seen[i] == 1, "dim %zu: sample %zu was seen %d times after transition %zu", dim,
              i % count, o.seen[i], i / count);
    CHECK(!o.wrong, "dim %zu: the observer saw %d wrong tiles", dim, o.wrong);
    o.result = 1;
    CHECK(quell_sample_from(sampler, &draw, &run, x) == QUELL_STOPPED, "an observer's stop");
    o.result = -1;
    CHECK(quell_sample_from(sampler, &draw, &run, x) == QUELL_DENOISER_FAILED,
          "an observer's error");
    free(o.seen);
    free(states);
    free(x);
}

/* A method of several steps that forgets that there is nothing before the first. */
static int reads_the_last(void *user, quell_transition *at, const quell_point *t,
                          const quell_point *s, float *x)
{
    size_t count = quell_transition_rows(at) * quell_transition_dim(at);
    float *last = quell_transition_scratch(at, *(unsigned *)user);
    (void)t, (void)s;
    for (size_t i = 0; i < count; i++) {
        float now = 0.5f * x[i];
        x[i] += 0.1f * last[i];
        last[i] = now;
    }
    return 0;
}

TEST(step, scratch_is_nan_at_first)
{
    struct model model = model_new("isotropic", 3);
    quell_denoiser *denoiser = model_denoiser(&model);
    quell_schedule *schedule = must_schedule("vp");
    quell_sampler_options options = quell_sampler_defaults();
    options.steps = STEPS;
    float x[40 * 3];
    for (unsigned k = 0; k < 4; k++) {
        quell_sampler *sampler = NULL;
        quell_draw draw = quell_draw_defaults();
        MUST(quell_sampler_from_step(&sampler, reads_the_last, &k, NULL, denoiser, schedule,
                                     &options));
        draw.count = 40;
        quell_status status = quell_sample(sampler, &draw, NULL, x);
        CHECK(status == QUELL_NOT_FINITE, "scratch %u: %s", k, quell_status_name(status));
        CHECK(strstr(quell_error_message(), "transition 0: the step function left nan"), "%s",
              quell_error_message());
        quell_sampler_free(sampler);
    }
    quell_schedule_free(schedule);
    quell_denoiser_free(denoiser);
    model_free(&model);
}

TEST(step, observer)
{
    static const struct {
        const char *kind;
        size_t dim, count;
        int whole_batch;
    } cases[] = {{"isotropic", 5, 1500, 0}, {"isotropic", 20000, 3, 0}, {"mixture", 4, 301, 0},
                 {"callback", 20000, 2, 0}, {"callback", 7, 100, 1},    {"callback", 9000, 3, 1}};
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct model model = model_new(cases[i].kind, cases[i].dim);
        quell_denoiser *denoiser = NULL;
        quell_function_options options = quell_function_defaults();
        options.whole_batch = 1;
        if (cases[i].whole_batch)
            MUST(
                quell_denoiser_from_function(&denoiser, model.dim, model_callback, NULL, &options));
        else
            denoiser = model_denoiser(&model);
        quell_schedule *schedule = must_schedule("rectified");
        quell_sampler *sampler = must_sampler("ddpm", denoiser, schedule, STEPS);
        check_observer(sampler, cases[i].count);
        quell_sampler_free(sampler);
        quell_schedule_free(schedule);
        quell_denoiser_free(denoiser);
        model_free(&model);
    }
}

/* Steps of dpm_adaptive: each interval has noise of its own, and the same whenever it is taken. All
 * samples begin at one point, so that the noise is all that differs. */
TEST(step, adaptive_noise)
{
    enum { COUNT = 4000 };
    static float x[3][COUNT];
    static const double ends[3] = {0.5, 0.5000001, 0.5};
    struct model model = model_new("isotropic", 1);
    quell_denoiser *denoiser = model_denoiser(&model);
    quell_schedule *schedule = must_schedule("vp");
    quell_sampler *sampler = must_sampler("dpm_adaptive:eta=1", denoiser, schedule, 1);
    quell_draw draw = quell_draw_defaults();
    double sum[2] = {0}, product[3] = {0};
    draw.count = COUNT;
    for (size_t k = 0; k < 3; k++) {
        for (size_t i = 0; i < COUNT; i++) x[k][i] = 0.5f;
        MUST(quell_step(sampler, &draw, NULL, 0.75, ends[k], x[k]));
    }
    CHECK(!memcmp(x[0], x[2], sizeof *x), "an interval is not the same again");
    for (size_t i = 0; i < COUNT; i++) sum[0] += (double)x[0][i], sum[1] += (double)x[1][i];
    for (size_t i = 0; i < COUNT; i++) {
        double a = (double)x[0][i] - sum[0] / COUNT, b = (double)x[1][i] - sum[1] / COUNT;
        product[0] += a * a, product[1] += b * b, product[2] += a * b;
    }
    double correlation = product[2] / sqrt(product[0] * product[1]);
    CHECK(product[0] > 0.01 * COUNT, "no noise: variance %g", product[0] / COUNT);
    CHECK(fabs(correlation) < 5 / sqrt(COUNT), "their noise has correlation %.3f", correlation);
    quell_sampler_free(sampler);
    quell_schedule_free(schedule);
    quell_denoiser_free(denoiser);
    model_free(&model);
}
