/* SPDX-License-Identifier: MIT */
/* A good guest in every public call, those that fail included: before and after each, the host's
 * settings, which are unlike the ordinary ones, are the same. */
#include "builders.h"
#include "harness.h"
#include "host_state.h"
#include "models.h"
#include "scratch.h"
#include "names.h"

#include <cblas.h>
#include <fenv.h>
#include <quell/quell.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { DIM = 3, ROWS = 40 };

static const double weights[] = {1, 3}, means[] = {-2, 0, 1, 2, 1, 0}, variances[] = {0.1, 0.2};
static const double diagonals[] = {0.1, 0.2, 0.3, 0.4, 0.5, 0.6};
static const double covariance[] = {2, 1, 0, 1, 2, 0, 0, 0, 1};
static float x[ROWS * DIM], y[ROWS * DIM];
static double values[DIM], vectors[DIM * DIM];

static quell_denoiser *denoiser, *other;
static quell_schedule *schedule;
static quell_sampler *sampler, *own;
static quell_model *model;
static char text[4096];
static struct scratch_path path;

static int denoise(void *user, const quell_call *call, const float *input, float *output)
{
    (void)user;
    memcpy(output, input, call->rows * call->dim * sizeof *input);
    return 0;
}

static int scales(void *user, double t, double *alpha, double *sigma)
{
    (void)user;
    *alpha = 1 - 0.9 * t;
    *sigma = 0.1 + t;
    return 0;
}

static int stay(void *user, quell_transition *transition, const quell_point *t,
                const quell_point *s, float *rows)
{
    quell_point middle;
    float *scratch = quell_transition_scratch(transition, 0);
    (void)user;
    quell_status status = quell_transition_at(transition, (t->t + s->t) / 2, &middle);
    if (!status) status = quell_transition_denoise(transition, t, rows, scratch);
    if (!status) status = quell_transition_noise(transition, 0, scratch);
    return status || quell_transition_context(transition) ? -1 : 0;
}

static quell_draw a_draw(void)
{
    quell_draw draw = quell_draw_defaults();
    draw.count = ROWS;
    return draw;
}

static quell_run a_run(void)
{
    quell_run run = quell_run_defaults();
    run.threads = 3;
    run.tile = 8;
    return run;
}

static void names(void)
{
    const char *name;
    quell_entry_alias alias = quell_entry_alias_init();
    quell_entry_option option = quell_entry_option_init();
    size_t place;
    for (size_t i = 0; sampler_name(i); i++) {
        MUST(quell_list_find(QUELL_LIST_SAMPLERS, sampler_name(i), &place));
        quell_list_alias(QUELL_LIST_SAMPLERS, i, 0, &alias);
        quell_list_option(QUELL_LIST_SAMPLERS, i, 0, &option);
    }
    for (size_t i = 0; isa_name(i); i++) quell_isa_available(isa_name(i));
    MUST(quell_isa_default(&name));
    quell_status_name(QUELL_OK);
    quell_status_text(QUELL_OK);
    quell_version();
    quell_error_set(QUELL_BAD_ARGUMENT, "a message");
    quell_error_message();
}

static void replace(quell_denoiser **old, quell_denoiser *made)
{
    quell_denoiser_free(*old);
    *old = made;
}

#define DENOISER(name, call)         \
    static void name(void)           \
    {                                \
        quell_denoiser *made = NULL; \
        MUST(call);                  \
        replace(&other, made);       \
    }
DENOISER(isotropic, quell_denoiser_from_isotropic(&made, DIM, means, 0.5))
DENOISER(diagonal, quell_denoiser_from_diagonal(&made, DIM, NULL, diagonals))
DENOISER(full, quell_denoiser_from_covariance(&made, DIM, NULL, covariance))
DENOISER(eigen, (quell_denoiser_eigenbasis(other, values, vectors) ||
                 quell_denoiser_from_eigenbasis(&made, DIM, NULL, values, vectors)))
DENOISER(mixture, quell_denoiser_from_mixture(&made, 2, DIM, weights, means, variances))
DENOISER(mixture_diagonal,
         quell_denoiser_from_diagonal_mixture(&made, 2, DIM, weights, means, diagonals))
DENOISER(empirical, quell_denoiser_from_points(&made, ROWS, DIM, x))
DENOISER(callback, quell_denoiser_from_function(&made, DIM, denoise, NULL, NULL))
DENOISER(guided, quell_denoiser_from_guidance(&made, denoiser, other, NULL))

static void questions(void)
{
    quell_denoiser_dim(denoiser);
    quell_denoiser_reproducible(denoiser);
    quell_denoiser_kind(denoiser);
    quell_denoiser_classes(denoiser);
    quell_sampler_dim(sampler);
    quell_sampler_steps(sampler);
    quell_sampler_evaluations(sampler);
    quell_sampler_print(sampler, text, sizeof text);
}

static void schedules(void)
{
    static const double betas[] = {0.1, 0.2, 0.3};
    double alpha, sigma;
    for (size_t i = 0; schedule_name(i); i++) {
        quell_schedule *made = NULL;
        MUST(quell_schedule_create(&made, schedule_name(i)));
        MUST(quell_schedule_at(made, 0.3, &alpha, &sigma));
        quell_schedule_free(made);
    }
    quell_schedule *made = NULL;
    MUST(quell_schedule_from_betas(&made, 3, betas));
    quell_schedule_free(made);
    MUST(quell_schedule_from_function(&made, scales, NULL, NULL));
    MUST(quell_schedule_at(made, 0.3, &alpha, &sigma));
    quell_schedule_free(made);
}

