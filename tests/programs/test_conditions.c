/* SPDX-License-Identifier: MIT */
/* Conditions of a run: a denoiser whose mean and variance they are draws that mean and that
 * variance, for all samples or for each, with the same bits however it is drawn. */
#include "conditioned.h"
#include "described.h"
#include "drawing.h"
#include "harness.h"
#include "models.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { DIM = CONDITIONED_DIM, MANY = 20000, SOME = 11 };

static quell_model *model;
static quell_sampler *sampler;

static void begin(const char *fields, const char *spec, size_t steps)
{
    model = conditioned_model(fields);
    sampler = conditioned_sampler(quell_model_denoiser(model), spec, steps);
}

static void end(void)
{
    quell_sampler_free(sampler);
    quell_model_free(model);
}

static const float mean[DIM] = {-2, 0.5f, 3}, variance = 0.25f;

static quell_draw draw_of(size_t count, quell_condition conditions[2])
{
    quell_draw draw = quell_draw_defaults();
    conditions[0] = (quell_condition){"variance", &variance, 0, 1};
    conditions[1] = (quell_condition){"mean", mean, 0, DIM};
    draw.count = count;
    draw.conditions = conditions;
    draw.condition_count = 2;
    return draw;
}

/* The law is known, so the samples' mean and variance are, up to five standard deviations. */
TEST(conditions, have_the_law)
{
    static float x[MANY * DIM];
    quell_condition conditions[2];
    quell_draw draw = draw_of(MANY, conditions);
    begin("", "ddpm", 100);
    must_draw(sampler, &draw, NULL, x);
    for (size_t e = 0; e < DIM; e++) {
        double sum = 0, squares = 0;
        for (size_t i = 0; i < MANY; i++) sum += (double)x[i * DIM + e];
        for (size_t i = 0; i < MANY; i++) squares += pow((double)x[i * DIM + e] - sum / MANY, 2);
        CHECK(fabs(sum / MANY - (double)mean[e]) < 5 * sqrt(0.25 / MANY), "element %zu: mean %g", e,
              sum / MANY);
        CHECK(fabs(squares / MANY - 0.25) < 0.02, "element %zu: variance %g", e, squares / MANY);
    }
    end();
}

/* Means and variances of the rows, some of them the same. */
static void fill_rows(float means[SOME][DIM], float variances[SOME])
{
    for (size_t i = 0; i < SOME; i++) {
        for (size_t e = 0; e < DIM; e++) means[i][e] = (float)(i % 4) - (float)e;
        variances[i] = 0.5f + (float)(i % 3);
    }
}

TEST(conditions, of_each_row_are_the_twin)
{
    float means[SOME][DIM], variances[SOME], x[SOME * DIM], y[SOME * DIM];
    quell_condition conditions[2] = {{"mean", means[0], SOME, DIM},
                                     {"variance", variances, SOME, 1}};
    quell_draw draw = draw_of(SOME, (quell_condition[2]){{0}});
    draw.conditions = conditions;
    begin("", "ddim", 1);
    fill_rows(means, variances);
    MUST(quell_sample_prior(sampler, &draw, NULL, x));
    MUST(quell_denoise(sampler, &draw, NULL, 0.375, x, y));
    for (size_t i = 0; i < SOME; i++) {
        double right[DIM];
        conditioned_twin(0.375, x + i * DIM, means[i], (double)variances[i], right);
        for (size_t e = 0; e < DIM; e++)
            CHECK(fabs((double)y[i * DIM + e] - right[e]) < 2e-6,
                  "row %zu, element %zu: %g, not %g", i, e, (double)y[i * DIM + e], right[e]);
    }
    end();
}

/* Whatever rows are drawn beside it, a sample has the bits that it has alone. */
static void check_alone(const quell_draw *draw, const float *x)
{
    for (size_t i = 0; i < draw->count; i++) {
        quell_draw one = *draw;
        quell_condition conditions[2] = {draw->conditions[0], draw->conditions[1]};
        float alone[DIM];
        for (size_t k = 0; k < 2; k++) {
            conditions[k].values += i * conditions[k].size;
            conditions[k].count = 1;
        }
        one.first = draw->first + i;
        one.count = 1;
        one.conditions = conditions;
        must_draw(sampler, &one, NULL, alone);
        CHECK(!memcmp(alone, x + i * DIM, sizeof alone), "sample %zu has other bits alone", i);
    }
}

