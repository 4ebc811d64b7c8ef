/* SPDX-License-Identifier: MIT */
/* DDPM and DDIM against naive twins in double, transition by transition: an observer records the
 * states, and each must follow from the one before, with the same noise, to float rounding. */
#include "harness.h"
#include "naive_key.h"
#include "models.h"
#include "twin.h"
#include "names.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { COUNT = 6, DIM = 5 };

/* x after each transition: [steps + 1][COUNT][DIM], x_1 first. */
struct record {
    float *states;
    uint64_t first;
};

static int observe(void *user, size_t transition, const quell_point *s, const quell_call *told,
                   const float *x)
{
    const struct record *record = user;
    size_t at = (transition + 1) * COUNT + (size_t)(told->first - record->first);
    (void)s;
    memcpy(record->states + at * DIM, x, told->rows * DIM * sizeof *x);
    return 0;
}

struct trial {
    const char *schedule_spec, *spec;
    const struct model *model;
    quell_schedule *schedule;
    size_t steps;
    double eta; /* of the twin; < 0: the twin of DDPM */
};

static struct twin_points points_at(const quell_schedule *schedule, double t, double s)
{
    struct twin_points p;
    MUST(quell_schedule_at(schedule, t, &p.alpha_t, &p.sigma_t));
    MUST(quell_schedule_at(schedule, s, &p.alpha_s, &p.sigma_s));
    return p;
}

/* One transition of one sample. The bound: what float rounding of the state, the mean and the
 * coefficients can do, plus the denoiser's own error, `slack` in units of the state's. */
static void check_transition(const struct trial *trial, double t, double s, size_t i,
                             uint64_t sample, uint64_t seed, const float *x, const float *next)
{
    struct twin_points p = points_at(trial->schedule, t, s);
    struct twin_step c = trial->eta < 0 ? twin_ddpm(p) : twin_ddim(p, trial->eta);
    double state[DIM], mean[DIM], slack = trial->model->components > 1 ? 2e-5 : 1e-6;
    float noise[DIM];
    for (size_t e = 0; e < DIM; e++) state[e] = x[e];
    model_denoise(trial->model, p.alpha_t, p.sigma_t, state, mean);
    MUST(quell_noise(naive_key(seed, t, s), 0, sample, 0, DIM, noise));
    double size = 2; /* the means' */
    for (size_t e = 0; e < DIM; e++) size = fmax(size, fabs(mean[e]));
    for (size_t e = 0; e < DIM; e++) {
        double exact = c.state * state[e] + c.mean * mean[e] + c.noise * noise[e];
        double bound = 3e-7 * (fabs(c.state * state[e]) + fabs(c.noise * noise[e])) +
                       slack * fabs(c.mean) * size + 1e-12;
        CHECK(fabs(next[e] - exact) <= bound,
              "%s, %s, %s, T = %zu: transition %zu, element %zu: %.9g, not %.9g", trial->spec,
              trial->schedule_spec, trial->model->kind, trial->steps, i, e, (double)next[e], exact);
    }
}

static void try(const struct trial *trial)
{
    quell_denoiser *denoiser = model_denoiser(trial->model);
    quell_sampler *sampler = must_sampler(trial->spec, denoiser, trial->schedule, trial->steps);
    struct record record = {malloc((trial->steps + 1) * COUNT * DIM * sizeof(float)), 1000};
    float x[COUNT * DIM];
    quell_draw draw = quell_draw_defaults();
    quell_run run = quell_run_defaults();
    draw.seed = 42, draw.first = record.first, draw.count = COUNT, run.threads = 1;
    MUST(quell_sample_prior(sampler, &draw, &run, x));
    memcpy(record.states, x, sizeof x);
    run.observe = observe, run.observe_user = &record;
    MUST(quell_sample_from(sampler, &draw, &run, x));
    CHECK(!memcmp(x, record.states + trial->steps * COUNT * DIM, sizeof x), "the last state");
    for (size_t i = 0; i < trial->steps; i++) {
        double steps = (double)trial->steps, done = (double)i;
        double t = (steps - done) / steps, s = (steps - done - 1) / steps;
        const float *states = record.states + i * COUNT * DIM;
        for (size_t r = 0; r < COUNT; r++)
            check_transition(trial, t, s, i, record.first + r, draw.seed, states + r * DIM,
                             states + (COUNT + r) * DIM);
    }
    free(record.states);
    quell_sampler_free(sampler);
    quell_denoiser_free(denoiser);
}

