/* SPDX-License-Identifier: MIT */
/* The plan builder: what it writes, what it refuses, and that errors stick. */
#include "builders.h"
#include "harness.h"
#include "models.h"
#include "core/plan.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

/* A NULL buffer is not written to, whatever size is given. */
TEST(plan, printing_without_a_buffer)
{
    quell_denoiser *denoiser = NULL;
    quell_schedule *schedule = NULL;
    quell_sampler *sampler = NULL;
    CHECK(!quell_denoiser_from_isotropic(&denoiser, 1, NULL, 1.0) &&
              !quell_schedule_create(&schedule, "vp") &&
              !quell_sampler_create(&sampler, "ddpm", denoiser, schedule, NULL),
          "%s", quell_error_message());
    size_t length = quell_sampler_print(sampler, NULL, 0);
    CHECK(length > 0 && quell_sampler_print(sampler, NULL, 100) == length, "the length");
    quell_sampler_free(sampler);
    quell_schedule_free(schedule);
    quell_denoiser_free(denoiser);
}

TEST(plan, builder_is_ddim)
{
    enum { COUNT = 50, DIM = 7, STEPS = 20 };
    struct model model = model_new("mixture", DIM);
    quell_denoiser *denoiser = model_denoiser(&model);
    quell_schedule *schedule = must_schedule("cosine");
    quell_sampler_options options = quell_sampler_defaults();
    options.steps = STEPS;
    quell_sampler *ours, *ddim = must_sampler("ddim", denoiser, schedule, STEPS);
    MUST(quell_sampler_from_builder(&ours, euler, NULL, NULL, denoiser, schedule, &options));
    quell_draw draw = quell_draw_defaults();
    draw.count = COUNT;
    float a[COUNT * DIM], b[COUNT * DIM];
    MUST(quell_sample_prior(ours, &draw, NULL, a));
    memcpy(b, a, sizeof a);
    MUST(quell_sample_from(ours, &draw, NULL, a));
    MUST(quell_sample_from(ddim, &draw, NULL, b));
    for (size_t i = 0; i < COUNT * DIM; i++)
        CHECK(fabsf(a[i] - b[i]) < 2e-4f, "element %zu: %g, not %g", i, (double)a[i], (double)b[i]);
    quell_sampler_free(ours);
    quell_sampler_free(ddim);
    quell_denoiser_free(denoiser);
    quell_schedule_free(schedule);
    model_free(&model);
}

TEST(plan, prints)
{
    quell_sampler *sampler = built(euler, NULL, 2);
    CHECK(sampler, "%s", quell_error_message());
    char text[1000];
    size_t length = quell_sampler_print(sampler, text, sizeof text);
    const char *expected = "EVAL     r1 = E[X | x] at t = 1, alpha 0.001, sigma 1\n"
                           "COMBINE  x = 0.500499994 x + 0.499999493 r1\n"
                           "STEP     1 -> 0.5\n"
                           "EVAL     r1 = E[X | x] at t = 0.5, alpha 0.5005, sigma 0.5005\n"
                           "COMBINE  x = 0.00199800194 x + 0.999000013 r1\n"
                           "STEP     0.5 -> 0\n";
    CHECK(!strcmp(text, expected), "%s", text);
    CHECK(length == strlen(expected), "length %zu", length);
    for (size_t size = 0; size <= length + 1; size++) {
        char part[1000];
        memset(part, '#', sizeof part);
        CHECK(quell_sampler_print(sampler, part, size) == length, "size %zu", size);
        CHECK(part[size] == '#', "size %zu: written past the end", size);
        CHECK(!size || (!memcmp(part, text, size - 1) && !part[size - 1]), "size %zu", size);
    }
    CHECK(quell_sampler_print(sampler, NULL, 0) == length, "without a buffer");
    quell_sampler_free(sampler);
}

TEST(plan, prints_noise)
{
    struct model model = model_new("isotropic", 1);
    quell_denoiser *denoiser = model_denoiser(&model);
    quell_schedule *schedule = must_schedule("vp");
    quell_sampler *sampler = must_sampler("ddpm", denoiser, schedule, 3);
    char text[1000];
    quell_sampler_print(sampler, text, sizeof text);
    CHECK(strstr(text, " noise0(1, 0.666666667)\n") &&
              strstr(text, " noise0(0.666666667, 0.333333333)\n") &&
              strstr(text, " noise0(0.333333333, 0)\n"),
          "%s", text);
    quell_sampler_free(sampler);
    quell_denoiser_free(denoiser);
    quell_schedule_free(schedule);
    model_free(&model);
}

/* A plan without a sampler, on a schedule that the test owns. */
static struct quell_plan plan;
static quell_schedule *plan_schedule;

static void begin(void)
{
    plan_schedule = must_schedule("vp");
    plan = quell_plan_begin(plan_schedule);
}

