/* SPDX-License-Identifier: MIT */
/* Brownian mode: the covariance of increments, exactly; a naive twin of the path; the same bits in
 * every way of drawing; and that finer grids come to the same sample, at the strong order. */
#include "doubles.h"
#include "drawing.h"
#include "effort.h"
#include "harness.h"
#include "models.h"
#include "statistics.h"
#include "strong.h"
#include "core/schedule.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

static uint32_t cell(uint64_t *state)
{
    double depth = floor(25 * uniform(state)); /* times of few binary digits too */
    double cells = exp2(depth);
    return (uint32_t)(floor((cells + 1) * uniform(state)) * (QUELL_BROWNIAN_CELLS / cells));
}

static double overlap(const struct quell_increment *a, const struct quell_increment *b)
{
    double low_a = fmin(a->from, a->to), low_b = fmin(b->from, b->to);
    double high_a = fmax(a->from, a->to), high_b = fmax(b->from, b->to);
    double common = fmax(0, fmin(high_a, high_b) - fmax(low_a, low_b));
    double sign = (a->from > a->to) == (b->from > b->to) ? 1 : -1;
    return sign * common / sqrt((high_a - low_a) * (high_b - low_b));
}

static double covariance(const struct quell_increment *a, const struct quell_increment *b)
{
    struct quell_node nodes_a[QUELL_BROWNIAN_NODES], nodes_b[QUELL_BROWNIAN_NODES];
    size_t count_a = quell_brownian_nodes(a, nodes_a), count_b = quell_brownian_nodes(b, nodes_b);
    double sum = 0;
    for (size_t i = 0; i < count_a; i++)
        for (size_t j = 0; j < count_b; j++)
            if (nodes_a[i].stream == nodes_b[j].stream)
                sum += nodes_a[i].weight * nodes_b[j].weight;
    return sum;
}

TEST(brownian, covariance)
{
    uint64_t state = 1;
    for (size_t i = 0; i < 20000; i++) {
        struct quell_increment a = {cell(&state), cell(&state), 3}, b = a;
        b.from = cell(&state), b.to = i % 3 ? cell(&state) : a.from;
        if (a.from == a.to || b.from == b.to) continue;
        double found = covariance(&a, &b), expected = overlap(&a, &b);
        CHECK(fabs(found - expected) < 1e-13, "[%u, %u] and [%u, %u]: %.17g, not %.17g", a.from,
              a.to, b.from, b.to, found, expected);
        CHECK(fabs(covariance(&a, &a) - 1) < 1e-14, "[%u, %u]: variance %.17g", a.from, a.to,
              covariance(&a, &a));
        b.slot = 4;
        CHECK(covariance(&a, &b) == 0, "two slots");
    }
}

TEST(brownian, terms)
{
    struct quell_node nodes[QUELL_BROWNIAN_NODES];
    struct quell_increment whole = {QUELL_BROWNIAN_CELLS, 0, 2};
    CHECK(quell_brownian_nodes(&whole, nodes) == 1 && nodes[0].stream == 3 && nodes[0].weight == 1,
          "W(1)");
    struct quell_increment half = {QUELL_BROWNIAN_CELLS, QUELL_BROWNIAN_CELLS / 2, 0};
    CHECK(quell_brownian_nodes(&half, nodes) == 2 && nodes[1].stream == QUELL_STREAM(1, 0) &&
              fabs(nodes[0].weight - sqrt(0.5)) < 1e-15 &&
              fabs(nodes[1].weight + sqrt(0.5)) < 1e-15,
          "W(1) - W(1/2)");
    struct quell_increment last = {QUELL_BROWNIAN_CELLS - 1, QUELL_BROWNIAN_CELLS - 2, 7};
    size_t count = quell_brownian_nodes(&last, nodes);
    CHECK(nodes[count - 1].stream < QUELL_STREAM(QUELL_BROWNIAN_CELLS, 0), "nodes keep below");
}