static void try_all(const char *kind)
{
    static const struct {
        const char *spec;
        double eta;
    } samplers[] = {{"ddpm", -1},          {"ddim", 0},       {"ddim:eta=0", 0},
                    {"ddim:eta=0.3", 0.3}, {"ddim:eta=1", 1}, {"ddim:eta=1.5", 1.5}};
    static const size_t steps[] = {1, 2, 3, 10, 100};
    struct model model = model_new(kind, DIM);
    for (size_t k = 0; schedule_name(k); k++) {
        struct trial trial = {.schedule_spec = schedule_name(k), .model = &model};
        trial.schedule = must_schedule(trial.schedule_spec);
        for (size_t i = 0; i < sizeof samplers / sizeof *samplers; i++)
            for (size_t j = 0; j < sizeof steps / sizeof *steps; j++) {
                if (samplers[i].eta > 1 && steps[j] < 100) continue; /* refused: all steps cut it */
                trial.spec = samplers[i].spec, trial.eta = samplers[i].eta;
                trial.steps = steps[j];
                try(&trial);
            }
        quell_schedule_free(trial.schedule);
    }
    model_free(&model);
}

TEST(sampler, twins_isotropic) { try_all("isotropic"); }
TEST(sampler, twins_diagonal) { try_all("diagonal"); }
TEST(sampler, twins_eigen) { try_all("eigen"); }
TEST(sampler, twins_mixture) { try_all("mixture"); }
TEST(sampler, twins_mixture_diagonal) { try_all("mixture_diagonal"); }

/* Draws COUNT samples with a sampler into x. */
static void draw_some(const quell_sampler *sampler, float *x)
{
    quell_draw draw = quell_draw_defaults();
    draw.seed = 3, draw.count = COUNT;
    MUST(quell_sample(sampler, &draw, NULL, x));
}

TEST(sampler, eta_one_is_ddpm)
{
    for (size_t m = 0; model_kind(m); m++) {
        struct model model = model_new(model_kind(m), DIM);
        quell_denoiser *denoiser = model_denoiser(&model);
        for (size_t k = 0; schedule_name(k); k++) {
            quell_schedule *schedule = must_schedule(schedule_name(k));
            quell_sampler *ddpm = must_sampler("ddpm", denoiser, schedule, 9);
            quell_sampler *ddim = must_sampler("ddim:eta=1", denoiser, schedule, 9);
            float a[COUNT * DIM], b[COUNT * DIM];
            draw_some(ddpm, a);
            draw_some(ddim, b);
            CHECK(!memcmp(a, b, sizeof a), "%s, %s", model.kind, schedule_name(k));
            quell_sampler_free(ddpm);
            quell_sampler_free(ddim);
            quell_schedule_free(schedule);
        }
        quell_denoiser_free(denoiser);
        model_free(&model);
    }
}

/* quell_sampler_grid returns the grid that a run uses: it is Karras' by its formula, between the
 * schedule's own ends, and steps along its times give the samples of the run. */
TEST(sampler, grid)
{
    enum { STEPS = 5 };
    struct model model = model_new("mixture", DIM);
    quell_denoiser *denoiser = model_denoiser(&model);
    quell_schedule *schedule = must_schedule("edm");
    quell_sampler *sampler = NULL;
    quell_sampler_options options = quell_sampler_defaults();
    options.steps = STEPS, options.grid = "karras:rho=5";
    MUST(quell_sampler_create(&sampler, "ddpm", denoiser, schedule, &options));
    const quell_point *points = quell_sampler_grid(sampler);
    for (size_t i = 0; i <= STEPS; i++) {
        double place = (double)i / STEPS, alpha, sigma;
        double wanted = pow((1 - place) * pow(80, 0.2) + place * pow(0.002, 0.2), 5);
        CHECK(fabs(points[i].sigma / wanted - 1) < 1e-12, "%g, not %g", points[i].sigma, wanted);
        MUST(quell_schedule_at(schedule, points[i].t, &alpha, &sigma));
        CHECK(alpha == points[i].alpha && fabs(sigma / wanted - 1) < 1e-9, "the time");
    }
    float a[COUNT * DIM], b[COUNT * DIM];
    quell_draw draw = quell_draw_defaults();
    quell_run run = quell_run_defaults();
    draw.seed = 3, draw.count = COUNT;
    draw_some(sampler, a);
    MUST(quell_sample_prior(sampler, &draw, &run, b));
    for (size_t k = 0; k < STEPS; k++)
        MUST(quell_step(sampler, &draw, &run, points[k].t, points[k + 1].t, b));
    for (size_t i = 0; i < COUNT * DIM; i++)
        CHECK(fabsf(a[i] - b[i]) <= 1e-4F * (1 + fabsf(a[i])), "%g, not %g", (double)b[i],
              (double)a[i]);
    CHECK(!quell_sampler_grid(NULL), "of no sampler");
    quell_sampler_free(sampler);
    quell_schedule_free(schedule);
    quell_denoiser_free(denoiser);
    model_free(&model);
}

