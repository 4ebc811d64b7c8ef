/* SPDX-License-Identifier: MIT */
/* Conditions that are missing, unknown, given twice, of another size, not finite or for another
 * number of samples, and fields of a description that say nothing about them. */
#include "conditioned.h"
#include "described.h"
#include "harness.h"
#include "models.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static quell_model *model;
static quell_sampler *sampler;

static void begin(const char *fields)
{
    model = conditioned_model(fields);
    sampler = conditioned_sampler(quell_model_denoiser(model), "ddim", 1);
}

static void end(void)
{
    quell_sampler_free(sampler);
    quell_model_free(model);
}

static void check(size_t count, const quell_condition *conditions, const char *expected)
{
    float x[4 * CONDITIONED_DIM] = {0};
    quell_draw draw = quell_draw_defaults();
    draw.count = 4;
    draw.conditions = conditions;
    draw.condition_count = count;
    quell_status status = quell_sample(sampler, &draw, NULL, x);
    CHECK(status == QUELL_BAD_ARGUMENT, "status %d, not '%s'", (int)status, expected);
    CHECK(!strcmp(quell_error_message(), expected), "'%s' is not '%s'", quell_error_message(),
          expected);
}

static const float zeros[8], bad[4] = {0, 0, NAN, 0};
#define MEAN {"mean", zeros, 0, 3}
#define VARIANCE {"variance", zeros, 0, 1}

TEST(conditions_refused, by_name)
{
    begin("");
    check(0, NULL, "run: condition 'mean' is missing: the denoiser takes 3 numbers, of shape (3)");
    check(1, (quell_condition[]){MEAN},
          "run: condition 'variance' is missing: the denoiser takes 1 number");
    check(3, (quell_condition[]){MEAN, {"energy", zeros, 0, 1}, VARIANCE},
          "run: condition 'energy': the denoiser has no such condition; it takes 'mean', "
          "'variance'");
    check(3, (quell_condition[]){MEAN, VARIANCE, MEAN}, "run: condition 'mean' is given twice");
    check(1, (quell_condition[]){{NULL, zeros, 0, 1}}, "run: conditions[0] must have a name");
    check(1, NULL, "run: condition_count is 1, but conditions is NULL");
    check(0, (quell_condition[]){MEAN}, "run: conditions are given, but condition_count is 0");
    end();
}

TEST(conditions_refused, by_values)
{
    begin("");
    check(2, (quell_condition[]){VARIANCE, {"mean", zeros, 0, 2}},
          "run: condition 'mean' has 2 numbers, must have 3 numbers, of shape (3)");
    check(2, (quell_condition[]){VARIANCE, {"mean", zeros, 2, 3}},
          "run: condition 'mean' has a count of 2, must be 0, for all samples, or 4, for each");
    check(2, (quell_condition[]){VARIANCE, {"mean", zeros, 1, 3}},
          "run: condition 'mean' has a count of 1, must be 0, for all samples, or 4, for each");
    check(2, (quell_condition[]){VARIANCE, {"mean", bad, 0, 3}},
          "run: condition 'mean': element 2 of row 0 is nan: all must be finite");
    check(2, (quell_condition[]){{"variance", bad, 4, 1}, MEAN},
          "run: condition 'variance': element 0 of row 2 is nan: all must be finite");
    check(2, (quell_condition[]){VARIANCE, {"mean", NULL, 0, 3}},
          "run: condition 'mean' is none, which the denoiser does not know: give 3 numbers, of "
          "shape (3)");
    check(2, (quell_condition[]){VARIANCE, {"mean", NULL, 1, 3}},
          "run: condition 'mean' has a count of 1, but no values: without it the count is 0");
    check(33, (quell_condition[]){VARIANCE, MEAN},
          "run: condition_count is 33, must be 32 at most");
    end();
}