/* Builds the path by bisection: draws the middle of an interval from its law given the two ends. */
static double bisect(uint64_t seed, unsigned slot, double t)
{
    float z;
    MUST(quell_noise(seed, QUELL_STREAM(0, slot), 6, 0, 1, &z));
    double low = 0, high = 1, at_low = 0, at_high = (double)z;
    uint32_t node = 1;
    if (t == 0) return at_low;
    if (t == 1) return at_high;
    for (;;) {
        double middle = (low + high) / 2;
        MUST(quell_noise(seed, QUELL_STREAM(node, slot), 6, 0, 1, &z));
        double at_middle = (at_low + at_high) / 2 + sqrt(high - low) / 2 * (double)z;
        if (t == middle) return at_middle;
        if (t < middle)
            high = middle, at_high = at_middle, node = 2 * node;
        else
            low = middle, at_low = at_middle, node = 2 * node + 1;
    }
}

TEST(brownian, twin)
{
    uint64_t state = 2;
    for (size_t i = 0; i < 500; i++) {
        double t = (double)cell(&state) / QUELL_BROWNIAN_CELLS;
        double s = (double)cell(&state) / QUELL_BROWNIAN_CELLS;
        if (t == s) continue;
        unsigned slot = (unsigned)(i % 8);
        double expected = (bisect(9, slot, t) - bisect(9, slot, s)) / sqrt(fabs(t - s));
        double bound = 3e-6 + 1e-15 / sqrt(fabs(t - s));
        float found;
        MUST(quell_noise_brownian(9, slot, t, s, 6, 0, 1, &found));
        CHECK(fabs((double)found - expected) < bound, "W(%.9g) - W(%.9g): %.9g, not %.9g", t, s,
              (double)found, expected);
    }
}

TEST(brownian, any_part)
{
    float all[1003], part[1003];
    MUST(quell_noise_brownian(1, 2, 0.7, 0.2, 3, 0, 1003, all));
    uint64_t state = 3;
    for (size_t i = 0; i < 200; i++) {
        size_t from = (size_t)(1003 * uniform(&state));
        size_t count = (size_t)((double)(1003 - from) * uniform(&state));
        MUST(quell_noise_brownian(1, 2, 0.7, 0.2, 3, from, count, part));
        CHECK(!memcmp(part, all + from, count * sizeof *part), "%zu from %zu on", count, from);
    }
}

TEST(brownian, refuses)
{
    const double nan = (double)NAN;
    float out[4];
    CHECK(quell_noise_brownian(1, 8, 1, 0, 0, 0, 4, out) == QUELL_BAD_ARGUMENT, "slot 8");
    CHECK(quell_noise_brownian(1, 0, nan, 0, 0, 0, 4, out) == QUELL_BAD_ARGUMENT, "NaN");
    CHECK(quell_noise_brownian(1, 0, 1, -1, 0, 0, 4, out) == QUELL_BAD_ARGUMENT, "-1");
    CHECK(quell_noise_brownian(1, 0, 0.5, 0.5, 0, 0, 4, out) == QUELL_BAD_ARGUMENT, "no interval");
    CHECK(quell_noise_brownian(1, 0, 1, 0, 0, UINT64_C(1) << 32, 1, out) == QUELL_BAD_ARGUMENT,
          "past the last element");
    CHECK(quell_noise_brownian(1, 0, 1, 0, 0, 0, 4, NULL) == QUELL_BAD_ARGUMENT &&
              strstr(quell_error_message(), "out is NULL"),
          "%s", quell_error_message());
    CHECK(quell_noise(1, 0, 0, 0, 4, NULL) == QUELL_BAD_ARGUMENT &&
              strstr(quell_error_message(), "out is NULL"),
          "%s", quell_error_message());
}

