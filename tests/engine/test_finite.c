/* SPDX-License-Identifier: MIT */
/* Values that are not finite: the message says where they are, and which function or network made
 * them. */
#include "harness.h"
#include "models.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

enum { DIM = 3, STEPS = 4, COUNT = 6, FIRST = 100 };

/* What a function does: it writes `value` to element 1 of this sample at the evaluation at `t`. */
struct slip {
    uint64_t sample;
    double t;
    float value;
    int variance; /* to the variance, in place of the output */
    int result;   /* what it returns there */
};

static int slips(void *user, const quell_call *call, const float *input, float *output)
{
    const struct slip *slip = user;
    (void)input;
    memset(output, 0, call->rows * DIM * sizeof *output);
    if (call->variance) memset(call->variance, 0, call->rows * DIM * sizeof *output);
    if (slip->sample < call->first || slip->sample >= call->first + call->rows ||
        fabs(call->t - slip->t) > 0.01)
        return 0;
    (slip->variance ? call->variance : output)[(slip->sample - call->first) * DIM + 1] =
        slip->value;
    return slip->result;
}

static quell_schedule *schedule;
static quell_draw draw;
static quell_run run;
static float x[COUNT * DIM];

static void begin(void)
{
    schedule = must_schedule("rectified");
    draw = quell_draw_defaults(), run = quell_run_defaults();
    draw.first = FIRST, draw.count = COUNT;
    for (size_t i = 0; i < COUNT * DIM; i++) x[i] = 0.5f;
}

/* Checks the status and the message of the last call, and the sample that is named. */
static void check(quell_status status, quell_status wanted, const char *message, uint64_t sample,
                  size_t transition)
{
    uint64_t found = 0;
    size_t at = 0;
    CHECK(status == wanted && !strcmp(quell_error_message(), message), "%s: '%s', not '%s'",
          quell_status_name(status), quell_error_message(), message);
    CHECK(quell_error_sample(&found, &at) && found == sample && at == transition,
          "sample %llu, transition %zu, not %llu, %zu", (unsigned long long)found, at,
          (unsigned long long)sample, transition);
}

static quell_sampler *sampler_of(struct slip *slip, const char *spec, int whole_batch,
                                 const quell_sampler_options *options)
{
    quell_sampler_options own = quell_sampler_defaults();
    quell_function_options how = quell_function_defaults();
    quell_denoiser *denoiser;
    quell_sampler *sampler;
    how.whole_batch = whole_batch;
    if (strstr(spec, "learned")) how.variance = "learned_range";
    own.steps = STEPS;
    MUST(quell_denoiser_from_function(&denoiser, DIM, slips, slip, &how));
    MUST(quell_sampler_create(&sampler, spec, denoiser, schedule, options ? options : &own));
    quell_denoiser_free(denoiser);
    return sampler;
}

TEST(finite, denoiser)
{
    static const char *const specs[] = {"ddim", "ddpm", "dpmpp_2m", "heun", "pc", "unipc", "lms"};
    struct slip slip = {FIRST + 4, 0.5, (float)NAN, 0, 0};
    begin();
    for (int whole_batch = 0; whole_batch < 2; whole_batch++)
        for (size_t i = 0; i < sizeof specs / sizeof *specs; i++) {
            quell_sampler *sampler = sampler_of(&slip, specs[i], whole_batch, NULL);
            quell_status status = quell_sample(sampler, &draw, &run, x);
            size_t transition = 0;
            CHECK(quell_error_sample(NULL, &transition), "%s: no sample", specs[i]);
            char message[200];
            snprintf(message, sizeof message,
                     "run: sample 104, transition %zu: the denoiser (function) returned nan in "
                     "element 1",
                     transition);
            check(status, QUELL_NOT_FINITE, message, FIRST + 4, transition);
            CHECK(transition == 1 || transition == 2, "%s: %zu", specs[i], transition);
            quell_sampler_free(sampler);
        }
    quell_schedule_free(schedule);
}

/* A function that forgets the rows, or its variance. */
static int forgets(void *user, const quell_call *call, const float *input, float *output)
{
    (void)input;
    size_t rows = user ? call->rows : 1;
    memset(output, 0, rows * DIM * sizeof *output);
    return 0;
}