TEST(conditions_refused, without_effect)
{
    quell_denoiser *gaussian = NULL;
    MUST(quell_denoiser_from_isotropic(&gaussian, CONDITIONED_DIM, NULL, 1));
    sampler = conditioned_sampler(gaussian, "ddim", 1);
    check(1, (quell_condition[]){MEAN},
          "run: condition 'mean' is given, but the denoiser has none; leave it out");
    quell_sampler_free(sampler);
    quell_denoiser_free(gaussian);
}

static void guide(void)
{
    quell_denoiser *guided = NULL;
    MUST(quell_denoiser_from_guidance(&guided, quell_model_denoiser(model), NULL, NULL));
    quell_sampler_free(sampler);
    sampler = conditioned_sampler(guided, "ddim", 1);
    quell_denoiser_free(guided);
}

TEST(conditions_refused, guidance)
{
    begin("'conditions': {'mean': {'none': 'zeros'}}, ");
    guide();
    check(2, (quell_condition[]){MEAN, VARIANCE},
          "run: guidance is away from no condition, but the denoiser does not know what no "
          "'variance' is: give a negative one, or a \"none\" in its description");
    end();
    begin("'conditions': {'mean': {'none': 'zeros'}, 'variance': {'none': 'same'}}, ");
    guide();
    check(2, (quell_condition[]){{"mean", NULL, 0, 3}, VARIANCE},
          "run: the denoiser is guided away from no condition, so that a condition must be given "
          "that is not none");
    end();
}

static void check_negative(const int32_t *classes, size_t count, const quell_condition *negative,
                           const char *expected)
{
    float x[CONDITIONED_DIM] = {0};
    quell_draw draw = quell_draw_defaults();
    draw.conditions = (const quell_condition[]){MEAN, VARIANCE};
    draw.condition_count = 2;
    draw.negative_classes = classes;
    draw.negative_conditions = negative;
    draw.negative_condition_count = count;
    quell_status status = quell_sample(sampler, &draw, NULL, x);
    CHECK(status == QUELL_BAD_ARGUMENT && !strcmp(quell_error_message(), expected),
          "'%s' is not '%s'", quell_error_message(), expected);
}

/* A weight of 1 is no guidance: the samples are those of the model, and what only guidance has a
 * use for is refused. */
static void check_weight_of_one(void)
{
    float x[CONDITIONED_DIM] = {0}, y[CONDITIONED_DIM] = {0};
    quell_guidance guidance = quell_guidance_defaults();
    quell_denoiser *guided = NULL;
    quell_draw draw = quell_draw_defaults();
    guidance.weight = 1;
    draw.conditions = (const quell_condition[]){MEAN, VARIANCE};
    draw.condition_count = 2;
    MUST(quell_sample(sampler, &draw, NULL, x));
    MUST(quell_denoiser_from_guidance(&guided, quell_model_denoiser(model), NULL, &guidance));
    quell_sampler *one = conditioned_sampler(guided, "ddim", 1);
    MUST(quell_sample(one, &draw, NULL, y));
    CHECK(!memcmp(x, y, sizeof x), "a weight of 1 guides");
    draw.negative_conditions = (const quell_condition[]){MEAN};
    draw.negative_condition_count = 1;
    CHECK(quell_sample(one, &draw, NULL, y) == QUELL_BAD_ARGUMENT &&
              strstr(quell_error_message(), "negative conditions have no effect: the weight of"),
          "%s", quell_error_message());
    quell_sampler_free(one);
    quell_denoiser_free(guided);
}

/* Guidance away from the values that the samples have themselves changes nothing, and is refused.
 * If each sample has values of its own, this may be so for some of the samples: a draw of one of
 * these alone says that it is a part. */