TEST(conditions, have_the_same_bits)
{
    float means[SOME][DIM], variances[SOME], x[SOME * DIM];
    quell_condition conditions[2] = {{"mean", means[0], SOME, DIM},
                                     {"variance", variances, SOME, 1}};
    quell_draw draw = draw_of(SOME, (quell_condition[2]){{0}});
    quell_run run = quell_run_defaults();
    draw.conditions = conditions;
    draw.seed = 3, draw.first = 40;
    begin("", "ddpm", 4);
    fill_rows(means, variances);
    run.isa = "scalar", run.threads = 1, run.tile = 1;
    must_draw(sampler, &draw, &run, x);
    check_every_way("conditions", sampler, &draw, NULL, x);
    check_alone(&draw, x);
    end();
}

/* One row of values is the same as a copy of it for each sample. */
TEST(conditions, of_all_are_those_of_each)
{
    float means[SOME][DIM], variances[SOME], one[SOME * DIM], each[SOME * DIM];
    quell_condition conditions[2];
    quell_draw draw = draw_of(SOME, conditions);
    begin("", "ddim", 3);
    must_draw(sampler, &draw, NULL, one);
    for (size_t i = 0; i < SOME; i++) memcpy(means[i], mean, sizeof mean), variances[i] = variance;
    conditions[0] = (quell_condition){"mean", means[0], SOME, DIM};
    conditions[1] = (quell_condition){"variance", variances, SOME, 1};
    must_draw(sampler, &draw, NULL, each);
    CHECK(!memcmp(one, each, sizeof one), "one row for all has other bits than one for each");
    end();
}

/* None is what the file says; so is a variance of 1 in place of zeros. */
#define NONES "'conditions': {'mean': {'none': 'zeros'}, 'variance': {'none': [1]}}, "
TEST(conditions, none)
{
    static const float zeros[DIM], unit = 1;
    float none[DIM], right[DIM];
    quell_condition conditions[2];
    quell_draw draw = draw_of(1, conditions);
    begin(NONES, "ddim", 3);
    conditions[0].values = conditions[1].values = NULL;
    conditions[0].count = conditions[1].count = 0;
    must_draw(sampler, &draw, NULL, none);
    conditions[0] = (quell_condition){"mean", zeros, 0, DIM};
    conditions[1] = (quell_condition){"variance", &unit, 0, 1};
    must_draw(sampler, &draw, NULL, right);
    CHECK(!memcmp(none, right, sizeof none), "none is not what the file says");
    end();
}

/* Guidance is w mu + (1 - w) mu_none. */
TEST(conditions, guidance_is_away_from_none)
{
    static const float zeros[DIM], x[DIM] = {1, -1, 2};
    double with[DIM], without[DIM];
    float y[DIM];
    quell_condition conditions[2];
    quell_draw draw = draw_of(1, conditions);
    quell_guidance guidance = quell_guidance_defaults();
    quell_denoiser *guided = NULL;
    guidance.weight = 3;
    begin("'conditions': {'mean': {'none': 'zeros'}, 'variance': {'none': 'same'}}, ", "ddim", 1);
    MUST(quell_denoiser_from_guidance(&guided, quell_model_denoiser(model), NULL, &guidance));
    quell_sampler_free(sampler);
    sampler = conditioned_sampler(guided, "ddim", 1);
    MUST(quell_denoise(sampler, &draw, NULL, 0.25, x, y));
    conditioned_twin(0.25, x, mean, (double)variance, with);
    conditioned_twin(0.25, x, zeros, (double)variance, without);
    for (size_t e = 0; e < DIM; e++) {
        double right = 3 * with[e] - 2 * without[e];
        CHECK(fabs((double)y[e] - right) < 4e-6, "element %zu: %g, not %g", e, (double)y[e], right);
    }
    quell_denoiser_free(guided);
    end();
}

