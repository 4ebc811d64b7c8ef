/* SPDX-License-Identifier: MIT */
/* Guidance: the combination that it says, within its times, for analytic denoisers and networks. */
#include "formula_weights.h"
#include "harness.h"
#include "models.h"
#include "scratch.h"
#include "small_networks.h"
#include "tensor_file.h"

#include <quell/quell.h>
#include <math.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

enum { COUNT = 23, DIM = 3, CLASSES = 4 };

static quell_denoiser *isotropic(double mean, double variance)
{
    const double means[DIM] = {mean, -mean, 2 * mean};
    quell_denoiser *denoiser = NULL;
    CHECK(!quell_denoiser_from_isotropic(&denoiser, DIM, means, variance), "%s",
          quell_error_message());
    return denoiser;
}

/* out = E[X | x_t = x] at t = 0.5 for COUNT inputs that are a formula, by one thread, in tiles of
 * `tile` rows; 0: as many as the engine chooses. */
static quell_status denoise_drawn(const quell_denoiser *denoiser, quell_draw draw, size_t tile,
                                  float out[COUNT][DIM])
{
    float x[COUNT][DIM];
    quell_schedule *schedule = NULL;
    quell_sampler *sampler = NULL;
    formula_fill("x", 2, COUNT * DIM, x[0]);
    CHECK(!quell_schedule_create(&schedule, "vp"), "%s", quell_error_message());
    CHECK(!quell_sampler_create(&sampler, "ddim", denoiser, schedule, NULL), "%s",
          quell_error_message());
    quell_run run = quell_run_defaults();
    draw.count = COUNT;
    run.threads = 1, run.tile = tile;
    quell_status status = quell_denoise(sampler, &draw, &run, 0.5, x[0], out[0]);
    quell_sampler_free(sampler);
    quell_schedule_free(schedule);
    return status;
}

static void denoise_tiled(const quell_denoiser *denoiser, const int32_t *classes, size_t tile,
                          float out[COUNT][DIM])
{
    quell_draw draw = quell_draw_defaults();
    draw.classes = classes;
    CHECK(!denoise_drawn(denoiser, draw, tile, out), "%s", quell_error_message());
}

static void denoise(const quell_denoiser *denoiser, const int32_t *classes, float out[COUNT][DIM])
{
    denoise_tiled(denoiser, classes, 0, out);
}

/* weight: the one that is right at t = 0.5. */
static void check_weighted(const quell_denoiser *denoiser, const quell_denoiser *guide,
                           const int32_t *classes, quell_guidance guidance, double weight,
                           bool applies)
{
    quell_denoiser *guided = NULL;
    float one[COUNT][DIM], two[COUNT][DIM], out[COUNT][DIM];
    CHECK(!quell_denoiser_from_guidance(&guided, denoiser, guide, &guidance), "%s",
          quell_error_message());
    denoise(denoiser, classes, one);
    denoise(guide ? guide : denoiser, guide ? classes : NULL, two);
    denoise(guided, classes, out);
    for (size_t i = 0; i < COUNT; i++)
        for (size_t e = 0; e < DIM; e++) {
            double mu = (double)one[i][e], other = (double)two[i][e];
            double right = applies ? other + weight * (mu - other) : mu;
            double scale = fabs(mu) + fabs(other);
            CHECK(fabs((double)out[i][e] - right) <= 1e-6 * (1 + fabs(weight)) * scale,
                  "sample %zu: %g, not %g", i, (double)out[i][e], right);
        }
    quell_denoiser_free(guided);
}

static void check_guided(const quell_denoiser *denoiser, const quell_denoiser *guide,
                         const int32_t *classes, quell_guidance guidance, bool applies)
{
    check_weighted(denoiser, guide, classes, guidance, guidance.weight, applies);
}

