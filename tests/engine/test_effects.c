/* SPDX-License-Identifier: MIT */
/* What has no effect with the rest of what is asked for is refused, and named: every member of
 * every struct of options that another can make idle. */
#include "harness.h"
#include "models.h"

#include <stdbool.h>
#include <string.h>

enum { DIM = 2 };

/* One of its two classes, or none. */
static int classy(void *user, const quell_call *call, const float *input, float *output)
{
    (void)user;
    for (size_t i = 0; i < call->rows * call->dim; i++) {
        int32_t label = call->classes ? call->classes[i / call->dim] : -1;
        output[i] = (float)label + 0 * input[i];
    }
    return 0;
}

static quell_denoiser *with_classes(size_t classes)
{
    quell_function_options how = quell_function_defaults();
    quell_denoiser *denoiser = NULL;
    how.classes = classes;
    MUST(quell_denoiser_from_function(&denoiser, DIM, classy, NULL, &how));
    return denoiser;
}

static void check(const char *says, quell_status status, const char *what)
{
    if (!says) {
        CHECK(!status, "%s: %s", what, quell_error_message());
        return;
    }
    CHECK(status == QUELL_BAD_ARGUMENT, "%s: not '%s' but %s", what, says,
          quell_status_name(status));
    CHECK(strstr(quell_error_message(), says), "%s: not '%s': %s", what, says,
          quell_error_message());
}

static void check_sampler(const char *says, const char *spec, const char *schedule_spec,
                          const quell_sampler_options *o)
{
    quell_schedule *schedule = must_schedule(schedule_spec);
    quell_denoiser *denoiser = NULL;
    quell_sampler *sampler = NULL;
    MUST(quell_denoiser_from_isotropic(&denoiser, DIM, NULL, 1));
    check(says, quell_sampler_create(&sampler, spec, denoiser, schedule, o), spec);
    CHECK(!says == (sampler != NULL), "%s", spec);
    quell_sampler_free(sampler);
    quell_denoiser_free(denoiser);
    quell_schedule_free(schedule);
}

TEST(effects, sampler_options)
{
#define POINTS(member, ...)                \
    const double points[] = {__VA_ARGS__}; \
    o.member = points;                     \
    o.steps = sizeof points / sizeof *points - 1
#define MOMENT(member, value)        \
    const double moment[] = {value}; \
    o.member = moment
#define OPTIONS(says, spec, schedule, ...)                  \
    {                                                       \
        quell_sampler_options o = quell_sampler_defaults(); \
        __VA_ARGS__;                                        \
        check_sampler(says, spec, schedule, &o);            \
    }
#include "effects.inc"
}

/* Lists whose length the caller chooses. */
TEST(effects, lists_without_a_length)
{
    const double times[] = {1, 0};
    quell_sampler_options o = quell_sampler_defaults();
    o.times = times;
    check_sampler("times are given, but steps is 0; must be one less than their number", "ddim",
                  "vp", &o);
    o = quell_sampler_defaults(), o.sigmas = times;
    check_sampler("sigmas are given, but steps is 0", "dpm_adaptive", "vp", &o);
    o = quell_sampler_defaults(), o.prior_dim = DIM;
    check_sampler("prior_dim is 2, but neither prior_mean nor prior_variance is set", "ddim", "vp",
                  &o);
}

/* Options that are not given have the defaults of the library. */
TEST(effects, defaults)
{
    quell_denoiser *denoiser = NULL;
    quell_schedule *schedule = must_schedule("vp");
    MUST(quell_denoiser_from_isotropic(&denoiser, DIM, NULL, 1));
    quell_sampler *all = must_sampler("ddim", denoiser, schedule, 0);
    quell_sampler *own = must_sampler("dpm_adaptive", denoiser, schedule, 0);
    CHECK(quell_sampler_steps(all) == 64 && quell_sampler_grid(all)[16].t == 0.75, "64, linear");
    CHECK(quell_sampler_steps(own) == 1, "%zu", quell_sampler_steps(own));
    quell_sampler_free(all);
    quell_sampler_free(own);
    quell_schedule_free(schedule);
    quell_denoiser_free(denoiser);
}