TEST(conditions, are_listed)
{
    const size_t *shape;
    size_t rank;
    begin("", "ddim", 1);
    const quell_denoiser *denoiser = quell_model_denoiser(model);
    CHECK(quell_denoiser_conditions(denoiser) == 2, "2 conditions");
    CHECK(!strcmp(quell_denoiser_condition(denoiser, 0, &rank, &shape), "mean"), "the first");
    CHECK(rank == 1 && shape[0] == DIM, "its shape");
    CHECK(!strcmp(quell_denoiser_condition(denoiser, 1, &rank, NULL), "variance") && rank == 0,
          "the second");
    CHECK(!quell_denoiser_condition(denoiser, 2, &rank, &shape), "a third");
    end();
}

/* A function sees the conditions of its rows. */
static int scale(void *user, const quell_call *call, const float *input, float *output)
{
    const quell_condition *factor = call->conditions;
    (void)user;
    if (strcmp(factor->name, "factor") != 0 || factor->size != 2) return -1;
    if (factor->count && factor->count != call->rows) return -1;
    for (size_t i = 0; i < call->rows * 2; i++)
        output[i] = input[i] * factor->values[factor->count ? i : i % 2];
    return 0;
}

TEST(conditions, of_functions)
{
    enum { ROWS = 7 };
    static const float factors[ROWS * 2] = {1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14};
    static const float x[ROWS * 2] = {1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1};
    const quell_condition takes = {"factor", NULL, 0, 2};
    quell_condition given = {"factor", factors, ROWS, 2};
    quell_function_options how = quell_function_defaults();
    quell_denoiser *function = NULL;
    quell_draw draw = quell_draw_defaults();
    quell_run run = quell_run_defaults();
    float y[ROWS * 2];
    how.conditions = &takes, how.condition_count = 1;
    MUST(quell_denoiser_from_function(&function, 2, scale, NULL, &how));
    sampler = conditioned_sampler(function, "ddim", 1);
    draw.count = ROWS, draw.conditions = &given, draw.condition_count = 1;
    run.tile = 3;
    MUST(quell_denoise(sampler, &draw, &run, 0.5, x, y));
    CHECK(!memcmp(y, factors, sizeof y), "rows of their own");
    given.count = 0;
    MUST(quell_denoise(sampler, &draw, &run, 0.5, x, y));
    for (size_t i = 0; i < ROWS * 2; i++) CHECK(y[i] == factors[i % 2], "one row: %zu", i);
    quell_sampler_free(sampler);
    quell_denoiser_free(function);
}

/* The guided mean of one sample with these conditions and negative ones. */
static void guide_one(double rescale, const quell_draw *draw, const float *x, float *y)
{
    quell_guidance guidance = quell_guidance_defaults();
    quell_denoiser *guided = NULL;
    guidance.weight = 3;
    guidance.rescale = rescale;
    MUST(quell_denoiser_from_guidance(&guided, quell_model_denoiser(model), NULL, &guidance));
    quell_sampler_free(sampler);
    sampler = conditioned_sampler(guided, "ddim", 1);
    MUST(quell_denoise(sampler, draw, NULL, 0.25, x, y));
    quell_denoiser_free(guided);
}

/* In place of none, guidance leads away from what the run says; the variance keeps its none. */
TEST(conditions, guidance_is_away_from_negative_ones)
{
    static const float x[DIM] = {1, -1, 2}, against[DIM] = {2, 1, 0};
    const quell_condition negative = {"mean", against, 0, DIM};
    double with[DIM], without[DIM];
    float y[DIM];
    quell_condition conditions[2];
    quell_draw draw = draw_of(1, conditions);
    draw.negative_conditions = &negative;
    draw.negative_condition_count = 1;
    begin("'conditions': {'variance': {'none': [1]}}, ", "ddim", 1);
    guide_one(0, &draw, x, y);
    conditioned_twin(0.25, x, mean, (double)variance, with);
    conditioned_twin(0.25, x, against, 1, without);
    for (size_t e = 0; e < DIM; e++) {
        double right = 3 * with[e] - 2 * without[e];
        CHECK(fabs((double)y[e] - right) < 6e-6, "element %zu: %g, not %g", e, (double)y[e], right);
    }
    end();
}

