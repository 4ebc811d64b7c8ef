/* SPDX-License-Identifier: MIT */
/* Models by name: a description gives the denoiser that its constructor gives, bit for bit. */
#include "harness.h"
#include "model_files.h"
#include "models.h"
#include "names.h"

#include <math.h>
#include <quell/quell.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Loads the text as a model and compares it with a denoiser, which is freed. */
static quell_model *check_description(const struct scratch *scratch, const char *text,
                                      quell_denoiser *expected)
{
    quell_model *model;
    struct scratch_path path = scratch_write(scratch, "m.json", text, 0);
    MUST(quell_model_load(&model, path.text));
    denoisers_same(quell_model_denoiser(model), expected, text);
    quell_denoiser_free(expected);
    return model;
}

static const double mean[2] = {0.25, -1.5}, variances[2] = {0.1, 2}, weights[2] = {1, 3};
static const double means[4] = {0.25, -1.5, 3, 4}, spread[4] = {0.1, 2, 0.3, 0.4};
static const double covariance[4] = {2, 0.5, 0.5, 1}, values[2] = {0.1, 2};
static const double vectors[4] = {0.6, 0.8, -0.8, 0.6};

TEST(model, gaussians)
{
    struct scratch scratch = scratch_new();
    quell_denoiser *expected;
    MUST(quell_denoiser_from_isotropic(&expected, 3, NULL, 0.1));
    quell_model *model = check_description(
        &scratch, "{\"kind\": \"gaussian\", \"dim\": 3, \"variance\": 0.1}", expected);
    CHECK(quell_model_rank(model) == 1 && quell_model_shape(model)[0] == 3 &&
              !quell_model_image(model),
          "shape");
    quell_model_free(model);
    MUST(quell_denoiser_from_isotropic(&expected, 2, mean, 2));
    model = check_description(
        &scratch, "{\"kind\": \"gaussian\", \"mean\": [0.25, -1.5], \"variance\": 2}", expected);
    quell_model_free(model);
    MUST(quell_denoiser_from_diagonal(&expected, 2, mean, variances));
    model = check_description(&scratch,
                              "{\"kind\": \"gaussian\", \"mean\": [0.25, -1.5],\n"
                              " \"variances\": [1e-1, 2], \"schedule\": \"ve:sigma_max=80\"}",
                              expected);
    CHECK(!strcmp(quell_model_schedule(model), "ve:sigma_max=80"), "schedule '%s'",
          quell_model_schedule(model));
    quell_model_free(model);
    scratch_remove(&scratch);
}

TEST(model, full_gaussians)
{
    struct scratch scratch = scratch_new();
    quell_denoiser *expected;
    MUST(quell_denoiser_from_covariance(&expected, 2, NULL, covariance));
    quell_model *model = check_description(
        &scratch, "{\"kind\": \"gaussian\", \"covariance\": [[2, 0.5], [0.5, 1]]}", expected);
    quell_model_free(model);
    MUST(quell_denoiser_from_eigenbasis(&expected, 2, mean, values, vectors));
    model = check_description(&scratch,
                              "{\"kind\": \"gaussian\", \"mean\": [0.25, -1.5], \"shape\": [1, 2], "
                              "\"image\": true, \"eigenvalues\": [0.1, 2],"
                              "\"eigenvectors\": [[0.6, 0.8], [-0.8, 0.6]], \"comment\": \"ok\"}",
                              expected);
    CHECK(quell_model_rank(model) == 2 && quell_model_shape(model)[0] == 1 &&
              quell_model_shape(model)[1] == 2 && quell_model_image(model),
          "shape");
    quell_model_free(model);
    scratch_remove(&scratch);
}

TEST(model, mixtures)
{
    struct scratch scratch = scratch_new();
    quell_denoiser *expected;
    MUST(quell_denoiser_from_mixture(&expected, 2, 2, weights, means, variances));
    quell_model *model = check_description(&scratch,
                                           "{\"kind\": \"mixture\", \"weights\": [1, 3],\n"
                                           " \"means\": [[0.25, -1.5], [3, 4]],\n"
                                           " \"variances\": [0.1, 2]}",
                                           expected);
    quell_model_free(model);
    MUST(quell_denoiser_from_diagonal_mixture(&expected, 2, 2, weights, means, spread));
    model = check_description(&scratch,
                              "{\"kind\": \"mixture\", \"weights\": [1, 3], \"dim\": 2,\n"
                              " \"means\": [[0.25, -1.5], [3, 4]],\n"
                              " \"variances\": [[0.1, 2], [0.3, 0.4]]}",
                              expected);
    quell_model_free(model);
    scratch_remove(&scratch);
}

