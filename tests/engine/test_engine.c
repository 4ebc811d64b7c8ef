/* SPDX-License-Identifier: MIT */
/* The promise about bits, at every size at which the engine changes its ways: below and above a
 * block of noise, a chunk, a tile; samples that are split; op-major runs. */
#include "drawing.h"
#include "harness.h"
#include "models.h"
#include "engine/layout.h"

#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const size_t dims[] = {1,  2,  3,   4,    5,    7,    8,    16,   63,
                              64, 65, 257, 2047, 2048, 2049, 4096, 4097, 20000};

static void check_sampler(const char *what, const quell_denoiser *denoiser, size_t count)
{
    char name[100];
    quell_schedule *schedule = must_schedule("rectified");
    quell_sampler *sampler = must_sampler("ddpm", denoiser, schedule, 2);
    quell_draw draw = quell_draw_defaults();
    quell_run run = quell_run_defaults();
    draw.seed = 11, draw.first = (uint64_t)1 << 33, draw.count = count;
    run.isa = "scalar", run.threads = 1;
    float *x = malloc(count * quell_sampler_dim(sampler) * sizeof *x);
    must_draw(sampler, &draw, &run, x);
    snprintf(name, sizeof name, "%s of dim %zu", what, quell_sampler_dim(sampler));
    check_every_way(name, sampler, &draw, &run, x);
    free(x);
    quell_sampler_free(sampler);
    quell_schedule_free(schedule);
}

static void check_kind(const char *kind, size_t largest)
{
    for (size_t i = 0; i < sizeof dims / sizeof *dims && dims[i] <= largest; i++) {
        struct model model = model_new(kind, dims[i]);
        quell_denoiser *denoiser = model_denoiser(&model);
        CHECK(quell_denoiser_reproducible(denoiser), "%s does not promise its bits", kind);
        check_sampler(kind, denoiser, dims[i] < 100 ? 37 : dims[i] < 10000 ? 5 : 2);
        quell_denoiser_free(denoiser);
        model_free(&model);
    }
}

TEST(engine, bits_isotropic) { check_kind("isotropic", SIZE_MAX); }
TEST(engine, bits_diagonal) { check_kind("diagonal", SIZE_MAX); }
TEST(engine, bits_callback) { check_kind("callback", SIZE_MAX); }
TEST(engine, bits_mixture) { check_kind("mixture", 257); }
TEST(engine, bits_mixture_large) /* op-major: few large samples */
{
    struct model model = model_new("mixture_diagonal", 20000);
    quell_denoiser *denoiser = model_denoiser(&model);
    check_sampler("mixture_diagonal", denoiser, 2);
    quell_denoiser_free(denoiser);
    model_free(&model);
}
TEST(engine, bits_mixture_diagonal) { check_kind("mixture_diagonal", 65); }
TEST(engine, bits_eigen) { check_kind("eigen", 257); }
TEST(engine, bits_empirical) { check_kind("empirical", 257); }

/* A callback that wants the whole batch gives what the same callback gives per tile. */
TEST(engine, whole_batch)
{
    quell_function_options options = quell_function_defaults();
    quell_schedule *schedule = must_schedule("rectified");
    for (size_t i = 0; i < sizeof dims / sizeof *dims; i++) {
        size_t count = dims[i] < 100 ? 37 : 3;
        quell_denoiser *whole, *tiled;
        options.reproducible = 1, options.whole_batch = 1;
        MUST(quell_denoiser_from_function(&whole, dims[i], model_callback, NULL, &options));
        options.whole_batch = 0;
        MUST(quell_denoiser_from_function(&tiled, dims[i], model_callback, NULL, &options));
        quell_sampler *a = must_sampler("ddpm", whole, schedule, 2);
        quell_sampler *b = must_sampler("ddpm", tiled, schedule, 2);
        quell_draw draw = quell_draw_defaults();
        draw.count = count;
        float *x = malloc(count * dims[i] * sizeof *x);
        must_draw(b, &draw, NULL, x);
        check_every_way("whole batch", a, &draw, NULL, x);
        free(x);
        quell_sampler_free(a);
        quell_sampler_free(b);
        quell_denoiser_free(whole);
        quell_denoiser_free(tiled);
    }
    quell_schedule_free(schedule);
}