TEST(conditions_refused, guidance_without_effect)
{
    static const float some[3] = {1, 2, 3}, same[3] = {1, 2, 3};
    float x[CONDITIONED_DIM];
    quell_draw draw = quell_draw_defaults();
    begin("'conditions': {'mean': {'none': 'zeros'}, 'variance': {'none': 'same'}}, ");
    guide();
    check(2, (quell_condition[]){MEAN, VARIANCE},
          "run: the denoiser is guided away from no condition, so that a condition must be given "
          "that is not none");
    draw.conditions = (quell_condition[]){{"mean", zeros, 1, 3}, VARIANCE};
    draw.condition_count = 2, draw.part = 1;
    MUST(quell_sample(sampler, &draw, NULL, x));
    draw.part = 0;
    CHECK(quell_sample(sampler, &draw, NULL, x) == QUELL_BAD_ARGUMENT, "a row of zeros, as none");
    draw.conditions = (quell_condition[]){{"mean", some, 0, 3}, VARIANCE};
    draw.negative_conditions = &(quell_condition){"mean", same, 0, 3};
    draw.negative_condition_count = 1;
    for (draw.count = 1; draw.count <= 2; draw.count++)
        CHECK(quell_sample(sampler, &draw, NULL, (float[6]){0}) == QUELL_BAD_ARGUMENT &&
                  strstr(quell_error_message(), "run: guidance has no effect: it is away from the"),
              "%s", quell_error_message());
    end();
}

TEST(conditions_refused, negative)
{
    begin("'conditions': {'mean': {'none': 'zeros'}, 'variance': {'none': 'same'}}, ");
    check_negative(NULL, 1, (quell_condition[]){MEAN},
                   "run: negative conditions have no effect: the denoiser is not guided by itself");
    check_weight_of_one();
    guide();
    check_negative((const int32_t[]){0}, 0, NULL,
                   "run: negative classes are given, but the denoiser has none; leave them out");
    check_negative(NULL, 1, (quell_condition[]){{"energy", zeros, 0, 1}},
                   "run: negative_condition 'energy': the denoiser has no such condition; it takes "
                   "'mean', 'variance'");
    check_negative(NULL, 2, (quell_condition[]){MEAN, MEAN},
                   "run: negative_condition 'mean' is given twice");
    check_negative(NULL, 1, (quell_condition[]){{"mean", zeros, 2, 3}},
                   "run: negative_condition 'mean' has a count of 2, must be 0, for all samples, "
                   "or 1, for each");
    check_negative(NULL, 1, (quell_condition[]){{"mean", bad, 0, 3}},
                   "run: negative_condition 'mean': element 2 of row 0 is nan: all must be finite");
    check_negative(NULL, (size_t)-1, (quell_condition[]){MEAN},
                   "run: negative_condition_count is 18446744073709551615, must be 32 at most");
    end();
}

static void check_field(const char *fields, const char *expected)
{
    char description[1024];
    snprintf(description, sizeof description,
             "{'kind': 'network', 'version': 1, 'shape': [2], 'output': 'x0', %s'programs': "
             "{'denoise': {'inputs': {'x': [2], 'shift': [2]}, 'instructions': [{'map': ['x', "
             "'shift'], 'function': 'add'}], 'output': 0}}}",
             fields);
    quell_status status = described_read(&model, description);
    CHECK(status == QUELL_BAD_MODEL, "%s: status %d", fields, (int)status);
    CHECK(strstr(quell_error_message(), expected), "%s: '%s' has not '%s'", fields,
          quell_error_message(), expected);
}

TEST(conditions_refused, fields)
{
    static const char wrong[] =
        "has for 'shift' a \"none\" that must be \"zeros\", \"same\", a list "
        "of 2 finite numbers, or {\"tensor\": NAME} of its shape";
    check_field("'conditions': [], ", "must be an object of conditions by name");
    check_field("'conditions': {'shove': {'none': 'zeros'}}, ",
                "has 'shove', which is no input of the program 'denoise'");
    check_field("'conditions': {'shift': 'zeros'}, ", "must have for 'shift' an object");
    check_field("'conditions': {'shift': {'nil': 0}}, ",
                "must have for 'shift' the member \"none\" alone");
    check_field("'conditions': {'shift': {'none': 'ones'}}, ", wrong);
    check_field("'conditions': {'shift': {'none': [1]}}, ", wrong);
    check_field("'conditions': {'shift': {'none': [1, 1e39]}}, ", wrong);
    check_field("'conditions': {'shift': {'none': {'array': 'n'}}}, ", wrong);
    check_field("'conditions': {'shift': {'none': {'tensor': 'n'}}}, ", "'n'");
}