static void end(void)
{
    quell_plan_free(&plan);
    quell_schedule_free(plan_schedule);
}

/* Checks that the plan has failed with this status and message, and that further calls add
 * nothing. */
static void check_stuck(const char *says)
{
    CHECK(plan.status == QUELL_BAD_ARGUMENT, "no error where '%s' was due", says);
    CHECK(strstr(quell_error_message(), says), "'%s', not '%s'", quell_error_message(), says);
    char message[512];
    strcpy(message, quell_error_message());
    size_t count = plan.count;
    quell_term one = {1, QUELL_STATE};
    quell_point t = quell_plan_at(&plan, 2);
    quell_plan_register(&plan);
    quell_plan_release(&plan, QUELL_STATE);
    quell_plan_denoise(&plan, QUELL_STATE, &t);
    quell_plan_combine(&plan, 99, 1, &one, 0, NULL);
    quell_plan_noise(&plan, 99, &t, &t);
    quell_plan_step(&plan, &t, &t);
    quell_plan_refuse(&plan, QUELL_IO_FAILED, "another");
    CHECK(plan.count == count, "operations were added after '%s'", says);
    CHECK(plan.status == QUELL_BAD_ARGUMENT && !strcmp(quell_error_message(), message),
          "the first error did not stick: %s", quell_error_message());
    end();
}

TEST(plan, registers)
{
    begin();
    quell_point t = quell_plan_at(&plan, 1);
    for (int r = 1; r < QUELL_MAX_REGISTERS; r++)
        CHECK(quell_plan_denoise(&plan, QUELL_STATE, &t) == r, "register %d", r);
    quell_plan_release(&plan, 3);
    CHECK(quell_plan_register(&plan) == 3 && !plan.status, "3 was given back");
    CHECK(plan.registers == QUELL_MAX_REGISTERS, "%u registers", plan.registers);
    quell_plan_register(&plan);
    check_stuck("more than 8 registers");
}

TEST(plan, refuses_registers)
{
    quell_term from = {1, 0};
    const quell_register_id bad[] = {-1, 1, QUELL_MAX_REGISTERS, 1000, -1000};
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        begin();
        quell_plan_release(&plan, bad[i]);
        check_stuck("not in use");
        begin();
        quell_plan_combine(&plan, bad[i], 1, &from, 0, NULL);
        check_stuck("not in use");
        begin();
        quell_term term = {1, bad[i]};
        quell_plan_combine(&plan, QUELL_STATE, 1, &term, 0, NULL);
        check_stuck("not in use");
        begin();
        quell_point t = quell_plan_at(&plan, 1);
        quell_plan_denoise(&plan, bad[i], &t);
        check_stuck("not in use");
    }
    begin();
    quell_plan_release(&plan, QUELL_STATE);
    check_stuck("state cannot be released");
    begin(); /* its value would depend on the tile that ran before */
    quell_term fresh = {1, quell_plan_register(&plan)};
    quell_plan_combine(&plan, QUELL_STATE, 1, &fresh, 0, NULL);
    check_stuck("before it is written");
    begin(); /* given back and taken again, it is as fresh */
    quell_point t = quell_plan_at(&plan, 1);
    quell_plan_release(&plan, quell_plan_denoise(&plan, QUELL_STATE, &t));
    fresh.source = quell_plan_register(&plan);
    quell_plan_combine(&plan, QUELL_STATE, 1, &fresh, 0, NULL);
    check_stuck("before it is written");
}

TEST(plan, refuses_combinations)
{
    const quell_term terms[7] = {{1, 0}, {1, 0}, {1, 0}, {1, 0}, {1, 0}, {1, 0}, {1, 0}};
    begin();
    quell_point t = quell_plan_at(&plan, 1), s = quell_plan_at(&plan, 0);
    const quell_noise_term noises[3] = {
        {1, quell_plan_noise(&plan, 0, &t, &s)}, {1, quell_plan_noise(&plan, 1, &t, &s)}, {1, 2}};
    quell_plan_combine(&plan, QUELL_STATE, 6, terms, 2, noises);
    CHECK(!plan.status && plan.ops[0].terms == 6 && plan.ops[0].noises == 2, "6 and 2");
    quell_plan_combine(&plan, QUELL_STATE, 7, terms, 0, NULL);
    check_stuck("7 terms and 0 noises; must have 1 to 6");
    begin();
    quell_plan_combine(&plan, QUELL_STATE, 0, terms, 0, NULL);
    check_stuck("0 terms");
    begin();
    quell_plan_combine(&plan, QUELL_STATE, 1, terms, 3, noises);
    check_stuck("1 terms and 3 noises; must have 1 to 6 and 0 to 2");
    const double bad[] = {(double)NAN, (double)INFINITY, 1e39, -1e300};
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        begin();
        quell_term term = {bad[i], 0};
        quell_plan_combine(&plan, QUELL_STATE, 1, &term, 0, NULL);
        check_stuck("not a finite float");
        begin();
        quell_noise_term noise = {bad[i], quell_plan_noise(&plan, 0, &t, &s)};
        quell_plan_combine(&plan, QUELL_STATE, 1, terms, 1, &noise);
        check_stuck("not a finite float");
    }
}