static void samplers(void)
{
    for (size_t i = 0; sampler_name(i); i++) {
        quell_sampler *made = NULL;
        quell_draw draw = a_draw();
        quell_run run = a_run();
        quell_sampler_options options = quell_sampler_defaults();
        options.steps = strcmp(sampler_name(i), "dpm_adaptive") ? 4 : 0;
        MUST(quell_sampler_create(&made, sampler_name(i), denoiser, schedule, &options));
        MUST(quell_sample(made, &draw, &run, x));
        quell_sampler_free(made);
    }
}

static void own_builder(void)
{
    quell_sampler_free(own);
    MUST(quell_sampler_from_builder(&own, euler, NULL, NULL, denoiser, schedule, NULL));
}

static void own_step(void)
{
    quell_draw draw = a_draw();
    quell_run run = a_run();
    quell_sampler_free(own);
    MUST(quell_sampler_from_step(&own, stay, NULL, NULL, denoiser, schedule, NULL));
    MUST(quell_sample(own, &draw, &run, x));
}

static void one_step(void)
{
    quell_draw draw = a_draw();
    quell_run run = a_run();
    MUST(quell_sample_prior(sampler, &draw, &run, x));
    MUST(quell_step(sampler, &draw, &run, 0.7, 0.2, x));
    MUST(quell_denoise(sampler, &draw, &run, 0.7, x, y));
}

static void noise(void)
{
    MUST(quell_noise(1, 2, 3, 4, ROWS, x));
    MUST(quell_noise_brownian(1, 2, quell_noise_place(0.5), quell_noise_place(2), 3, 0, ROWS, x));
}

static void models(void)
{
    quell_model *loaded = NULL;
    for (size_t i = 0; model_name(i); i++) {
        MUST(quell_model_load(&loaded, model_name(i)));
        quell_model_free(loaded);
    }
    MUST(quell_model_save(model, path.text));
    MUST(quell_model_load(&loaded, path.text));
    quell_model_free(loaded);
}

/* Makes a call fail in each way that there is. */
static void failures(void)
{
    quell_draw draw = a_draw();
    quell_run run = a_run();
    quell_model *none = NULL;
    quell_schedule *made = NULL;
    quell_sampler *no_sampler = NULL;
    quell_denoiser *no_denoiser = NULL;
    CHECK(quell_schedule_create(&made, "vp:alpha_min=1.5") == QUELL_BAD_ARGUMENT, "schedule");
    CHECK(quell_sampler_create(&no_sampler, "none", denoiser, schedule, NULL) == QUELL_NOT_FOUND,
          "sampler");
    CHECK(quell_denoiser_from_isotropic(&no_denoiser, 0, NULL, -1), "denoiser");
    CHECK(quell_model_load(&none, "/no/such/file.json") == QUELL_IO_FAILED, "model");
    CHECK(quell_model_save(model, "/no/such/folder/x.json") == QUELL_IO_FAILED, "save");
    for (size_t i = 0; i < ROWS * DIM; i++) x[i] = 3e38f;
    CHECK(quell_step(sampler, &draw, &run, 0.2, 0.7, x) == QUELL_BAD_ARGUMENT, "times");
    x[5] = (float)NAN;
    CHECK(quell_sample_from(sampler, &draw, &run, x) == QUELL_NOT_FINITE, "a run: %s",
          quell_error_message());
    run.isa = "none";
    CHECK(quell_sample_from(sampler, &draw, &run, x) == QUELL_NOT_FOUND, "isa");
    memset(x, 0, sizeof x);
}

static const struct {
    const char *name;
    void (*call)(void);
} calls[] = {
    {"names", names},
    {"isotropic", isotropic},
    {"diagonal", diagonal},
    {"full", full},
    {"eigen", eigen},
    {"mixture", mixture},
    {"mixture_diagonal", mixture_diagonal},
    {"empirical", empirical},
    {"callback", callback},
    {"guided", guided},
    {"questions", questions},
    {"schedules", schedules},
    {"samplers", samplers},
    {"builder", own_builder},
    {"step", own_step},
    {"one step", one_step},
    {"noise", noise},
    {"models", models},
    {"failures", failures},
};

TEST(host, every_call)
{
    struct host first, before, after;
    quell_sampler_options options = quell_sampler_defaults();
    options.steps = 6;
    struct scratch scratch = scratch_new();
    path = scratch_path(&scratch, "m.json");
    MUST(quell_model_load(&model, "builtin:grid25"));
    MUST(quell_denoiser_from_mixture(&denoiser, 2, DIM, weights, means, variances));
    MUST(quell_schedule_create(&schedule, "vp"));
    MUST(quell_sampler_create(&sampler, "ddpm", denoiser, schedule, &options));

    host_look(&first);
    openblas_set_num_threads(1);
    omp_set_num_threads(5);
    omp_set_schedule(omp_sched_guided, 7);
    fesetround(FE_UPWARD);
    host_set_float_control(host_float_control() | HOST_FLUSHES);
    feclearexcept(FE_ALL_EXCEPT);
    for (size_t i = 0; i < sizeof calls / sizeof *calls; i++) {
        host_look(&before);
        calls[i].call();
        host_look(&after);
        host_same(calls[i].name, &before, &after);
    }
    host_set_float_control(first.float_control);
    fesetround(first.rounding);
    omp_set_schedule(first.schedule, first.chunk);
    omp_set_num_threads(first.threads);
    openblas_set_num_threads(first.blas_threads);

    scratch_remove(&scratch);
    quell_sampler_free(own);
    quell_sampler_free(sampler);
    quell_schedule_free(schedule);
    quell_denoiser_free(other);
    quell_denoiser_free(denoiser);
    quell_model_free(model);
}
