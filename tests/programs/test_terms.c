/* SPDX-License-Identifier: MIT */
/* What a description says of a program beside its time: what stands for no class, and a learned
 * variance. */
#include "drawing.h"
#include "described.h"
#include "harness.h"
#include "models.h"
#include "models/model.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define CLASSES "'classes': 3, "
/* E[X | x_t] is the number of the class; the first two of the numbers of which one is 1; or a row
 * of a table with the rows 0 to 4. */
#define NUMBER                                                                            \
    "'programs': {'denoise': {'inputs': {'x': [2], 'class': []}, 'instructions': ["       \
    "{'map': ['x', [0]], 'function': 'mul'}, {'map': [0, 'class'], 'function': 'add'}], " \
    "'output': 1}}}"
#define ONE                                                                              \
    "'programs': {'denoise': {'inputs': {'x': [2], 'class': [3]}, 'instructions': ["     \
    "{'concat': ['x', 'x', 'x', 'x'], 'dim': 0}, {'map': [0, [0]], 'function': 'mul'}, " \
    "{'move': [1], 'form': 'slice', 'dim': 0, 'start': 0, 'stop': 3}, "                  \
    "{'map': [2, 'class'], 'function': 'add'}, "                                         \
    "{'move': [3], 'form': 'slice', 'dim': 0, 'start': 0, 'stop': 2}], 'output': 4}}}"
#define TABLE                                                                              \
    "'programs': {'denoise': {'inputs': {'x': [2], 'class': []}, 'instructions': ["        \
    "{'move': [[7]], 'form': 'expand', 'shape': [5, 2]}, {'gather': [0, 'class'], 'dim': " \
    "0}, {'map': ['x', 1], 'function': 'add'}], 'output': 2}}}"

/* E[X | x_t] for the classes -1, 0 and 2. */
static quell_status denoised(const char *fields, const char *programs, size_t count, float y[3][2])
{
    static const int32_t classes[] = {2, 0, -1};
    static const float x[3][2] = {{1, 2}, {-3, 4}, {5, 6}};
    quell_model *model = NULL;
    MUST(described_network(&model, fields, programs));
    quell_schedule *noise = must_schedule("vp");
    quell_sampler *sampler = must_sampler("ddim", quell_model_denoiser(model), noise, 3);
    quell_draw draw = quell_draw_defaults();
    draw.count = count, draw.classes = classes;
    quell_status status = quell_denoise(sampler, &draw, NULL, 0.5, x[0], y[0]);
    quell_sampler_free(sampler);
    quell_schedule_free(noise);
    quell_model_free(model);
    return status;
}

static void check(const char *fields, const char *programs, float first, float second)
{
    float y[3][2];
    quell_status status = denoised(fields, programs, 3, y);
    CHECK(status == QUELL_OK, "%s: %s", fields, quell_error_message());
    CHECK(y[2][0] == first && y[2][1] == second, "%s: [%g, %g] for no class", fields,
          (double)y[2][0], (double)y[2][1]);
}

TEST(program_terms, no_class)
{
    float y[3][2];
    check(CLASSES, NUMBER, 3, 3);
    check(CLASSES "'no_class': 3, ", NUMBER, 3, 3);
    check(CLASSES "'no_class': 0, ", NUMBER, 0, 0);
    check(CLASSES "'no_class': 77, ", NUMBER, 77, 77);
    check(CLASSES, ONE, 0, 0);
    check(CLASSES "'no_class': 'zeros', ", ONE, 0, 0);
    check(CLASSES "'no_class': 1, ", ONE, 0, 1);
    MUST(denoised(CLASSES "'no_class': 77, ", NUMBER, 3, y));
    CHECK(y[0][0] == 2 && y[1][0] == 0, "classes 2 and 0 are %g and %g", (double)y[0][0],
          (double)y[1][0]);
    MUST(denoised(CLASSES "'no_class': 4, ", TABLE, 3, y));
}

/* A network that was not trained without a class: a run without classes is refused, and so is
 * guidance by the network itself. */
TEST(program_terms, no_class_is_unknown)
{
    float y[3][2];
    MUST(denoised(CLASSES "'no_class': 'none', ", NUMBER, 2, y));
    quell_status status = denoised(CLASSES "'no_class': 'none', ", NUMBER, 3, y);
    CHECK(status == QUELL_BAD_ARGUMENT, "status %d", (int)status);
    CHECK(strstr(quell_error_message(), "sample 2 has no class, but the denoiser knows no"), "%s",
          quell_error_message());
    quell_model *model = NULL;
    MUST(described_network(&model, CLASSES "'no_class': 'none', ", NUMBER));
    quell_guidance how = quell_guidance_defaults();
    quell_denoiser *guided = NULL;
    how.weight = 2;
    status = quell_denoiser_from_guidance(&guided, quell_model_denoiser(model), NULL, &how);
    quell_schedule *noise = must_schedule("vp");
    if (!status) {
        quell_sampler *sampler = must_sampler("ddim", guided, noise, 3);
        static const int32_t class = 1;
        quell_draw draw = quell_draw_defaults();
        draw.classes = &class;
        status = quell_sample(sampler, &draw, NULL, y[0]);
        quell_sampler_free(sampler);
    }
    CHECK(status == QUELL_BAD_ARGUMENT, "guided: status %d", (int)status);
    CHECK(strstr(quell_error_message(), "no class"), "%s", quell_error_message());
    quell_denoiser_free(guided);
    quell_schedule_free(noise);
    quell_model_free(model);
}

