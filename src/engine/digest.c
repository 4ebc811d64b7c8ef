/* SPDX-License-Identifier: MIT */
/* A model is asked, not read: whatever a denoiser is made of, two that say the same of random
 * states at several levels of noise are one, but for what rounding hides. */
#include "digest.h"
#include "sampler.h"
#include "core/schedule.h"
#include "base/fail.h"
#include "base/memory.h"

#include <stdlib.h>
#include <string.h>

enum { MOST_ROWS = 2, LEVELS = 3 };

/* FNV-1a. */
static void put(uint64_t *digest, const void *bytes, size_t count)
{
    for (size_t i = 0; i < count; i++)
        *digest = (*digest ^ ((const unsigned char *)bytes)[i]) * UINT64_C(0x100000001b3);
}

static void put_text(uint64_t *digest, const char *text) { put(digest, text, strlen(text) + 1); }

static void put_point(uint64_t *digest, const quell_point *point)
{
    const double values[] = {point->t, point->alpha, point->sigma};
    put(digest, values, sizeof values);
}

static void put_operation(uint64_t *digest, const struct quell_op *op)
{
    const unsigned shape[] = {(unsigned)op->kind, (unsigned)op->out, op->terms, op->noises};
    put(digest, shape, sizeof shape);
    put(digest, op->in, sizeof op->in);
    put(digest, op->stream, sizeof op->stream);
    put(digest, op->coefficient, sizeof op->coefficient);
    put_point(digest, &op->t);
    put_point(digest, &op->s);
}

static void put_plan(uint64_t *digest, const struct quell_plan *plan)
{
    for (size_t i = 0; i < plan->count; i++) put_operation(digest, &plan->ops[i]);
    for (size_t i = 0; i < plan->names; i++) {
        const struct quell_noise_name *name = &plan->name[i];
        put(digest, &name->key, sizeof name->key);
        put(digest, &name->stream, sizeof name->stream);
        put(digest, &name->path, sizeof name->path);
    }
}

static void put_settings(uint64_t *digest, const quell_sampler *sampler)
{
    size_t count = sampler->denoiser->dim * quell_chunk_rows(sampler->denoiser->dim);
    put_text(digest, quell_version());
    put_text(digest, sampler->method ? sampler->method->name : "the host's own");
    put(digest, sampler->option, sizeof sampler->option);
    put(digest, &sampler->clamp_low, sizeof sampler->clamp_low);
    put(digest, &sampler->clamp_high, sizeof sampler->clamp_high);
    put(digest, &sampler->threshold.quantile, sizeof sampler->threshold.quantile);
    put(digest, &sampler->threshold.most, sizeof sampler->threshold.most);
    put(digest, sampler->init_mean, count * sizeof *sampler->init_mean);
    put(digest, sampler->init_deviation, count * sizeof *sampler->init_deviation);
    for (size_t i = 0; i <= sampler->steps; i++) put(digest, &sampler->grid[i].t, sizeof(double));
}

/* What it says at one level; where it cannot be asked there, the status stands for it. */
static quell_status put_answers(uint64_t *digest, const quell_sampler *sampler,
                                const quell_run *run, double t, const float *x, float *out)
{
    quell_status status = quell_denoise(sampler, run, t, x, out);
    if (status == QUELL_NO_MEMORY) return status;
    put(digest, &status, sizeof status);
    if (!status) put(digest, out, run->count * sampler->denoiser->dim * sizeof *out);
    return QUELL_OK;
}

static quell_status ask(uint64_t *digest, const quell_sampler *sampler, float *x, float *out)
{
    const int32_t labels[MOST_ROWS] = {-1, 0};
    size_t classes = sampler->denoiser->classes;
    quell_run run = quell_run_defaults();
    run.threads = 1;
    run.count = classes + 1 < MOST_ROWS ? classes + 1 : MOST_ROWS;
    run.classes = classes ? labels : NULL;
    quell_status status = quell_sample_prior(sampler, &run, x);
    for (size_t i = 0; i < LEVELS && !status; i++)
        status = put_answers(digest, sampler, &run, sampler->grid[i * sampler->steps / LEVELS].t, x,
                             out);
    return status;
}

static quell_status put_model(uint64_t *digest, const quell_sampler *sampler)
{
    const quell_denoiser *denoiser = sampler->denoiser;
    size_t sizes[2] = {denoiser->dim, denoiser->classes};
    put_text(digest, denoiser->type->kind);
    put(digest, sizes, sizeof sizes);
    if (denoiser->host || sampler->schedule->function || !denoiser->exact) return QUELL_OK;
    float *x = quell_new(2 * denoiser->dim, MOST_ROWS * sizeof *x);
    if (!x) return quell_fail(QUELL_NO_MEMORY, "sampler: no memory to ask its model");
    quell_status status = ask(digest, sampler, x, x + MOST_ROWS * denoiser->dim);
    free(x);
    return status;
}

quell_status quell_sampler_digests(const quell_sampler *sampler, struct quell_digests *digests)
{
    digests->sampler = digests->model = UINT64_C(0xcbf29ce484222325);
    put_settings(&digests->sampler, sampler);
    put_plan(&digests->sampler, &sampler->plan);
    return put_model(&digests->model, sampler);
}