TEST(finite, rows_that_are_forgotten)
{
    quell_function_options how = quell_function_defaults();
    quell_sampler_options options = quell_sampler_defaults();
    quell_denoiser *denoiser;
    quell_sampler *sampler;
    begin();
    how.reproducible = 1, how.variance = "learned_range";
    options.steps = STEPS;
    run.tile = 3;
    for (int k = 0; k < 2; k++) {
        MUST(quell_denoiser_from_function(&denoiser, DIM, forgets, k ? &how : NULL, &how));
        MUST(quell_sampler_create(&sampler, "ddpm:variance=learned_range", denoiser, schedule,
                                  &options));
        quell_status status = quell_sample(sampler, &draw, &run, x);
        CHECK(status == QUELL_NOT_FINITE &&
                  strstr(quell_error_message(),
                         k ? "did not write element 0 of its variance"
                           : "the denoiser (function) did not write element 0"),
              "%s: %s", quell_status_name(status), quell_error_message());
        quell_sampler_free(sampler);
        quell_denoiser_free(denoiser);
    }
    quell_schedule_free(schedule);
}

/* Not a number where the first condition is below 0. */
static int of_negative(void *user, const quell_call *call, const float *input, float *output)
{
    const quell_condition *one = &call->conditions[0];
    (void)user;
    memcpy(output, input, call->rows * DIM * sizeof *output);
    for (size_t r = 0; r < call->rows; r++)
        if (one->values[one->count ? r : 0] < 0) output[r * DIM + 2] = (float)NAN;
    return 0;
}

/* The message says what the network, or function, was told of the sample. */
TEST(finite, conditions_are_named)
{
    const quell_condition takes[] = {{"energy", NULL, 0, 1}, {"map", NULL, 0, 4}};
    const float energies[COUNT] = {5, 5, -0.25f, 5, -1, 5}, map[4] = {1, -2, 3, 0}, low = -5;
    quell_condition given[] = {{"energy", energies, COUNT, 1}, {"map", map, 0, 4}};
    quell_function_options how = quell_function_defaults();
    quell_denoiser *denoiser;
    quell_sampler *sampler;
    begin();
    how.conditions = takes, how.condition_count = 2;
    MUST(quell_denoiser_from_function(&denoiser, DIM, of_negative, NULL, &how));
    MUST(quell_sampler_create(&sampler, "ddim", denoiser, schedule, NULL));
    draw.conditions = given, draw.condition_count = 2;
    for (run.tile = 1; run.tile <= 4; run.tile++)
        check(quell_sample(sampler, &draw, &run, x), QUELL_NOT_FINITE,
              "run: sample 102, transition 0: the denoiser (function) returned nan in element 2, "
              "for the conditions energy = -0.25, map from -2 to 3",
              FIRST + 2, 0);
    given[0] = (quell_condition){"energy", &low, 0, 1};
    check(quell_sample(sampler, &draw, &run, x), QUELL_NOT_FINITE,
          "run: sample 100, transition 0: the denoiser (function) returned nan in element 2, "
          "for the conditions energy = -5, map from -2 to 3",
          FIRST, 0);
    quell_sampler_free(sampler);
    quell_denoiser_free(denoiser);
    quell_schedule_free(schedule);
}

TEST(finite, denoiser_otherwise)
{
    struct slip slip = {FIRST + 1, 1, -(float)INFINITY, 0, 0};
    begin();
    quell_sampler *sampler = sampler_of(&slip, "ddim", 0, NULL);
    check(quell_sample(sampler, &draw, &run, x), QUELL_NOT_FINITE,
          "run: sample 101, transition 0: the denoiser (function) returned -inf in element 1",
          FIRST + 1, 0);
    slip.t = 0.5;
    check(quell_denoise(sampler, &draw, &run, 0.5, memset(x, 0, sizeof x), x), QUELL_NOT_FINITE,
          "denoise: sample 101: the denoiser (function) returned -inf in element 1", FIRST + 1, 0);
    slip.result = -1;
    check(quell_sample(sampler, &draw, &run, x), QUELL_DENOISER_FAILED,
          "run: sample 100, transition 2: the denoiser returned an error", FIRST, 2);
    slip.result = 1;
    check(quell_sample(sampler, &draw, &run, x), QUELL_STOPPED,
          "run: sample 100, transition 2: the denoiser returned a stop", FIRST, 2);
    quell_sampler_free(sampler);
    slip = (struct slip){FIRST, 0.5, (float)NAN, 1, 0};
    sampler = sampler_of(&slip, "ddpm:variance=learned_range", 0, NULL);
    check(quell_sample(sampler, &draw, &run, x), QUELL_NOT_FINITE,
          "run: sample 100, transition 2: the denoiser (function) returned nan in element 1 of its "
          "variance",
          FIRST, 2);
    quell_sampler_free(sampler);
    quell_schedule_free(schedule);
}

