/* SPDX-License-Identifier: MIT */
/* Every allocation of a run, and of loading and saving a model, made to fail; the sampler then
 * draws what it drew before. */
#include "effort.h"
#include "harness.h"
#include "wrap_malloc.h"
#include "memory_parts.h"
#include "scratch.h"
#include "names.h"

#include <quell/quell.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define ROWS 40

/* A run on a sampler that outlives it. x: the state, start: what it is set to before each run. */
struct running {
    quell_sampler *sampler;
    quell_draw draw;
    quell_run run;
    float start[ROWS * DIM], x[ROWS * DIM];
};

static void restart(struct running *r) { memcpy(r->x, r->start, sizeof r->x); }

static quell_status run_init(void *data)
{
    struct running *r = data;
    return quell_sample_prior(r->sampler, &r->draw, &r->run, r->x);
}

static quell_status run_forward(void *data)
{
    struct running *r = data;
    restart(r);
    return quell_sample_from(r->sampler, &r->draw, &r->run, r->x);
}

static quell_status run_seeds(void *data)
{
    static const uint64_t seeds[ROWS] = {1, 2, 3};
    struct running *r = data;
    quell_draw draw = r->draw;
    draw.seeds = seeds;
    restart(r);
    return quell_sample_from(r->sampler, &draw, &r->run, r->x);
}

static quell_status run_step(void *data)
{
    struct running *r = data;
    restart(r);
    return quell_step(r->sampler, &r->draw, &r->run, 0.75, 0.5, r->x);
}

static quell_status run_denoise(void *data)
{
    struct running *r = data;
    return quell_denoise(r->sampler, &r->draw, &r->run, 0.5, r->start, r->x);
}

static void every_run(quell_sampler *sampler, const char *name)
{
    static const struct {
        const char *name;
        scenario_fn *scenario;
    } runs[] = {{"init", run_init},
                {"forward", run_forward},
                {"seeds", run_seeds},
                {"step", run_step},
                {"denoise", run_denoise}};
    struct running r = {
        .sampler = sampler, .draw = quell_draw_defaults(), .run = quell_run_defaults()};
    r.draw.count = ROWS;
    r.run.threads = 2;
    r.run.tile = 7;
    CHECK(!quell_sample_prior(sampler, &r.draw, &r.run, r.start), "%s: %s", name,
          quell_error_message());
    for (size_t i = 0; i < sizeof runs / sizeof *runs; i++) {
        char label[64];
        float before[ROWS * DIM];
        snprintf(label, sizeof label, "%s, %s", name, runs[i].name);
        CHECK(!runs[i].scenario(&r), "%s: %s", label, quell_error_message());
        memcpy(before, r.x, sizeof before);
        every_allocation_fails(label, runs[i].scenario, &r);
        CHECK(!memcmp(before, r.x, sizeof before), "%s: other samples after the failures", label);
    }
}

static quell_denoiser *whole_batch(void)
{
    quell_denoiser *denoiser = NULL;
    quell_function_options options = quell_function_defaults();
    options.whole_batch = 1;
    CHECK(!quell_denoiser_from_function(&denoiser, DIM, zeros, NULL, &options), "%s",
          quell_error_message());
    return denoiser;
}

static void runs_on(quell_denoiser *denoiser, const char *name, int brownian)
{
    struct parts p = parts_new(denoiser);
    p.options.brownian = brownian;
    quell_sampler *sampler = NULL;
    CHECK(!quell_sampler_create(&sampler, "ddpm", p.denoiser, p.schedule, &p.options), "%s",
          quell_error_message());
    every_run(sampler, name);
    quell_sampler_free(sampler);
    sampler = NULL;
    CHECK(!quell_sampler_from_step(&sampler, restless, NULL, NULL, p.denoiser, p.schedule,
                                   &p.options),
          "%s", quell_error_message());
    every_run(sampler, name);
    quell_sampler_free(sampler);
    parts_free(&p);
}

static int learned(void *user, const quell_call *call, const float *input, float *output)
{
    if (call->variance) memset(call->variance, 0, call->rows * call->dim * sizeof *call->variance);
    return zeros(user, call, input, output);
}

/* Operations that are not linear: thresholds, and learned variances. */
TEST(memory, nonlinear)
{
    for (int whole = 0; whole < 2; whole++) {
        quell_denoiser *denoiser = NULL;
        quell_function_options options = quell_function_defaults();
        options.whole_batch = whole, options.variance = "learned_range";
        CHECK(!quell_denoiser_from_function(&denoiser, DIM, learned, NULL, &options), "%s",
              quell_error_message());
        struct parts p = parts_new(denoiser);
        p.options.threshold = 0.9;
        quell_sampler *sampler = NULL;
        CHECK(!quell_sampler_create(&sampler, "ddpm:variance=learned_range", p.denoiser, p.schedule,
                                    &p.options),
              "%s", quell_error_message());
        every_run(sampler, whole ? "learned, whole batch" : "learned");
        quell_sampler_free(sampler);
        parts_free(&p);
    }
}

TEST(memory, runs)
{
    for (size_t kind = 0; kind < DENOISERS; kind++) {
        quell_denoiser *denoiser = NULL;
        CHECK(!make_denoiser(kind, &denoiser), "%s", quell_error_message());
        runs_on(denoiser, quell_denoiser_kind(denoiser), kind == 0);
    }
    runs_on(whole_batch(), "whole batch", 0);
}

struct saving {
    quell_model *model;
    char path[512];
};

static quell_status save(void *data)
{
    struct saving *saving = data;
    return quell_model_save(saving->model, saving->path);
}

static void write_npy(const char *path)
{
    char header[128];
    memset(header, ' ', sizeof header);
    memcpy(header, "\x93NUMPY\x01\x00\x76\x00", 10);
    const char *text = "{'descr': '<f4', 'fortran_order': False, 'shape': (4, 3), }";
    memcpy(header + 10, text, strlen(text));
    header[127] = '\n';
    FILE *file = fopen(path, "wb");
    CHECK(file, "%s", path);
    CHECK(fwrite(header, 1, 128, file) == 128 && fwrite(points, 4, 12, file) == 12, "%s", path);
    CHECK(!fclose(file), "%s", path);
}

TEST(memory, models)
{
    struct scratch scratch = scratch_new();
    struct scratch_path points_file = scratch_path(&scratch, "points.npy");
    char *npy = points_file.text;
    struct saving saving = {0};
    snprintf(saving.path, sizeof saving.path, "%.500s", scratch_path(&scratch, "saved.json").text);
    const char *name;
    for (size_t i = 0; (name = model_name(i)); i++) {
        if (i > 0 && is_brief()) break; /* the others are large: the first is read as they are */
        char builtin[64];
        snprintf(builtin, sizeof builtin, "%s", name);
        every_allocation_fails(name, load_model, builtin);
    }
    write_npy(npy);
    every_allocation_fails("load .npy", load_model, npy);
    CHECK(!quell_model_load(&saving.model, "builtin:grid25"), "%s", quell_error_message());
    every_allocation_fails("save", save, &saving);
    every_allocation_fails("load .json", load_model, saving.path);
    quell_model_free(saving.model);
    scratch_remove(&scratch);
}