/* Whether a builder's sampler draws noise follows from its plan; a step of the caller's may always
 * draw some. */
static int idle(void *user, quell_plan *plan, const quell_point *grid, size_t steps)
{
    for (size_t i = 0; i < steps; i++) {
        quell_point t = grid[i], s = grid[i + 1];
        quell_term own = {1, QUELL_STATE};
        quell_noise_term noise = {1, quell_plan_noise(plan, 0, &t, &s)};
        quell_plan_combine(plan, QUELL_STATE, 1, &own, user != NULL, &noise);
        quell_plan_step(plan, &t, &s);
    }
    return 0;
}

static int stay(void *user, quell_transition *transition, const quell_point *t,
                const quell_point *s, float *x)
{
    (void)user, (void)transition, (void)t, (void)s, (void)x;
    return 0;
}

TEST(effects, own_samplers)
{
    quell_sampler_options o = quell_sampler_defaults();
    quell_schedule *schedule = must_schedule("vp");
    quell_denoiser *denoiser = NULL;
    quell_sampler *made = NULL;
    MUST(quell_denoiser_from_isotropic(&denoiser, DIM, NULL, 1));
    o.brownian = 1;
    check("'the builder' draws no noise",
          quell_sampler_from_builder(&made, idle, NULL, NULL, denoiser, schedule, &o), "idle");
    check(NULL, quell_sampler_from_builder(&made, idle, &o, NULL, denoiser, schedule, &o), "noisy");
    quell_sampler_free(made);
    check(NULL, quell_sampler_from_step(&made, stay, NULL, NULL, denoiser, schedule, &o), "step");
    quell_sampler_free(made);
    quell_denoiser_free(denoiser);
    quell_schedule_free(schedule);
}

/* Every call that evaluates the denoiser. */
static void check_calls(const char *says, const quell_denoiser *denoiser, const quell_draw *draw,
                        const char *what)
{
    quell_schedule *schedule = must_schedule("vp");
    quell_sampler *sampler = must_sampler("ddpm", denoiser, schedule, 2);
    float x[4 * DIM] = {0.25f}, out[4 * DIM];
    check(says, quell_sample_from(sampler, draw, NULL, x), what);
    check(says, quell_step(sampler, draw, NULL, 0.5, 0.4, x), what);
    check(says, quell_denoise(sampler, draw, NULL, 0.5, x, out), what);
    x[0] = 0.25f;
    check(says, quell_sample(sampler, draw, NULL, x), what);
    CHECK(!says || x[0] == 0.25f, "%s: x was changed by a run that was refused", what);
    quell_sampler_free(sampler);
    quell_schedule_free(schedule);
}

TEST(effects, classes)
{
    const int32_t classes[] = {0, 1, -1, 0}, none[] = {-1, -1, -1, -1};
    quell_denoiser *plain = with_classes(0), *two = with_classes(2), *guided = NULL;
    quell_draw draw = quell_draw_defaults();
    draw.count = 4;
    check_calls(NULL, plain, &draw, "no classes of none");
    check_calls(NULL, two, &draw, "no classes of two");
    draw.classes = none;
    check_calls("classes are given, but the denoiser has none", plain, &draw, "-1");
    draw.classes = classes;
    check_calls("classes are given, but the denoiser has none", plain, &draw, "classes");
    check_calls(NULL, two, &draw, "classes");
    MUST(quell_denoiser_from_guidance(&guided, two, NULL, NULL));
    check_calls(NULL, guided, &draw, "guided");
    draw.classes = none;
    check_calls("it leads away from no class, which is what the samples have", guided, &draw,
                "guided, -1");
    draw.part = 1;
    check_calls(NULL, guided, &draw, "guided, -1, a part");
    draw.part = 0;
    draw.classes = NULL;
    check_calls("guided away from no class, so that classes must say", guided, &draw, "guided");
    draw.count = 0;
    check_calls(NULL, guided, &draw, "no samples");
    quell_denoiser_free(guided);
    quell_denoiser_free(two);
    quell_denoiser_free(plain);
}

