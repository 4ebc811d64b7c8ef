/* SPDX-License-Identifier: MIT */
/* What belongs to a run reaches the caller's functions in it, and what belongs to a denoiser is
 * released with it. */
#include "harness.h"
#include "models.h"

#include <math.h>
#include <stdatomic.h>
#include <string.h>

enum { DIM = 2, COUNT = 300, THREADS = 3 };

struct seen {
    atomic_size_t rows;
};

static int count_rows(void *user, const quell_call *call, const float *input, float *output)
{
    (void)user;
    atomic_fetch_add(&((struct seen *)call->context)->rows, call->rows);
    return model_callback(NULL, call, input, output);
}

static int count_in_step(void *user, quell_transition *transition, const quell_point *t,
                         const quell_point *s, float *x)
{
    (void)user, (void)s;
    struct seen *seen = quell_transition_context(transition);
    atomic_fetch_add(&seen->rows, 1000 * quell_transition_rows(transition));
    float *mean = quell_transition_scratch(transition, 0);
    return quell_transition_denoise(transition, t, x, mean) ? -1 : 0;
}

static size_t rows_of(const quell_sampler *sampler)
{
    static float x[COUNT * DIM];
    struct seen seen = {0};
    quell_draw draw = quell_draw_defaults();
    quell_run run = quell_run_defaults();
    draw.count = COUNT, run.threads = THREADS, draw.context = &seen;
    CHECK(!quell_sample(sampler, &draw, &run, x), "%s", quell_error_message());
    return atomic_load(&seen.rows);
}

TEST(context, reaches_denoisers)
{
    quell_denoiser *plain, *guide, *guided;
    quell_schedule *schedule = must_schedule("vp");
    MUST(quell_denoiser_from_function(&plain, DIM, count_rows, NULL, NULL));
    MUST(quell_denoiser_from_function(&guide, DIM, count_rows, NULL, NULL));
    MUST(quell_denoiser_from_guidance(&guided, plain, guide, NULL));
    quell_denoiser_free(guide);
    quell_sampler *alone = must_sampler("ddim", plain, schedule, 4);
    quell_sampler *twice = must_sampler("ddim", guided, schedule, 4);
    CHECK(rows_of(alone) == 4 * COUNT, "rows of a denoiser");
    CHECK(rows_of(twice) == 8 * COUNT, "rows of a guided denoiser");
    quell_sampler_free(alone);
    quell_sampler_free(twice);
    quell_denoiser_free(guided);
    quell_denoiser_free(plain);
    quell_schedule_free(schedule);
}

TEST(context, reaches_steps)
{
    quell_denoiser *denoiser;
    quell_schedule *schedule = must_schedule("vp");
    quell_sampler *sampler;
    quell_sampler_options options = quell_sampler_defaults();
    options.steps = 4;
    MUST(quell_denoiser_from_function(&denoiser, DIM, count_rows, NULL, NULL));
    MUST(
        quell_sampler_from_step(&sampler, count_in_step, NULL, NULL, denoiser, schedule, &options));
    CHECK(rows_of(sampler) == 4 * COUNT * 1001, "rows of steps and of their denoiser");
    quell_sampler_free(sampler);
    quell_denoiser_free(denoiser);
    quell_schedule_free(schedule);
}

/* Of each row: its class, its condition, its seed and its index, as its number i says. */
static int see_rows(const quell_call *told, const quell_point *at)
{
    if (told->dim != DIM || told->t != at->t || told->alpha != at->alpha ||
        told->sigma != at->sigma || told->worker >= told->workers)
        return -1;
    struct seen *seen = told->context;
    for (size_t r = 0; r < told->rows; r++) {
        uint64_t i = told->first + r;
        if (told->classes[r] != (int32_t)(i % 3) || told->seeds[r] != i * i ||
            told->indices[r] != 1000 - i || told->conditions[0].values[r] != (float)i ||
            told->conditions[0].count != told->rows || strcmp(told->conditions[0].name, "a") != 0)
            return -1;
    }
    atomic_fetch_add(&seen->rows, told->rows);
    return 0;
}

static int see_in_step(void *user, quell_transition *transition, const quell_point *t,
                       const quell_point *s, float *x)
{
    const quell_call *told = quell_transition_told(transition);
    (void)user, (void)s, (void)x;
    if (told->rows != quell_transition_rows(transition) ||
        told->first != quell_transition_first(transition))
        return -1;
    return see_rows(told, t);
}

static int see_in_observer(void *user, size_t transition, const quell_point *s,
                           const quell_call *told, const float *x)
{
    (void)user, (void)transition, (void)x;
    return see_rows(told, s);
}