/* Tiles cover the batch, begin on blocks of noise, and leave no worker idle for few large
 * samples. */
TEST(engine, layout)
{
    struct model shape = model_new("callback", 100000);
    quell_denoiser *large = model_denoiser(&shape);
    for (size_t i = 0; i < sizeof dims / sizeof *dims; i++)
        for (size_t count = 1; count < 10000; count = count * 5 + 1)
            for (size_t tile = 0; tile < 2000; tile = tile * 7 + 1) {
                struct quell_layout l = quell_layout_elements(dims[i], count, tile);
                CHECK(l.across == (dims[i] + l.elements - 1) / l.elements &&
                          l.tiles == l.across * ((count + l.rows - 1) / l.rows) &&
                          (l.across == 1 || (l.rows == 1 && l.elements % 4 == 0)),
                      "dim %zu, count %zu, tile %zu", dims[i], count, tile);
            }
    CHECK(quell_layout_plan(large, 2, 4, 0, 0, QUELL_ANY_PART).op_major,
          "two large samples on four threads");
    CHECK(!quell_layout_plan(large, 4, 4, 0, 0, QUELL_ANY_PART).op_major,
          "four large samples on four threads");
    CHECK(quell_layout_elements(100000, 2, 0).tiles >= 8, "parts of two large samples");
    quell_denoiser_free(large);
    model_free(&shape);
}

static struct model model;
static quell_denoiser *denoiser;
static quell_schedule *schedule;
static quell_sampler *sampler;

enum { DIM = 3, STEPS = 4 };

static void begin(const char *kind)
{
    model = model_new(kind, DIM);
    denoiser = model_denoiser(&model);
    schedule = must_schedule("vp");
    sampler = must_sampler("ddpm", denoiser, schedule, STEPS);
}

static void end(void)
{
    quell_sampler_free(sampler);
    quell_denoiser_free(denoiser);
    quell_schedule_free(schedule);
    model_free(&model);
}

TEST(engine, counts)
{
    begin("mixture");
    quell_draw draw = quell_draw_defaults();
    float all[101 * DIM], x[102 * DIM];
    draw.count = 101;
    must_draw(sampler, &draw, NULL, all);
    for (size_t count = 0; count <= 101; count++) {
        memset(x, 0, sizeof x);
        draw.count = count;
        must_draw(sampler, &draw, NULL, x);
        CHECK(!memcmp(x, all, count * DIM * sizeof *x), "count %zu", count);
        for (size_t e = 0; e < DIM; e++) CHECK(x[count * DIM + e] == 0, "past count %zu", count);
    }
    draw.count = 0;
    MUST(quell_sample(sampler, &draw, NULL, NULL));
    MUST(quell_step(sampler, &draw, NULL, 1, 0, NULL));
    MUST(quell_denoise(sampler, &draw, NULL, 1, NULL, NULL));
    end();
}

/* One call draws what its two parts do; a run that is refused leaves x as it was. */
TEST(engine, sample_is_its_parts)
{
    begin("isotropic");
    quell_draw draw = quell_draw_defaults();
    quell_run run = quell_run_defaults();
    float parts[33 * DIM], x[33 * DIM];
    draw.seed = 11, draw.first = 5, draw.count = 33;
    MUST(quell_sample_prior(sampler, &draw, &run, parts));
    MUST(quell_sample_from(sampler, &draw, &run, parts));
    for (size_t i = 0; i < 33 * DIM; i++) x[i] = NAN;
    MUST(quell_sample(sampler, &draw, &run, x));
    CHECK(!memcmp(x, parts, sizeof x), "other bits");
    draw.seed = 12, run.isa = "nonsense";
    CHECK(quell_sample(sampler, &draw, &run, x) == QUELL_NOT_FOUND, "isa");
    CHECK(!memcmp(x, parts, sizeof x), "a refused run changed x");
    end();
}