TEST(effects, guidance)
{
    const double times[] = {0, 1}, ones[] = {1, 1}, more[] = {1, 2};
    quell_denoiser *plain = with_classes(0), *two = with_classes(2), *three = with_classes(3);
    quell_denoiser *guided = NULL, *outer = NULL;
    quell_guidance g = quell_guidance_defaults();
    quell_draw draw = quell_draw_defaults();
    g.weight = 1;
    MUST(quell_denoiser_from_guidance(&guided, two, NULL, &g));
    check_calls(NULL, guided, &draw, "a weight of 1 is none, and asks for no class");
    quell_denoiser_free(guided);
    g.weight = 2, g.points = 2, g.times = times, g.weights = ones;
    check("the weights have no effect: all are 1",
          quell_denoiser_from_guidance(&guided, two, NULL, &g), "weights of 1");
    g.weights = more;
    MUST(quell_denoiser_from_guidance(&guided, two, NULL, &g));
    check_calls("guided away from no class", guided, &draw, "weights");
    MUST(quell_denoiser_from_guidance(&outer, two, guided, NULL));
    check_calls("guided away from no class", outer, &draw, "a guide that is guided");
    quell_denoiser_free(outer), outer = NULL;
    check("the guide is guided away from no class itself, and would be given none",
          quell_denoiser_from_guidance(&outer, three, guided, NULL), "other classes");
    check("has no classes or conditions: give another as guide",
          quell_denoiser_from_guidance(&outer, plain, NULL, NULL), "no classes");
    g.points = 0;
    check("times or weights are given, but points is 0",
          quell_denoiser_from_guidance(&outer, two, NULL, &g), "no points");
    g.points = 2, g.weight = 3;
    check("weight is 3 and weights are given, too",
          quell_denoiser_from_guidance(&outer, two, NULL, &g), "two weights");
    quell_denoiser_free(guided);
    quell_denoiser_free(three);
    quell_denoiser_free(two);
    quell_denoiser_free(plain);
}

/* A sampler of a denoiser that is guided by another, with 64 linear steps. */
static void check_guided(const char *says, quell_guidance g, const char *spec, double start,
                         bool twice)
{
    const double times[] = {0.3, 0.5, 0.7}, weights[] = {1, 2, 1};
    quell_denoiser *one = NULL, *two = NULL, *guided = NULL, *outer = NULL;
    quell_schedule *schedule = must_schedule("vp");
    quell_sampler_options o = quell_sampler_defaults();
    quell_sampler *sampler = NULL;
    if (g.points) g.times = times, g.weights = weights;
    o.start = start;
    MUST(quell_denoiser_from_isotropic(&one, DIM, NULL, 1));
    MUST(quell_denoiser_from_isotropic(&two, DIM, NULL, 2));
    MUST(quell_denoiser_from_guidance(&guided, one, two, &g));
    if (twice) MUST(quell_denoiser_from_guidance(&outer, two, guided, NULL));
    check(says, quell_sampler_create(&sampler, spec, twice ? outer : guided, schedule, &o), spec);
    quell_sampler_free(sampler);
    quell_denoiser_free(outer);
    quell_denoiser_free(guided);
    quell_denoiser_free(two);
    quell_denoiser_free(one);
    quell_schedule_free(schedule);
}