TEST(plan, drops_zeros)
{
    begin();
    quell_point t = quell_plan_at(&plan, 1);
    quell_register_id mu = quell_plan_denoise(&plan, QUELL_STATE, &t);
    quell_term terms[] = {{0, QUELL_STATE}, {0.5, mu}, {1e-60, QUELL_STATE}};
    quell_noise_term noises[] = {{0, 1}, {0.25, quell_plan_noise(&plan, 3, &t, &t)}};
    quell_plan_combine(&plan, QUELL_STATE, 3, terms, 2, noises);
    const struct quell_op *op = &plan.ops[1];
    CHECK(op->terms == 1 && op->in[0] == mu && op->coefficient[0] == 0.5f, "terms");
    CHECK(op->noises == 1 && op->stream[0] == 0 && op->coefficient[1] == 0.25f, "noises");
    terms[1].coefficient = 0;
    quell_plan_combine(&plan, mu, 3, terms, 2, noises);
    op = &plan.ops[2];
    CHECK(op->terms == 1 && op->coefficient[0] == 0, "a combination of nothing is 0");
    CHECK(op->noises == 1 && op->stream[0] == 0 && op->coefficient[1] == 0.25f, "noise alone");
    CHECK(!plan.status, "%s", quell_error_message());
    end();
}

static void check_name(uint32_t noise, double from, double to, uint32_t stream)
{
    const struct quell_noise_name *name = &plan.name[plan.names - 1];
    CHECK(noise > QUELL_STREAM(1000000, 7) && noise < UINT32_C(1) << 31, "%u", noise);
    CHECK(!memcmp(&name->from, &from, sizeof from) && !memcmp(&name->to, &to, sizeof to) &&
              name->stream == stream && !quell_noise_is_path(name),
          "slot %u from %g to %g, not %u from %g to %g", name->stream, name->from, name->to, stream,
          from, to);
}

/* A noise is named by the times of its interval, or where those are one by lambda; no number that
 * does not come from quell_plan_noise is a name. */
TEST(plan, names_of_noise)
{
    begin();
    quell_point t = quell_plan_at(&plan, 1), s = quell_plan_at(&plan, 0.25), beyond = s;
    beyond.log_sigma -= 1;
    check_name(quell_plan_noise(&plan, 0, &t, &s), 1, 0.25, 0);
    check_name(quell_plan_noise_piece(&plan, 7, &s, &t), 0.25, 1, 7);
    check_name(quell_plan_noise(&plan, 1, &s, &beyond), quell_lambda(&s), quell_lambda(&beyond), 1);
    check_name(quell_plan_noise(&plan, 1, &t, &t), quell_lambda(&t), quell_lambda(&t), 1);
    quell_plan_noise(&plan, 8, &t, &t);
    check_stuck("slots");
    const uint32_t strange[] = {0, 1, QUELL_STREAM(0, 0), QUELL_STREAM(3, 2), UINT32_MAX};
    for (size_t i = 0; i < sizeof strange / sizeof *strange; i++) {
        begin();
        quell_plan_noise(&plan, 0, &t, &s);
        quell_term x = {1, QUELL_STATE};
        quell_noise_term noise = {1, strange[i]};
        quell_plan_combine(&plan, QUELL_STATE, 1, &x, 1, &noise);
        check_stuck("not one of quell_plan_noise");
    }
    begin();
    t.t = (double)NAN;
    quell_plan_noise(&plan, 0, &t, &s);
    check_stuck("not a number");
}

TEST(plan, times_outside)
{
    const double bad[] = {-0.1, 1.5, (double)NAN};
    for (size_t i = 0; i < 3; i++) {
        begin();
        quell_plan_at(&plan, bad[i]);
        check_stuck("must be from 0 to 1");
    }
}

/* Many operations, so that the list grows while it is written. */
TEST(plan, long_plans)
{
    quell_sampler *sampler = built(euler, NULL, 3000);
    CHECK(sampler && quell_sampler_steps(sampler) == 3000, "%s", quell_error_message());
    size_t length = quell_sampler_print(sampler, NULL, 0), lines = 0;
    char *text = malloc(length + 1);
    quell_sampler_print(sampler, text, length + 1);
    for (const char *c = text; *c; c++) lines += *c == '\n';
    CHECK(lines == 9000, "%zu lines", lines);
    free(text);
    quell_sampler_free(sampler);
}