/* A bound makes a number of what is infinite, as before, and nothing of what is none. */
TEST(finite, clamped)
{
    struct slip slip = {FIRST + 1, 1, (float)INFINITY, 0, 0};
    quell_sampler_options options = quell_sampler_defaults();
    begin();
    options.steps = STEPS, options.clamp_low = -1, options.clamp_high = 1;
    quell_sampler *sampler = sampler_of(&slip, "ddim", 0, &options);
    MUST(quell_sample(sampler, &draw, &run, x));
    slip.value = (float)NAN;
    check(quell_sample(sampler, &draw, &run, x), QUELL_NOT_FINITE,
          "run: sample 101, transition 0: the denoiser (function) returned nan in element 1",
          FIRST + 1, 0);
    quell_sampler_free(sampler);
    quell_schedule_free(schedule);
}

static int huge(void *user, quell_plan *plan, const quell_point *grid, size_t steps)
{
    (void)user;
    for (size_t i = 0; i < steps; i++) {
        quell_plan_combine(plan, QUELL_STATE, 1, &(quell_term){i ? 1e38 : 1, QUELL_STATE}, 0, NULL);
        quell_plan_step(plan, &grid[i], &grid[i + 1]);
    }
    return 0;
}

TEST(finite, sampler)
{
    quell_sampler_options options = quell_sampler_defaults();
    quell_denoiser *denoiser;
    quell_sampler *sampler;
    begin();
    options.steps = STEPS;
    for (size_t i = 0; i < COUNT * DIM; i++) x[i] = i == 2 * DIM + 2 ? -4 : 0;
    MUST(quell_denoiser_from_isotropic(&denoiser, DIM, NULL, 1));
    MUST(quell_sampler_from_builder(&sampler, huge, NULL, NULL, denoiser, schedule, &options));
    check(quell_sample_from(sampler, &draw, &run, x), QUELL_NOT_FINITE,
          "run: sample 102, transition 1: the sampler made -inf in element 2, of finite outputs of "
          "the denoiser",
          FIRST + 2, 1);
    quell_sampler_free(sampler);
    quell_denoiser_free(denoiser);
    quell_schedule_free(schedule);
}

/* What a step function does beside Euler's step: it leaves a NaN, or asks with one, or goes on
 * where the denoiser fails. */
enum doing { LEAVES, ASKS, GOES_ON, MENDS };

static int step(void *user, quell_transition *at, const quell_point *t, const quell_point *s,
                float *own)
{
    const enum doing *doing = user;
    size_t count = quell_transition_rows(at) * DIM;
    float *mean = quell_transition_scratch(at, 0);
    (void)s;
    if (*doing == ASKS) own[2 * DIM + 1] = (float)NAN;
    quell_status status = quell_transition_denoise(at, t, own, mean);
    if (status && (*doing == ASKS || *doing == LEAVES)) return (int)status;
    for (size_t i = 0; i < count; i++)
        own[i] = status && *doing == MENDS ? 0 : (own[i] + mean[i]) / 2;
    if (*doing == LEAVES && quell_transition_index(at) == 3) own[5 * DIM] = (float)INFINITY;
    return 0;
}