TEST(guidance, is_the_combination)
{
    quell_denoiser *one = isotropic(0.5, 2), *two = isotropic(-1, 0.25),
                   *net = small_network_denoiser("space");
    int32_t classes[COUNT];
    for (int i = 0; i < COUNT; i++) classes[i] = i % (CLASSES + 1) - 1;
    quell_guidance guidance = quell_guidance_defaults();
    const double weights[] = {-1, 0, 1, 1.5, 7};
    for (size_t i = 0; i < sizeof weights / sizeof *weights; i++) {
        guidance.weight = weights[i];
        check_guided(net, NULL, classes, guidance, true);
        if (weights[i] == 1) continue; /* a guide has no effect: refused */
        check_guided(one, two, NULL, guidance, true);
        check_guided(net, two, NULL, guidance, true);
    }
    guidance.low = 0.25, guidance.high = 0.75;
    check_guided(one, two, NULL, guidance, true);
    guidance.low = 0.51;
    check_guided(one, two, NULL, guidance, false);
    guidance.low = 0.25, guidance.high = 0.49;
    check_guided(net, NULL, classes, guidance, false);
    quell_denoiser_free(one);
    quell_denoiser_free(two);
    quell_denoiser_free(net);
}

/* At t = 0.5, between points, at one, and beyond them. */
TEST(guidance, weights_by_time)
{
    quell_denoiser *one = isotropic(0.5, 2), *two = isotropic(-1, 0.25);
    static const struct {
        size_t points;
        double times[3], weights[3], right;
    } cases[] = {
        {1, {0.3}, {2.5}, 2.5},
        {2, {0, 1}, {1, 4}, 2.5},
        {3, {0.1, 0.5, 0.6}, {7, 3, -1}, 3},
        {2, {0.6, 0.7}, {5, 6}, 5},
        {2, {0.1, 0.2}, {5, 6}, 6},
        {2, {0.4, 0.8}, {2, 6}, 3},
        {3, {0, 0.5, 1}, {4, 1, 4}, 1},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        quell_guidance guidance = quell_guidance_defaults();
        guidance.points = cases[i].points;
        guidance.times = cases[i].times, guidance.weights = cases[i].weights;
        check_weighted(one, two, NULL, guidance, cases[i].right, true);
    }
    quell_denoiser_free(one);
    quell_denoiser_free(two);
}

/* A guided denoiser, guided by the network that it is made of: that is asked three times, in tiles
 * of every size. */
TEST(guidance, of_what_is_guided)
{
    quell_denoiser *net = small_network_denoiser("space"), *inner = NULL, *outer = NULL;
    int32_t classes[COUNT];
    for (int i = 0; i < COUNT; i++) classes[i] = i % CLASSES;
    quell_guidance guidance = quell_guidance_defaults();
    guidance.weight = 2;
    MUST(quell_denoiser_from_guidance(&inner, net, NULL, &guidance));
    guidance.weight = 1.5;
    check_guided(inner, net, classes, guidance, true);
    MUST(quell_denoiser_from_guidance(&outer, inner, net, &guidance));
    float whole[COUNT][DIM], tiled[COUNT][DIM];
    denoise(outer, classes, whole);
    for (size_t tile = 1; tile <= COUNT; tile++) {
        denoise_tiled(outer, classes, tile, tiled);
        CHECK(!memcmp(whole, tiled, sizeof whole), "other bits in tiles of %zu", tile);
    }
    quell_denoiser_free(outer);
    quell_denoiser_free(inner);
    quell_denoiser_free(net);
}