static double deviation_of(const double *x)
{
    double sum = 0, squares = 0;
    for (size_t e = 0; e < DIM; e++) sum += x[e];
    for (size_t e = 0; e < DIM; e++) squares += pow(x[e] - sum / DIM, 2);
    return sqrt(squares / DIM);
}

/* 2305.08891, eq. 15 and 16. */
TEST(conditions, guidance_is_rescaled)
{
    static const float zeros[DIM], x[DIM] = {1, -1, 2};
    double with[DIM], without[DIM], guided[DIM];
    float y[DIM];
    quell_condition conditions[2];
    quell_draw draw = draw_of(1, conditions);
    begin("'conditions': {'mean': {'none': 'zeros'}, 'variance': {'none': 'same'}}, ", "ddim", 1);
    guide_one(0.7, &draw, x, y);
    conditioned_twin(0.25, x, mean, (double)variance, with);
    conditioned_twin(0.25, x, zeros, (double)variance, without);
    for (size_t e = 0; e < DIM; e++) guided[e] = 3 * with[e] - 2 * without[e];
    double factor = 0.7 * deviation_of(with) / deviation_of(guided) + 0.3;
    for (size_t e = 0; e < DIM; e++)
        CHECK(fabs((double)y[e] - factor * guided[e]) < 6e-6, "element %zu: %g, not %g", e,
              (double)y[e], factor * guided[e]);
    end();
}

/* Guided samples with a row of everything for each. */
TEST(conditions, guided_have_the_same_bits)
{
    float means[SOME][DIM], variances[SOME], x[SOME * DIM];
    quell_condition conditions[2] = {{"mean", means[0], SOME, DIM},
                                     {"variance", variances, SOME, 1}};
    const quell_condition negative = {"mean", mean, 0, DIM};
    quell_draw draw = draw_of(SOME, (quell_condition[2]){{0}});
    quell_guidance guidance = quell_guidance_defaults();
    quell_denoiser *guided = NULL;
    draw.conditions = conditions;
    draw.negative_conditions = &negative;
    draw.negative_condition_count = 1;
    guidance.rescale = 0.5;
    begin("'conditions': {'variance': {'none': [1]}}, ", "ddpm", 4);
    MUST(quell_denoiser_from_guidance(&guided, quell_model_denoiser(model), NULL, &guidance));
    quell_sampler_free(sampler);
    sampler = conditioned_sampler(guided, "ddpm", 4);
    fill_rows(means, variances);
    quell_run run = quell_run_defaults();
    run.isa = "scalar", run.threads = 1, run.tile = 1;
    must_draw(sampler, &draw, &run, x);
    check_every_way("guided conditions", sampler, &draw, NULL, x);
    quell_denoiser_free(guided);
    end();
}

/* E[X | x_t] = x + x[class]: the negative class takes the place of no class, which this table has
 * no row for. */
TEST(conditions, guidance_is_away_from_a_negative_class)
{
    static const float x[DIM] = {1, -1, 2};
    static const int32_t class = 2, negative = 1;
    float y[DIM];
    quell_draw draw = quell_draw_defaults();
    draw.classes = &class;
    draw.negative_classes = &negative;
    MUST(described_read(&model,
                        "{'kind': 'network', 'version': 1, 'shape': [3], 'output': 'x0', "
                        "'classes': 3, 'programs': {'denoise': {'inputs': {'x': [3], 'class': "
                        "[]}, 'instructions': [{'gather': ['x', 'class'], 'dim': 0}, {'map': "
                        "['x', 0], 'function': 'add'}], 'output': 1}}}"));
    sampler = conditioned_sampler(quell_model_denoiser(model), "ddim", 1);
    guide_one(0, &draw, x, y);
    for (size_t e = 0; e < DIM; e++)
        CHECK(y[e] == 3 * (x[e] + x[2]) - 2 * (x[e] + x[1]), "element %zu: %g", e, (double)y[e]);
    end();
}