/* Neighbouring increments of one path, over many samples: normal, and not correlated. */
TEST(brownian, law)
{
    enum { COUNT = 20000 };
    static float a[COUNT], b[COUNT];
    double *values = malloc(COUNT * sizeof *values), product = 0;
    MUST(quell_noise_brownian(7, 0, 0.9, 0.31, 0, 0, COUNT, a));
    MUST(quell_noise_brownian(7, 0, 0.31, 0.302, 0, 0, COUNT, b));
    for (size_t i = 0; i < COUNT; i++) {
        values[i] = (double)a[i];
        product += (double)a[i] * (double)b[i];
    }
    struct moments law = {0, 1}, found = moments_of(values, COUNT);
    CHECK(fabs(mean_score(found, law, COUNT)) < 4 && fabs(variance_score(found, law, COUNT)) < 4,
          "mean %g, variance %g", found.mean, found.variance);
    CHECK(fabs(product) / sqrt(COUNT) < 4, "correlation %g", product / (double)COUNT);
    CHECK(kolmogorov(values, COUNT, law) < 2.2, "not normal");
    free(values);
}

static quell_sampler *brownian(const char *spec, const quell_denoiser *denoiser,
                               const quell_schedule *schedule, size_t steps)
{
    quell_sampler_options options = quell_sampler_defaults();
    options.steps = steps, options.brownian = 1;
    quell_sampler *sampler = NULL;
    MUST(quell_sampler_create(&sampler, spec, denoiser, schedule, &options));
    return sampler;
}

TEST(brownian, every_way)
{
    static const struct {
        const char *kind;
        size_t dim, count;
    } cases[] = {{"isotropic", 1, 3000}, {"mixture", 2, 700},   {"diagonal", 5, 301},
                 {"mixture", 7, 60},     {"diagonal", 5003, 3}, {"callback", 9000, 2}};
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct model model = model_new(cases[i].kind, cases[i].dim);
        quell_denoiser *denoiser = model_denoiser(&model);
        quell_schedule *schedule = must_schedule("vp");
        quell_sampler *sampler = brownian("ddim:eta=0.8", denoiser, schedule, 3);
        quell_draw draw = quell_draw_defaults();
        quell_run run = quell_run_defaults();
        draw.count = cases[i].count, draw.first = 11, draw.seed = 5, run.threads = 1;
        float *x = malloc(draw.count * model.dim * sizeof *x);
        must_draw(sampler, &draw, &run, x);
        check_every_way(model.kind, sampler, &draw, &run, x);
        free(x);
        quell_sampler_free(sampler);
        quell_schedule_free(schedule);
        quell_denoiser_free(denoiser);
        model_free(&model);
    }
}

/* DDPM as a step callback. */
static int ancestral(void *user, quell_transition *at, const quell_point *t, const quell_point *s,
                     float *x)
{
    const quell_sampler *ddpm = user;
    float *noise = quell_transition_scratch(at, 0);
    size_t dim = quell_transition_dim(at);
    if (quell_transition_noise(at, 5, noise)) return -1;
    quell_draw draw = quell_draw_defaults();
    quell_run run = quell_run_defaults();
    draw.first = quell_transition_first(at), draw.count = quell_transition_rows(at),
    run.threads = 1;
    for (size_t row = 0; row < draw.count; row++) {
        float own[8];
        double from = quell_noise_place(quell_lambda(t)), to = quell_noise_place(quell_lambda(s));
        if (quell_noise_brownian(draw.seed, 5, from, to, draw.first + row, 0, dim, own)) return -1;
        if (memcmp(own, noise + row * dim, dim * sizeof *own)) return -1;
    }
    return quell_step(ddpm, &draw, &run, t->t, s->t, x) ? -1 : 0;
}