/* Other seeds and other samples are other numbers. */
TEST(engine, seeds)
{
    begin("isotropic");
    quell_draw draw = quell_draw_defaults();
    float a[4 * DIM], b[4 * DIM];
    draw.count = 4;
    must_draw(sampler, &draw, NULL, a);
    const uint64_t seeds[] = {1, (uint64_t)1 << 32, UINT64_MAX};
    for (size_t i = 0; i < 3; i++) {
        draw.seed = seeds[i];
        must_draw(sampler, &draw, NULL, b);
        for (size_t e = 0; e < 4 * DIM; e++) CHECK(a[e] != b[e], "seed %zu, element %zu", i, e);
    }
    draw.seed = 0, draw.first = (uint64_t)1 << 32;
    must_draw(sampler, &draw, NULL, b);
    for (size_t e = 0; e < 4 * DIM; e++) CHECK(a[e] != b[e], "first 2^32, element %zu", e);
    draw.first = UINT64_MAX - 4;
    must_draw(sampler, &draw, NULL, b);
    end();
}

/* A sampler keeps what it needs; the caller's handles may go. */
TEST(engine, handles_may_go)
{
    float a[DIM], b[DIM];
    begin("mixture");
    must_draw(sampler, NULL, NULL, a);
    quell_denoiser_free(denoiser);
    quell_schedule_free(schedule);
    must_draw(sampler, NULL, NULL, b);
    MUST(quell_step(sampler, NULL, NULL, 0.9, 0.8, b));
    denoiser = NULL, schedule = NULL;
    end();
}

TEST(engine, refusals)
{
    begin("isotropic");
    float x[DIM] = {0};
    quell_draw draw = quell_draw_defaults();
    quell_run run = quell_run_defaults();
    CHECK(quell_sample_from(NULL, &draw, &run, x) == QUELL_BAD_ARGUMENT, "no sampler");
    CHECK(quell_sample_from(sampler, &draw, &run, NULL) == QUELL_BAD_ARGUMENT, "no x");
    CHECK(quell_denoise(sampler, &draw, &run, 1, NULL, x) == QUELL_BAD_ARGUMENT, "no x");
    draw.count = SIZE_MAX / 2;
    CHECK(quell_sample_from(sampler, &draw, &run, x) == QUELL_BAD_ARGUMENT,
          "count * dim overflows");
    draw.count = 1, draw.first = UINT64_MAX;
    CHECK(quell_sample_from(sampler, &draw, &run, x) == QUELL_BAD_ARGUMENT,
          "first + count overflows");
    CHECK(strstr(quell_error_message(), "up to 2^64 - 2"), "%s", quell_error_message());
    draw.first--;
    MUST(quell_sample_from(sampler, &draw, &run, x));
    draw.first = 0, run.isa = "mmx";
    CHECK(quell_sample_from(sampler, &draw, &run, x) == QUELL_NOT_FOUND, "isa");
    CHECK(strstr(quell_error_message(), "mmx"), "%s", quell_error_message());
    run.isa = NULL, run.parallel = parallel_backwards;
    CHECK(quell_sample_prior(sampler, &draw, &run, x) == QUELL_BAD_ARGUMENT,
          "parallel without threads");
    run.parallel = NULL;
    must_draw(sampler, &draw, &run, x);
    end();
}

/* More threads than there is work for cost nothing; absurdly many are refused. */
TEST(engine, many_threads)
{
    begin("mixture");
    float a[5 * DIM], b[5 * DIM];
    quell_draw draw = quell_draw_defaults();
    quell_run run = quell_run_defaults();
    draw.count = 5;
    must_draw(sampler, &draw, &run, a);
    run.threads = 65536;
    must_draw(sampler, &draw, &run, b);
    CHECK(!memcmp(a, b, sizeof a), "65536 threads");
    run.threads = (size_t)1 << 40;
    CHECK(quell_sample_from(sampler, &draw, &run, b) == QUELL_BAD_ARGUMENT, "2^40 threads");
    end();
}