static int nothing(void *user, const quell_call *call, const float *input, float *output)
{
    (void)user, (void)call, (void)input, (void)output;
    return -1;
}

static void check_function(size_t count, const quell_condition *conditions, const char *expected)
{
    quell_function_options how = quell_function_defaults();
    quell_denoiser *function = NULL;
    how.conditions = conditions;
    how.condition_count = count;
    quell_status status = quell_denoiser_from_function(&function, 2, nothing, NULL, &how);
    CHECK(status == QUELL_BAD_ARGUMENT && strstr(quell_error_message(), expected),
          "'%s' has not '%s'", quell_error_message(), expected);
}

TEST(conditions_refused, of_functions)
{
    check_function(1, NULL, "go together");
    check_function(33, (quell_condition[33]){{0}}, "condition_count is 33, must be at most 32");
    check_function(1, (quell_condition[]){{"", NULL, 0, 1}}, "conditions[0] must have a name");
    check_function(1, (quell_condition[]){{"a=b", NULL, 0, 1}}, "must have a name, without '='");
    check_function(1, (quell_condition[]){{"a", NULL, 0, 0}}, "'a' has 0 elements");
    check_function(1, (quell_condition[]){{"a", NULL, 1, 1}}, "'a' has a count of 1, must be 0");
    check_function(1, (quell_condition[]){{"a", bad, 0, 3}}, "element 2 of its none");
    check_function(2, (quell_condition[]){{"a", NULL, 0, 1}, {"a", NULL, 0, 1}}, "twice");
}

/* A table with exactly one row for each class has no row for "no class". */
static quell_sampler *tabled(size_t classes)
{
    char description[1024];
    snprintf(description, sizeof description,
             "{'kind': 'network', 'version': 1, 'shape': [3], 'output': 'x0', 'classes': %zu, "
             "'programs': {'denoise': {'inputs': {'x': [3], 'class': []}, 'instructions': ["
             "{'gather': ['x', 'class'], 'dim': 0}, {'map': ['x', 0], 'function': 'add'}], "
             "'output': 1}}}",
             classes);
    quell_status status = described_read(&model, description);
    return status ? NULL : conditioned_sampler(quell_model_denoiser(model), "ddim", 1);
}

static void check_classes(const int32_t *classes, const char *expected)
{
    float x[2 * 3] = {0};
    quell_draw draw = quell_draw_defaults();
    draw.count = 2;
    draw.classes = classes;
    quell_status status = quell_sample(sampler, &draw, NULL, x);
    CHECK(status == (*expected ? QUELL_BAD_ARGUMENT : QUELL_OK), "'%s', not '%s'",
          quell_error_message(), expected);
    CHECK(!*expected || !strcmp(quell_error_message(), expected), "'%s' is not '%s'",
          quell_error_message(), expected);
}

TEST(conditions_refused, no_class)
{
    sampler = tabled(3);
    check_classes(NULL,
                  "run: sample 0 has no class, but the denoiser knows no \"no class\": classes "
                  "must give each sample one, from 0 to 2");
    check_classes(
        (const int32_t[]){2, -1},
        "run: sample 1 has no class, but the denoiser knows no \"no class\": classes must "
        "give each sample one, from 0 to 2");
    check_classes((const int32_t[]){2, 0}, "");
    guide();
    check_classes((const int32_t[]){2, 0},
                  "run: guidance is away from no class, but the denoiser knows only its 3 classes: "
                  "give negative ones, or guide it by another denoiser");
    end();
    sampler = tabled(2);
    check_classes((const int32_t[]){1, -1}, "");
    end();
    CHECK(!tabled(4) &&
              strstr(quell_error_message(), "a table of 3 rows, but there are 4 'classes'"),
          "'%s'", quell_error_message());
}