TEST(guidance, refused)
{
    quell_denoiser *one = isotropic(0.5, 2), *net = small_network_denoiser("space"), *other = NULL,
                   *guided = NULL;
    quell_guidance guidance = quell_guidance_defaults();
    CHECK(!quell_denoiser_from_isotropic(&other, 2, NULL, 1), "%s", quell_error_message());
    CHECK(quell_denoiser_from_guidance(&guided, NULL, one, NULL) == QUELL_BAD_ARGUMENT, "NULL");
    CHECK(quell_denoiser_from_guidance(&guided, one, NULL, NULL) == QUELL_BAD_ARGUMENT,
          "no classes");
    CHECK(quell_denoiser_from_guidance(&guided, one, other, NULL) == QUELL_BAD_ARGUMENT,
          "another dim");
    guidance.weight = NAN;
    CHECK(quell_denoiser_from_guidance(&guided, net, NULL, &guidance) == QUELL_BAD_ARGUMENT, "NaN");
    guidance.weight = 1, guidance.low = 0.6, guidance.high = 0.5;
    CHECK(quell_denoiser_from_guidance(&guided, net, NULL, &guidance) == QUELL_BAD_ARGUMENT,
          "times");
    const double times[] = {0.5, 0.5}, weights[] = {1, INFINITY};
    guidance = quell_guidance_defaults();
    guidance.points = 2, guidance.times = times, guidance.weights = times;
    CHECK(quell_denoiser_from_guidance(&guided, net, NULL, &guidance) == QUELL_BAD_ARGUMENT,
          "no rise");
    guidance.points = 1, guidance.times = weights;
    CHECK(!quell_denoiser_from_guidance(&guided, net, NULL, &guidance), "%s",
          quell_error_message());
    quell_denoiser_free(guided);
    guided = NULL;
    guidance.weight = 3;
    CHECK(quell_denoiser_from_guidance(&guided, net, NULL, &guidance) == QUELL_BAD_ARGUMENT,
          "a weight and weights");
    guidance.weight = 2;
    guidance.points = 2, guidance.times = weights;
    CHECK(quell_denoiser_from_guidance(&guided, net, NULL, &guidance) == QUELL_BAD_ARGUMENT,
          "beyond 1");
    guidance.points = 1, guidance.times = times, guidance.weights = weights + 1;
    CHECK(quell_denoiser_from_guidance(&guided, net, NULL, &guidance) == QUELL_BAD_ARGUMENT,
          "infinite");
    guidance.weights = NULL;
    CHECK(quell_denoiser_from_guidance(&guided, net, NULL, &guidance) == QUELL_BAD_ARGUMENT,
          "NULL");
    guidance.points = 0, guidance.times = times;
    CHECK(quell_denoiser_from_guidance(&guided, net, NULL, &guidance) == QUELL_BAD_ARGUMENT,
          "0 points");
    CHECK(!guided, "a denoiser after a failure");
    quell_denoiser_free(one);
    quell_denoiser_free(net);
    quell_denoiser_free(other);
}

/* The network of a finished writer. */
static quell_model *written(struct tensor_writer *writer)
{
    static char file[1 << 12];
    struct scratch folder = scratch_new();
    quell_model *model = NULL;
    size_t size = tensor_finish(writer, file);
    struct scratch_path path = scratch_write(&folder, "n.safetensors", file, size);
    CHECK(!quell_model_load(&model, path.text), "%s", quell_error_message());
    scratch_remove(&folder);
    return model;
}

/* A network of which much depends on the class alone: x + tanh(matrix embedding[class]). */
static quell_model *of_class(const char *embedding, const char *matrix)
{
    static struct tensor_writer writer;
    char description[1024];
    snprintf(description, sizeof description,
             "{'kind': 'network', 'version': 1, 'shape': [%d], 'output': 'x0', 'precondition': "
             "'none', 'schedule': 'vp', 'classes': %d, 'no_class': 'none', 'programs': {'denoise': "
             "{'inputs': {'x': [%d], 'class': []}, 'instructions': ["
             "{'gather': ['%s', 'class'], 'dim': 0}, {'linear': [0, '%s']}, "
             "{'map': [1], 'function': 'tanh'}, {'map': ['x', 2], 'function': 'add'}], "
             "'output': 3}}}",
             DIM, CLASSES, DIM, embedding, matrix);
    tensor_begin(&writer, description);
    tensor_add(&writer, embedding, 2, (const size_t[]){CLASSES, DIM});
    tensor_add(&writer, matrix, 2, (const size_t[]){DIM, DIM});
    return written(&writer);
}