TEST(finite, step)
{
    struct slip slip = {FIRST + 3, 0.5, (float)NAN, 0, 0}, none = {0, 0, 0, 0, 0};
    enum doing doing;
    quell_sampler_options options = quell_sampler_defaults();
    quell_denoiser *denoiser, *fine;
    quell_sampler *sampler, *steady;
    begin();
    options.steps = STEPS;
    run.tile = COUNT, run.threads = 1;
    MUST(quell_denoiser_from_function(&denoiser, DIM, slips, &slip, NULL));
    MUST(quell_denoiser_from_function(&fine, DIM, slips, &none, NULL));
    MUST(quell_sampler_from_step(&sampler, step, &doing, NULL, denoiser, schedule, &options));
    MUST(quell_sampler_from_step(&steady, step, &doing, NULL, fine, schedule, &options));
    doing = LEAVES;
    check(quell_sample(steady, &draw, &run, x), QUELL_NOT_FINITE,
          "run: sample 105, transition 3: the step function left inf in element 0", FIRST + 5, 3);
    check(quell_sample(sampler, &draw, &run, x), QUELL_DENOISER_FAILED,
          "run: sample 100, transition 2: transition: the denoiser (function) returned nan in "
          "element 1 of row 3",
          FIRST, 2);
    doing = ASKS;
    check(quell_sample(steady, &draw, &run, x), QUELL_DENOISER_FAILED,
          "run: sample 100, transition 0: transition: x[2][1] is nan where the denoiser is asked",
          FIRST, 0);
    doing = GOES_ON;
    check(quell_sample(sampler, &draw, &run, x), QUELL_NOT_FINITE,
          "run: sample 103, transition 2: the denoiser (function) returned nan in element 1",
          FIRST + 3, 2);
    doing = MENDS;
    MUST(quell_sample(sampler, &draw, &run, x));
    quell_sampler_free(sampler);
    quell_sampler_free(steady);
    quell_denoiser_free(denoiser);
    quell_denoiser_free(fine);
    quell_schedule_free(schedule);
}

/* x as the caller gives it, by every function that takes one, for an exact denoiser and for a
 * function, in tiles, in parts of samples, and one sample at a time. */
static void check_given(const quell_sampler *sampler, float value, const char *called)
{
    char before[100], alone[100];
    float out[COUNT * DIM];
    for (size_t i = 0; i < COUNT * DIM; i++) x[i] = 0.5f;
    x[4 * DIM + 1] = value;
    snprintf(before, sizeof before, "run: x[4][1] is %s before the first transition", called);
    snprintf(alone, sizeof alone, "denoise: x[4][1] is %s", called);
    check(quell_sample_from(sampler, &draw, &run, x), QUELL_NOT_FINITE, before, FIRST + 4, 0);
    for (size_t i = 0; i < COUNT * DIM; i++) x[i] = 0.5f;
    x[4 * DIM + 1] = value;
    check(quell_step(sampler, &draw, &run, 0.5, 0.5, x), QUELL_NOT_FINITE, before, FIRST + 4, 0);
    check(quell_denoise(sampler, &draw, &run, 0.5, x, out), QUELL_NOT_FINITE, alone, FIRST + 4, 0);
    check(quell_denoise(sampler, &draw, &run, 0.5, x, x), QUELL_NOT_FINITE, alone, FIRST + 4, 0);
    for (size_t i = 0; i < COUNT * DIM; i++) x[i] = 0.5f;
    x[4 * DIM + 1] = value;
    check(quell_step(sampler, &draw, &run, 0.5, 0.25, x), QUELL_NOT_FINITE, before, FIRST + 4, 0);
}

TEST(finite, given)
{
    static const char *const specs[] = {"ddim", "heun", "dpmpp_2s_a", "dpm_adaptive", "pc"};
    struct slip none = {0, 0, 0, 0, 0};
    quell_denoiser *gaussian;
    begin();
    MUST(quell_denoiser_from_isotropic(&gaussian, DIM, NULL, 1));
    for (size_t i = 0; i < sizeof specs / sizeof *specs; i++) {
        quell_schedule *vp = must_schedule("vp");
        quell_sampler *exact = must_sampler(specs[i], gaussian, vp, steps_for(specs[i], STEPS));
        check_given(exact, (float)NAN, "nan");
        run.tile = 1, run.threads = 3;
        check_given(exact, (float)INFINITY, "inf");
        run = quell_run_defaults();
        quell_sampler_free(exact);
        quell_schedule_free(vp);
    }
    for (int whole_batch = 0; whole_batch < 2; whole_batch++) {
        quell_sampler *sampler = sampler_of(&none, "ddim", whole_batch, NULL);
        check_given(sampler, -(float)INFINITY, "-inf");
        quell_sampler_free(sampler);
    }
    quell_denoiser_free(gaussian);
    quell_schedule_free(schedule);
}