TEST(model, tables_in_files)
{
    struct scratch scratch = scratch_new();
    quell_denoiser *expected;
    write_doubles(&scratch, "mean.npy", "(2,)", mean, 2);
    write_doubles(&scratch, "vectors.npy", "(2, 2)", vectors, 4);
    MUST(quell_denoiser_from_eigenbasis(&expected, 2, mean, values, vectors));
    quell_model *model = check_description(&scratch,
                                           "{\"kind\": \"gaussian\", \"mean\": \"mean.npy\",\n"
                                           " \"eigenvalues\": [0.1, 2],\n"
                                           " \"eigenvectors\": \"vectors.npy\"}",
                                           expected);
    quell_model_free(model);
    scratch_remove(&scratch);
}

TEST(model, data_sets)
{
    static const float points[4] = {0.25f, -1.5f, 3, 4};
    struct scratch scratch = scratch_new();
    struct scratch_path path = write_doubles(&scratch, "points.npy", "(2, 1, 2)", means, 4);
    quell_denoiser *expected;
    quell_model *model;
    MUST(quell_denoiser_from_points(&expected, 2, 2, points));
    MUST(quell_model_load(&model, path.text));
    denoisers_same(quell_model_denoiser(model), expected, "points.npy");
    CHECK(quell_model_rank(model) == 2 && quell_model_shape(model)[0] == 1 &&
              quell_model_shape(model)[1] == 2 && !quell_model_image(model),
          "shape");
    quell_model_free(model);
    model = check_description(&scratch,
                              "{\"kind\": \"empirical\", \"points\": \"points.npy\",\n"
                              " \"shape\": [2, 1], \"image\": true}",
                              expected);
    CHECK(quell_model_rank(model) == 2 && quell_model_shape(model)[0] == 2 &&
              quell_model_shape(model)[1] == 1 && quell_model_image(model),
          "shape");
    quell_model_free(model);
    path = write_doubles(&scratch, "points.npy", "(4,)", means, 4);
    MUST(quell_model_load(&model, path.text));
    CHECK(quell_model_rank(model) == 1 && quell_model_shape(model)[0] == 1,
          "(count,) is (count, 1)");
    quell_model_free(model);
    scratch_remove(&scratch);
}

TEST(model, data_sets_of_images)
{
    static double pixels[3 * 64];
    struct scratch scratch = scratch_new();
    quell_model *model;
    for (int i = 0; i < 192; i++) pixels[i] = i / 192.0 - 0.5;
    struct scratch_path path = write_doubles(&scratch, "i.npy", "(3, 8, 8)", pixels, 192);
    MUST(quell_model_load(&model, path.text));
    CHECK(quell_model_image(model) && quell_model_rank(model) == 2, "images");
    quell_model_free(model);
    struct scratch_path flat =
        scratch_write(&scratch, "flat.json",
                      "{\"kind\": \"empirical\", \"points\": \"i.npy\", \"dim\": 64,"
                      " \"shape\": [64]}",
                      0);
    MUST(quell_model_load(&model, flat.text));
    CHECK(!quell_model_image(model) && quell_model_rank(model) == 1, "another shape");
    quell_model_free(model);
    pixels[7] = 1.01;
    write_doubles(&scratch, "i.npy", "(3, 8, 8)", pixels, 192);
    MUST(quell_model_load(&model, path.text));
    CHECK(!quell_model_image(model), "a value beyond 1");
    quell_model_free(model);
    scratch_remove(&scratch);
}

TEST(model, builtins)
{
    for (size_t i = 0; model_name(i); i++) {
        quell_model *model;
        const char *name = model_name(i);
        size_t product = 1;
        MUST(quell_model_load(&model, name));
        for (size_t k = 0; k < quell_model_rank(model); k++) product *= quell_model_shape(model)[k];
        CHECK(product == quell_denoiser_dim(quell_model_denoiser(model)), "%s: shape", name);
        CHECK(quell_denoiser_reproducible(quell_model_denoiser(model)), "%s", name);
        quell_model_free(model);
    }
    quell_model_free(NULL);
}