/* A step of the caller's and an observer are told what a denoiser is told. */
TEST(context, steps_and_observers_see_what_is_told)
{
    static float x[COUNT * DIM], a[COUNT];
    static int32_t classes[COUNT];
    static uint64_t seeds[COUNT], indices[COUNT];
    const quell_condition takes = {"a", NULL, 0, 1}, given = {"a", a, COUNT, 1};
    quell_denoiser *denoiser;
    quell_sampler *sampler;
    quell_schedule *schedule = must_schedule("vp");
    quell_function_options how = quell_function_defaults();
    quell_sampler_options options = quell_sampler_defaults();
    quell_draw draw = quell_draw_defaults();
    quell_run run = quell_run_defaults();
    struct seen seen = {0};
    for (uint64_t i = 0; i < COUNT; i++) {
        a[i] = (float)i, classes[i] = (int32_t)(i % 3);
        seeds[i] = i * i, indices[i] = 1000 - i;
    }
    how.classes = 3, how.conditions = &takes, how.condition_count = 1, options.steps = 4;
    MUST(quell_denoiser_from_function(&denoiser, DIM, count_rows, NULL, &how));
    MUST(quell_sampler_from_step(&sampler, see_in_step, NULL, NULL, denoiser, schedule, &options));
    draw.count = COUNT, draw.context = &seen, draw.classes = classes, draw.seeds = seeds;
    draw.indices = indices, draw.conditions = &given, draw.condition_count = 1;
    run.threads = THREADS, run.tile = 7, run.observe = see_in_observer;
    MUST(quell_sample(sampler, &draw, &run, x));
    CHECK(atomic_load(&seen.rows) == 2 * 4 * COUNT, "%zu rows", atomic_load(&seen.rows));
    quell_sampler_free(sampler);
    quell_denoiser_free(denoiser);
    quell_schedule_free(schedule);
}

static void count_release(void *user) { ++*(int *)user; }

TEST(context, release)
{
    int released = 0;
    quell_denoiser *denoiser;
    quell_schedule *schedule = must_schedule("vp");
    quell_function_options options = quell_function_defaults();
    options.release = count_release;
    CHECK(quell_denoiser_from_function(&denoiser, 0, count_rows, &released, &options), "dim 0");
    CHECK(released == 0, "released what was not taken");
    MUST(quell_denoiser_from_function(&denoiser, DIM, count_rows, &released, &options));
    quell_sampler *sampler = must_sampler("ddim", denoiser, schedule, 4);
    quell_denoiser_free(denoiser);
    CHECK(released == 0, "released while a sampler holds it");
    quell_sampler_free(sampler);
    CHECK(released == 1, "released %d times", released);
    quell_schedule_free(schedule);
}

/* A denoiser whose mean is the class, and 100 without one. */
static int mean_is_class(void *user, const quell_call *call, const float *input, float *output)
{
    (void)user, (void)input;
    for (size_t i = 0; i < call->rows * call->dim; i++) {
        int32_t class = call->classes ? call->classes[i / call->dim] : -1;
        output[i] = class < 0 ? 100 : (float)class;
    }
    return 0;
}

/* A callback gets the class of each row, and no classes where guidance evaluates it without a
 * class. */
TEST(context, classes)
{
    static float x[COUNT * DIM], mean[COUNT * DIM];
    static int32_t classes[COUNT], none[COUNT];
    quell_denoiser *plain, *guided;
    quell_schedule *schedule = must_schedule("vp");
    quell_function_options options = quell_function_defaults();
    quell_draw draw = quell_draw_defaults();
    quell_run run = quell_run_defaults();
    draw.count = COUNT, run.threads = THREADS, run.tile = 7;
    options.classes = 5;
    for (int i = 0; i < COUNT; i++) classes[i] = i % 6 - 1;
    MUST(quell_denoiser_from_function(&plain, DIM, mean_is_class, NULL, &options));
    MUST(quell_denoiser_from_guidance(&guided, plain, NULL, NULL));
    CHECK(quell_denoiser_classes(plain) == 5 && quell_denoiser_classes(guided) == 5, "classes");
    for (int weight = 1; weight <= 2; weight++) {
        quell_sampler *sampler = must_sampler("ddim", weight == 1 ? plain : guided, schedule, 4);
        draw.classes = classes, draw.part = 0;
        MUST(quell_denoise(sampler, &draw, &run, 0.5, x, mean));
        for (int i = 0; i < COUNT * DIM; i++) {
            int class = classes[i / DIM];
            double own = class < 0 ? 100 : class, expected = weight * own + (1 - weight) * 100;
            CHECK(fabs((double)mean[i] - expected) < 1e-4, "element %d: %g, not %g", i,
                  (double)mean[i], expected);
        }
        for (int i = 0; i < COUNT; i++) none[i] = -1;
        draw.classes = weight == 1 ? NULL : none; /* guidance wants to be told */
        draw.part = weight > 1;                   /* and that others have a class */
        MUST(quell_denoise(sampler, &draw, &run, 0.5, x, mean));
        CHECK(fabs((double)mean[7] - 100) < 1e-4, "without classes: %g", (double)mean[7]);
        quell_sampler_free(sampler);
    }
    quell_denoiser_free(guided);
    quell_denoiser_free(plain);
    quell_schedule_free(schedule);
}