TEST(effects, guidance_at_no_time)
{
    static const char no_time[] = "guidance: it has no effect: the sampler evaluates at no time";
    const struct {
        double low, high, start;
        size_t points;
        const char *spec, *says;
    } cases[] = {
        {0, 1, 1, 0, "ddim", NULL},
        {0.501, 0.505, 1, 0, "ddim",
         "from low, 0.501, to high, 0.505, with a weight other than 1; "
         "the nearest time is 0.5"},
        {0.501, 0.505, 1, 0, "dpm2", no_time},
        {0.501, 0.508, 1, 0, "dpm_single", NULL}, /* evaluates within the step */
        {0.5, 0.505, 1, 0, "ddim", NULL},
        {0.99, 1, 0.9, 0, "ddim", no_time},
        {0.99, 1, 1, 0, "ddim", NULL},
        {0, 0.001, 1, 0, "ddim", no_time},
        {0.501, 0.505, 1, 0, "dpm_adaptive", NULL},
        {0.95, 1, 0.9, 0, "dpm_adaptive", no_time},
        {0, 1, 1, 3, "ddim", NULL},
        {0, 1, 0.2, 3, "ddim", no_time},
        {0.69, 1, 1, 3, "ddim", no_time},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
        for (int twice = 0; twice < 2; twice++) {
            quell_guidance g = quell_guidance_defaults();
            g.low = cases[i].low, g.high = cases[i].high, g.points = cases[i].points;
            check_guided(cases[i].says, g, cases[i].spec, cases[i].start, twice);
        }
}

TEST(effects, guidance_by_itself)
{
    quell_denoiser *one = NULL, *again = NULL, *other = NULL, *guided = NULL;
    quell_denoiser *plain = with_classes(0), *two = with_classes(2);
    MUST(quell_denoiser_from_isotropic(&one, DIM, NULL, 1));
    MUST(quell_denoiser_from_isotropic(&again, DIM, NULL, 1));
    MUST(quell_denoiser_from_isotropic(&other, DIM, NULL, 2));
    check("the guide is the isotropic denoiser itself, so that it has no effect; give another",
          quell_denoiser_from_guidance(&guided, one, one, NULL), "the same handle");
    check("the guide is the isotropic denoiser itself",
          quell_denoiser_from_guidance(&guided, one, again, NULL), "the same digest");
    check("the guide is the function denoiser itself",
          quell_denoiser_from_guidance(&guided, two, two, NULL), "the same function");
    check(NULL, quell_denoiser_from_guidance(&guided, two, plain, NULL), "another function");
    quell_denoiser_free(guided), guided = NULL;
    quell_guidance g = quell_guidance_defaults();
    g.weight = 1;
    check("the guide has no effect: the weight is 1, which is no guidance; leave it out",
          quell_denoiser_from_guidance(&guided, one, other, &g), "a guide of weight 1");
    g.rescale = 0.5;
    check("rescale has no effect: the weight is 1, which is no guidance; leave it out",
          quell_denoiser_from_guidance(&guided, two, NULL, &g), "rescale of weight 1");
    g.rescale = 0, g.high = 0.4;
    check("low and high have no effect: the weight is 1",
          quell_denoiser_from_guidance(&guided, two, NULL, &g), "times of weight 1");
    const double times[] = {0, 0.5, 1}, weights[] = {1, 1, 3};
    g = quell_guidance_defaults(), g.points = 3, g.times = times, g.weights = weights;
    g.high = 0.5;
    check("low and high have no effect: the weight is 1 from low to high",
          quell_denoiser_from_guidance(&guided, two, NULL, &g), "weights of 1 within");
    g.high = 0.6;
    check(NULL, quell_denoiser_from_guidance(&guided, two, NULL, &g), "a weight beyond 1");
    quell_denoiser_free(guided);
    quell_denoiser_free(two);
    quell_denoiser_free(plain);
    quell_denoiser_free(other);
    quell_denoiser_free(again);
    quell_denoiser_free(one);
}

static int never(void *host, size_t workers, void (*body)(void *data, size_t i), void *data)
{
    (void)host, (void)workers, (void)body, (void)data;
    return -1;
}

TEST(effects, run)
{
    quell_denoiser *denoiser = with_classes(0);
    quell_schedule *schedule = must_schedule("vp");
    quell_sampler *sampler = must_sampler("ddpm", denoiser, schedule, 2);
    quell_draw draw = quell_draw_defaults();
    quell_run run = quell_run_defaults();
    float x[DIM];
    run.parallel = never;
    check("threads must be set", quell_sample(sampler, NULL, &run, x), "threads");
    run = quell_run_defaults(), run.host = x;
    check("host is set, but parallel is NULL", quell_sample(sampler, NULL, &run, x), "host");
    run = quell_run_defaults(), run.tile = 1000, run.threads = 9;
    check(NULL, quell_sample(sampler, NULL, &run, x), "at most");
    draw.count = 0;
    check(NULL, quell_sample(sampler, &draw, &run, NULL), "nothing");
    quell_sampler_free(sampler);
    quell_schedule_free(schedule);
    quell_denoiser_free(denoiser);
}