/* The 25 components are where they should be: next to one, the posterior mean is close to it. */
TEST(model, grid25)
{
    quell_model *model;
    MUST(quell_model_load(&model, "builtin:grid25"));
    quell_schedule *schedule = must_schedule("ve");
    quell_sampler *sampler = must_sampler("ddim", quell_model_denoiser(model), schedule, 1);
    for (int k = 0; k < 25; k++) {
        double x0 = 2.0 * (k / 5 - 2), y0 = 2.0 * (k % 5 - 2), alpha, sigma;
        float x[2] = {(float)x0 + 0.3f, (float)y0 - 0.2f}, out[2];
        MUST(quell_schedule_at(schedule, 0.35, &alpha, &sigma));
        MUST(quell_denoise(sampler, NULL, NULL, 0.35, x, out));
        double gain = 0.0025 / (0.0025 + sigma * sigma);
        CHECK(fabs((double)out[0] - x0 - gain * 0.3) < 1e-5, "component %d: %g", k, (double)out[0]);
        CHECK(fabs((double)out[1] - y0 + gain * 0.2) < 1e-5, "component %d: %g", k, (double)out[1]);
    }
    quell_sampler_free(sampler);
    quell_schedule_free(schedule);
    quell_model_free(model);
}

/* The cosine basis is orthonormal to the last digits, and holds the power it should. */
TEST(model, clouds)
{
    enum { DIM = 1024 };
    quell_model *model;
    double *power = malloc(DIM * sizeof *power), *basis = malloc(sizeof *basis * DIM * DIM);
    double total = 0;
    MUST(quell_model_load(&model, "builtin:clouds"));
    MUST(quell_denoiser_eigenbasis(quell_model_denoiser(model), power, basis));
    for (int i = 0; i < DIM; i++) total += power[i];
    CHECK(fabs(total / (double)DIM - 0.16) < 1e-12, "variance %g", total / (double)DIM);
    for (int i = 0; i < DIM; i += 37)
        for (int j = 0; j < DIM; j++) {
            double product = 0;
            for (int k = 0; k < DIM; k++) product += basis[i * DIM + k] * basis[j * DIM + k];
            CHECK(fabs(product - (i == j)) < 1e-13, "%d . %d = %g", i, j, product);
        }
    free(power);
    free(basis);
    quell_model_free(model);
}

TEST(model, from_a_denoiser)
{
    static const size_t shape[QUELL_MAX_RANK + 1] = {2, 3, 1, 1, 1, 1, 1, 1, 1};
    char long_spec[200];
    quell_denoiser *denoiser;
    quell_model *model = NULL;
    MUST(quell_denoiser_from_isotropic(&denoiser, 6, NULL, 0.5));
    memset(long_spec, 'v', sizeof long_spec);
    long_spec[sizeof long_spec - 1] = '\0';
    CHECK(quell_model_from_denoiser(&model, denoiser, 0, shape, NULL) == QUELL_BAD_ARGUMENT, "0");
    CHECK(quell_model_from_denoiser(&model, denoiser, 9, shape, NULL) == QUELL_BAD_ARGUMENT, "9");
    CHECK(quell_model_from_denoiser(&model, denoiser, 1, shape, NULL) == QUELL_BAD_ARGUMENT, "2");
    CHECK(quell_model_from_denoiser(&model, denoiser, 2, NULL, NULL) == QUELL_BAD_ARGUMENT, "NULL");
    CHECK(quell_model_from_denoiser(&model, NULL, 2, shape, NULL) == QUELL_BAD_ARGUMENT, "NULL");
    CHECK(quell_model_from_denoiser(NULL, denoiser, 2, shape, NULL) == QUELL_BAD_ARGUMENT, "NULL");
    CHECK(quell_model_from_denoiser(&model, denoiser, 2, shape, long_spec) == QUELL_BAD_ARGUMENT,
          "a long schedule");
    CHECK(quell_model_from_denoiser(&model, denoiser, 2, (size_t[]){SIZE_MAX, 6}, NULL) ==
                  QUELL_BAD_ARGUMENT &&
              !model,
          "a product beyond size_t");
    CHECK(quell_model_from_denoiser(&model, denoiser, 2, shape, "vpp") == QUELL_NOT_FOUND &&
              strstr(quell_error_message(), "no such schedule"),
          "a schedule that does not exist");
    CHECK(quell_model_from_denoiser(&model, denoiser, 2, shape, "vp:x=1") == QUELL_BAD_ARGUMENT &&
              !model,
          "an option that does not exist");
    MUST(quell_model_from_denoiser(&model, denoiser, 2, shape, "cosine"));
    quell_denoiser_free(denoiser);
    CHECK(quell_denoiser_dim(quell_model_denoiser(model)) == 6, "it holds its denoiser");
    CHECK(quell_model_rank(model) == 2 && quell_model_shape(model)[1] == 3, "shape");
    CHECK(!quell_model_image(model) && !strcmp(quell_model_schedule(model), "cosine"), "cosine");
    quell_model_free(model);
    CHECK(!quell_model_denoiser(NULL) && !quell_model_rank(NULL) && !quell_model_shape(NULL) &&
              !quell_model_image(NULL) && !*quell_model_schedule(NULL),
          "of no model");
}