#define HALVES                                                                           \
    "'programs': {'denoise': {'inputs': {'x': [2]}, 'instructions': [{'map': ['x', "     \
    "[0.5]], 'function': 'mul'}, {'map': ['x', [0.25]], 'function': 'mul'}, {'concat': " \
    "[0, 1], 'dim': 0}], 'output': 2}}}"

static int halves(void *user, const quell_call *call, const float *input, float *output)
{
    (void)user;
    for (size_t i = 0; i < call->rows * call->dim; i++) {
        output[i] = input[i] * 0.5f;
        if (call->variance) call->variance[i] = input[i] * 0.25f;
    }
    return 0;
}

static void draw_by(const quell_denoiser *denoiser, const char *name, float *x)
{
    quell_schedule *noise = must_schedule("vp");
    quell_sampler *sampler = must_sampler(name, denoiser, noise, 5);
    quell_draw draw = quell_draw_defaults();
    draw.count = 50;
    must_draw(sampler, &draw, NULL, x);
    quell_sampler_free(sampler);
    quell_schedule_free(noise);
}

/* A program and a function of the same values give the same samples. */
TEST(program_terms, learned_variance)
{
    static const char *const samplers[] = {"ddpm:variance=learned_range", "ddpm", "ddim"};
    static float x[100], y[100];
    quell_model *model = NULL;
    MUST(described_network(&model, "'variance': 'learned_range', ", HALVES));
    quell_function_options options = quell_function_defaults();
    quell_denoiser *function = NULL;
    options.variance = "learned_range";
    MUST(quell_denoiser_from_function(&function, 2, halves, NULL, &options));
    for (size_t i = 0; i < 3; i++) {
        draw_by(quell_model_denoiser(model), samplers[i], x);
        draw_by(function, samplers[i], y);
        for (size_t k = 0; k < 100; k++)
            CHECK(x[k] == y[k], "%s: %.9g, not %.9g", samplers[i], (double)x[k], (double)y[k]);
    }
    quell_denoiser_free(function);
    quell_model_free(model);
}

static void check_refused(const char *fields, const char *programs, const char *expected)
{
    quell_model *model = NULL;
    quell_status status = described_network(&model, fields, programs);
    CHECK(status == QUELL_BAD_MODEL, "%s: status %d", fields, (int)status);
    CHECK(strstr(quell_error_message(), expected), "%s: '%s' has not '%s'", fields,
          quell_error_message(), expected);
    quell_model_free(model);
}

TEST(program_terms, refused)
{
    check_refused("'no_class': 3, ", NUMBER, "is there, but there are no 'classes'");
    check_refused(CLASSES "'no_class': -1, ", NUMBER, "must be an index from 0 to");
    check_refused(CLASSES "'no_class': 1.5, ", NUMBER, "must be an index from 0 to");
    check_refused(CLASSES "'no_class': 16777216, ", NUMBER, "must be an index from 0 to");
    check_refused(CLASSES "'no_class': 'one', ", NUMBER, "must be an index from 0 to");
    check_refused(CLASSES "'no_class': null, ", NUMBER, "must be an index from 0 to");
    check_refused(CLASSES "'no_class': 'zeros', ", NUMBER, "is an index, so that");
    check_refused(CLASSES "'no_class': 3, ", ONE, "is 3, must be below 3, the 'classes'");
    check_refused(CLASSES "'no_class': 5, ", TABLE, "is 5, must be below 5, the rows");
    check_refused("'variance': 'learned', ", HALVES, "must be 'none' or 'learned_range'");
    check_refused("", HALVES, "its output must have the shape of x");
    check_refused(CLASSES "'variance': 'learned_range', ", NUMBER, "must have twice the channels");
}

/* The digest of a model has all of it. */
TEST(program_terms, digest)
{
    static const char *const fields[] = {CLASSES, CLASSES "'no_class': 'none', ",
                                         CLASSES "'no_class': 0, ", CLASSES "'no_class': 1, "};
    uint64_t digests[4];
    for (size_t i = 0; i < 4; i++) {
        quell_model *model = NULL;
        MUST(described_network(&model, fields[i], NUMBER));
        digests[i] = quell_denoiser_digest(quell_model_denoiser(model));
        for (size_t k = 0; k < i; k++)
            CHECK(digests[i] != digests[k], "%s: as %s", fields[i], fields[k]);
        quell_model_free(model);
    }
}