/* What each of the two keeps of a class is its own, in the last tile too, which has fewer rows. */
TEST(guidance, of_two_networks_with_classes)
{
    quell_model *models[] = {of_class("e", "w"), of_class("f", "v")};
    const quell_denoiser *one = quell_model_denoiser(models[0]),
                         *two = quell_model_denoiser(models[1]);
    quell_denoiser *guided = NULL;
    quell_guidance guidance = quell_guidance_defaults();
    float a[COUNT][DIM], b[COUNT][DIM], out[COUNT][DIM];
    int32_t classes[COUNT];
    for (int i = 0; i < COUNT; i++) classes[i] = i % CLASSES;
    guidance.weight = 2;
    CHECK(!quell_denoiser_from_guidance(&guided, one, two, &guidance), "%s", quell_error_message());
    denoise_tiled(one, classes, 1, a);
    denoise_tiled(two, classes, 1, b);
    for (size_t tile = 1; tile <= COUNT; tile++) {
        denoise_tiled(guided, classes, tile, out);
        for (size_t i = 0; i < COUNT; i++)
            for (size_t e = 0; e < DIM; e++) {
                double right = 2 * (double)a[i][e] - (double)b[i][e];
                CHECK(fabs((double)out[i][e] - right) <= 1e-5,
                      "tile of %zu, sample %zu: %g, not %g", tile, i, (double)out[i][e], right);
            }
    }
    quell_denoiser_free(guided);
    quell_model_free(models[0]);
    quell_model_free(models[1]);
}

/* A network whose mean is the condition c and `more`. words: its description of c, with a comma. */
static quell_model *of_condition(const char *words, double more)
{
    static struct tensor_writer writer;
    char description[1024];
    snprintf(description, sizeof description,
             "{'kind': 'network', 'version': 1, 'shape': [%d], 'output': 'x0', 'precondition': "
             "'none', 'schedule': 'vp', %s'programs': {'denoise': "
             "{'inputs': {'x': [%d], 'c': []}, 'instructions': ["
             "{'map': ['x', [0]], 'function': 'mul'}, {'map': [0, 'c'], 'function': 'add'}, "
             "{'map': [1, [%g]], 'function': 'add'}], 'output': 2}}}",
             DIM, words, DIM, more);
    tensor_begin(&writer, description);
    return written(&writer);
}

/* Where a sample has no condition, each network is told what stands for none in its own. */
TEST(guidance, each_has_its_own_none)
{
    static const struct {
        const char *guide;
        double right;
    } cases[] = {{"'conditions': {'c': {'none': [5]}}, ", 2 * 1 - (5 + 100)},
                 {"'conditions': {'c': {'none': [1]}}, ", 2 * 1 - (1 + 100)},
                 {"", 0}};
    quell_model *base = of_condition("'conditions': {'c': {'none': [1]}}, ", 0);
    quell_condition given = {"c", NULL, 0, 0};
    quell_draw draw = quell_draw_defaults();
    draw.conditions = &given, draw.condition_count = 1;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        quell_model *guide = of_condition(cases[i].guide, 100);
        quell_denoiser *guided = NULL;
        quell_guidance guidance = quell_guidance_defaults();
        float out[COUNT][DIM], value = 1;
        guidance.weight = 2;
        CHECK(!quell_denoiser_from_guidance(&guided, quell_model_denoiser(base),
                                            quell_model_denoiser(guide), &guidance),
              "%s", quell_error_message());
        quell_status status = denoise_drawn(guided, draw, 0, out);
        CHECK(cases[i].right == 0 || (!status && (double)out[0][0] == cases[i].right),
              "%s: %g, not %g: %s", cases[i].guide, (double)out[0][0], cases[i].right,
              quell_error_message());
        CHECK(cases[i].right != 0 ||
                  (status == QUELL_BAD_ARGUMENT &&
                   !strcmp(quell_error_message(),
                           "run: condition 'c' is none, but the guide cannot do without it"
                           ": give 1 number")),
              "a guide that knows no none: %s", quell_error_message());
        given = (quell_condition){"c", &value, 0, 1};
        CHECK(!denoise_drawn(guided, draw, 0, out) && (double)out[0][0] == 2 * 1 - (1 + 100),
              "a value as that of none: %g: %s", (double)out[0][0], quell_error_message());
        given = (quell_condition){"c", NULL, 0, 0};
        quell_denoiser_free(guided);
        quell_model_free(guide);
    }
    quell_model_free(base);
}