/* quell_step over the grid is quell_sample_from. */
TEST(sampler, steps_are_forward)
{
    enum { STEPS = 7 };
    static const char *const specs[] = {"ddpm", "ddim", "ddim:eta=0.5"};
    struct model model = model_new("mixture", DIM);
    quell_denoiser *denoiser = model_denoiser(&model);
    quell_schedule *schedule = must_schedule("vp");
    for (size_t i = 0; i < 3; i++) {
        quell_sampler *sampler = must_sampler(specs[i], denoiser, schedule, STEPS);
        float a[COUNT * DIM], b[COUNT * DIM];
        quell_draw draw = quell_draw_defaults();
        draw.seed = 3, draw.count = COUNT;
        draw_some(sampler, a);
        MUST(quell_sample_prior(sampler, &draw, NULL, b));
        for (size_t k = 0; k < STEPS; k++) {
            MUST(quell_step(sampler, &draw, NULL, (double)(STEPS - k) / (double)STEPS,
                            (double)(STEPS - k - 1) / (double)STEPS, b));
        }
        CHECK(!memcmp(a, b, sizeof a), "%s", specs[i]);
        quell_sampler_free(sampler);
    }
    quell_schedule_free(schedule);
    quell_denoiser_free(denoiser);
    model_free(&model);
}

/* The same on grids whose points the schedule may not have: the last one with sigma = 0, whose time
 * may be that of the point before it, and sigmas of the caller's. */
TEST(sampler, steps_along_any_grid)
{
    static const char *const specs[] = {"ddpm",    "ddim",       "euler", "heun",
                                        "euler_a", "dpmpp_2s_a", "res_2s"};
    static const char *const grids[] = {"linear:final=zero", "karras:final=zero", "karras",
                                        "discrete:final=zero", NULL};
    static const double sigmas[] = {80, 7.1, 0.9, 0.03, 0};
    struct model model = model_new("mixture", DIM);
    quell_denoiser *denoiser = model_denoiser(&model);
    quell_schedule *schedule = must_schedule("beta_linear");
    for (size_t i = 0; i < 7 * 5; i++) {
        quell_sampler_options options = quell_sampler_defaults();
        quell_sampler *sampler = NULL;
        options.steps = 4;
        options.grid = grids[i % 5];
        options.sigmas = options.grid ? NULL : sigmas;
        options.prior_mean = &(double){0};
        options.prior_variance = &(double){1};
        MUST(quell_sampler_create(&sampler, specs[i / 5], denoiser, schedule, &options));
        const quell_point *grid = quell_sampler_grid(sampler);
        float a[COUNT * DIM], b[COUNT * DIM];
        quell_draw draw = quell_draw_defaults();
        draw.seed = 3, draw.count = COUNT;
        draw_some(sampler, a);
        MUST(quell_sample_prior(sampler, &draw, NULL, b));
        for (size_t k = 0; k < 4; k++)
            MUST(quell_step(sampler, &draw, NULL, grid[k].t, grid[k + 1].t, b));
        CHECK(!memcmp(a, b, sizeof a), "%s on %s", specs[i / 5],
              options.grid ? options.grid : "sigmas");
        quell_sampler_free(sampler);
    }
    quell_schedule_free(schedule);
    quell_denoiser_free(denoiser);
    model_free(&model);
}

/* One step between any two times against the twin. */
TEST(sampler, any_step)
{
    struct model model = model_new("diagonal", DIM);
    quell_denoiser *denoiser = model_denoiser(&model);
    for (size_t k = 0; schedule_name(k); k++) {
        struct trial trial = {schedule_name(k), "ddim:eta=0.7", &model, NULL, 1, 0.7};
        trial.schedule = must_schedule(trial.schedule_spec);
        quell_sampler *sampler = must_sampler(trial.spec, denoiser, trial.schedule, 4);
        uint64_t state = k;
        for (size_t i = 0; i < 200; i++) {
            double u = uniform(&state), v = uniform(&state), t = fmax(u, v), s = fmin(u, v);
            if (i % 4 == 0) s = t * (1 - 0x1p-20); /* a small step */
            float x[DIM], next[DIM];
            for (size_t e = 0; e < DIM; e++) next[e] = x[e] = (float)(4 * uniform(&state) - 2);
            quell_draw draw = quell_draw_defaults();
            draw.first = 77, draw.seed = 5;
            MUST(quell_step(sampler, &draw, NULL, t, s, next));
            check_transition(&trial, t, s, i, 77, 5, x, next);
            memcpy(next, x, sizeof x);
            MUST(quell_step(sampler, &draw, NULL, t, t, next));
            CHECK(!memcmp(x, next, sizeof x), "t = s changed x");
        }
        quell_sampler_free(sampler);
        quell_schedule_free(trial.schedule);
    }
    quell_denoiser_free(denoiser);
    model_free(&model);
}