/* quell_sample_from, quell_step and a callback that steps are the same. */
TEST(brownian, steps)
{
    enum { COUNT = 40, DIM = 6, STEPS = 5 };
    struct model model = model_new("mixture", DIM);
    quell_denoiser *denoiser = model_denoiser(&model);
    quell_schedule *schedule = must_schedule("cosine");
    quell_sampler *ddpm = brownian("ddpm", denoiser, schedule, STEPS), *own;
    quell_sampler_options options = quell_sampler_defaults();
    options.steps = STEPS, options.brownian = 1;
    MUST(quell_sampler_from_step(&own, ancestral, ddpm, NULL, denoiser, schedule, &options));
    quell_draw draw = quell_draw_defaults();
    draw.count = COUNT;
    float a[COUNT * DIM], b[COUNT * DIM];
    must_draw(ddpm, &draw, NULL, a);
    must_draw(own, &draw, NULL, b);
    CHECK(!memcmp(a, b, sizeof a), "as a callback");
    MUST(quell_sample_prior(ddpm, &draw, NULL, b));
    for (size_t i = 0; i < STEPS; i++)
        MUST(quell_step(ddpm, &draw, NULL, (double)(STEPS - i) / (double)STEPS,
                        (double)(STEPS - i - 1) / (double)STEPS, b));
    CHECK(!memcmp(a, b, sizeof a), "step by step");
    quell_sampler_free(own);
    quell_sampler_free(ddpm);
    quell_schedule_free(schedule);
    quell_denoiser_free(denoiser);
    model_free(&model);
}

TEST(brownian, plans)
{
    quell_schedule *schedule = must_schedule("vp");
    struct quell_plan plan = quell_plan_begin(schedule);
    plan.brownian = true;
    quell_point t = quell_plan_at(&plan, 1), m = quell_plan_at(&plan, 0.75),
                s = quell_plan_at(&plan, 0);
    quell_term x = {1, QUELL_STATE};
    quell_noise_term noises[] = {{0.5, quell_plan_noise(&plan, 2, &t, &m)},
                                 {0.25, quell_plan_noise_piece(&plan, 7, &m, &s)}};
    quell_plan_combine(&plan, QUELL_STATE, 1, &x, 2, noises);
    noises[0].stream = quell_plan_noise(&plan, 1, &m, &m);
    quell_plan_combine(&plan, QUELL_STATE, 1, &x, 1, noises);
    char text[500];
    quell_plan_print(&plan, text, sizeof text);
    CHECK(!plan.status &&
              !strcmp(text, "COMBINE  x = 1 x + 0.5 W2(0.150979578, 0.274611413) + "
                            "0.25 W0(0.274611413, 0.849020422)\n"
                            "COMBINE  x = 1 x + 0.5 noise1(-3.88540195, -3.88540195)\n"),
          "%s", text);
    noises[0].stream = 3;
    quell_plan_combine(&plan, QUELL_STATE, 1, &x, 1, noises);
    CHECK(plan.status && strstr(quell_error_message(), "not one of quell_plan_noise"), "%s",
          quell_error_message());
    quell_plan_free(&plan);
    plan = quell_plan_begin(schedule);
    plan.brownian = true;
    t.log_alpha = (double)NAN;
    quell_plan_noise(&plan, 0, &t, &s);
    CHECK(plan.status && strstr(quell_error_message(), "not a number"), "%s",
          quell_error_message());
    quell_plan_free(&plan);
    quell_schedule_free(schedule);
}

/* A million steps on a linear grid (brief, 50000) keep intervals of their own. */
TEST(brownian, many_steps)
{
    const size_t steps = by_effort(50000, 1000000, 1000000);
    quell_schedule *schedule = must_schedule("vp");
    quell_point *grid = doubles_grid("linear", schedule, steps);
    struct quell_plan plan = doubles_plan("ddpm", schedule, grid, steps, 1);
    CHECK(plan.names == steps, "%zu names", plan.names);
    for (size_t i = 0; i < steps; i++)
        CHECK(plan.name[i].path.from < plan.name[i].path.to, "step %zu has no interval", i);
    quell_plan_free(&plan);
    free(grid);
    quell_schedule_free(schedule);
}

TEST(brownian, strong_order)
{
    static const char *const schedules[] = {"vp", "cosine", "rectified"};
    for (size_t i = is_brief() ? 2 : 0; i < 3; i++)
        check_strong("ddim:eta=1", schedules[i], "diagonal", 1);
    if (!is_brief()) check_strong("ddim:eta=1", "rectified", "mixture", 1);
}
