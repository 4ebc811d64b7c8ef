/* SPDX-License-Identifier: MIT */
/* Digests everything that a sampler's samples depend on: the plan with its coefficients, the law of
 * x_1, the schedule and the denoiser's weights. A function of the host cannot be read; if it is
 * reproducible, its outputs are part of the digest. */
#include "sampler_digest.h"
#include "prior.h"
#include "sampler.h"
#include <quell/run.h>
#include "core/schedule.h"
#include "base/digest.h"
#include "base/fail.h"
#include "base/floats.h"
#include "base/memory.h"

#include <stdlib.h>

enum { MOST_ROWS = 2, LEVELS = 3, PLACES = 16 };

static void put_point(struct quell_digest *digest, const quell_point *point)
{
    const double values[] = {point->t, point->alpha, point->sigma};
    quell_digest_doubles(digest, values, sizeof values / sizeof *values);
}

static void put_operation(struct quell_digest *digest, const struct quell_op *op)
{
    const size_t shape[] = {(size_t)op->kind, (size_t)op->out, (size_t)op->variance,
                            op->terms,        op->noises,      op->update,
                            op->apart,        op->number};
    quell_digest_sizes(digest, shape, sizeof shape / sizeof *shape);
    for (size_t i = 0; i < QUELL_MAX_TERMS; i++) quell_digest_whole(digest, (uint64_t)op->in[i]);
    quell_digest_add(digest, op->stream, sizeof op->stream);
    quell_digest_add(digest, op->coefficient, sizeof op->coefficient);
    quell_digest_add(digest, op->rounded, sizeof op->rounded);
    put_point(digest, &op->t);
    put_point(digest, &op->s);
}

static void put_noise(struct quell_digest *digest, const struct quell_noise_name *name)
{
    quell_digest_whole(digest, name->key);
    quell_digest_whole(digest, name->stream);
    quell_digest_whole(digest, name->path.from);
    quell_digest_whole(digest, name->path.to);
    quell_digest_whole(digest, name->path.slot);
}

static void put_plan(struct quell_digest *digest, const struct quell_plan *plan)
{
    for (size_t i = 0; i < plan->count; i++) put_operation(digest, &plan->ops[i]);
    for (size_t i = 0; i < plan->names; i++) put_noise(digest, &plan->name[i]);
    quell_digest_add(digest, plan->option, sizeof plan->option);
}

/* Adds the values of the schedule that later plans will need, in quell_step and in samplers that
 * choose their steps. If the schedule is a function of the host, only the grid is digested, because
 * the function is not called here. */
static void put_schedule(struct quell_digest *digest, const quell_schedule *schedule)
{
    for (int i = 0; i <= PLACES && !schedule->function; i++) {
        quell_point point;
        if (!quell_schedule_point(schedule, (double)i / PLACES, &point)) put_point(digest, &point);
    }
    quell_digest_add(digest, schedule->options, sizeof schedule->options);
    if (schedule->table) quell_digest_doubles(digest, schedule->table, schedule->count);
}

static void put_settings(struct quell_digest *digest, const quell_sampler *sampler)
{
    size_t dim = sampler->denoiser->dim;
    quell_digest_text(digest, quell_version());
    quell_digest_text(digest, sampler->method ? sampler->method->name
                              : sampler->step ? "step of the host"
                                              : "plan of the host");
    quell_digest_add(digest, sampler->option, sizeof sampler->option);
    quell_digest_whole(digest, sampler->brownian);
    quell_digest_number(digest, (double)sampler->clamp_low);
    quell_digest_number(digest, (double)sampler->clamp_high);
    quell_digest_number(digest, sampler->threshold.quantile);
    quell_digest_number(digest, sampler->threshold.most);
    quell_digest_floats(digest, sampler->prior_mean, dim);
    quell_digest_floats(digest, sampler->prior_deviation, dim);
    for (size_t i = 0; i <= sampler->steps; i++) put_point(digest, &sampler->grid[i]);
}

static uint64_t digest_settings(const quell_sampler *sampler)
{
    struct quell_digest digest;
    QUELL_OWN_FLOATS;
    quell_digest_begin(&digest);
    put_settings(&digest, sampler);
    put_schedule(&digest, sampler->schedule);
    put_plan(&digest, &sampler->plan);
    return quell_digest_end(&digest);
}

/* Adds the denoiser's outputs at one level of noise; if it cannot be evaluated there, the status
 * takes their place. */
static quell_status put_answers(struct quell_digest *digest, const quell_sampler *sampler,
                                const quell_draw *draw, const quell_run *run, double t,
                                const float *x, float *out)
{
    quell_status status = quell_denoise(sampler, draw, run, t, x, out);
    if (status == QUELL_NO_MEMORY) return status;
    quell_digest_whole(digest, (uint64_t)status);
    if (!status) quell_digest_floats(digest, out, draw->count * sampler->denoiser->dim);
    return QUELL_OK;
}

static size_t largest_condition(const quell_denoiser *denoiser)
{
    size_t most = 0;
    for (size_t i = 0; i < denoiser->conditions; i++)
        if (denoiser->taken[i].size > most) most = denoiser->taken[i].size;
    return most;
}

/* Fills the conditions with ones. Zeros often stand for the absence of a condition, on which
 * guidance has no effect. */
static void tell(const quell_denoiser *denoiser, float *ones, quell_condition *told)
{
    for (size_t i = 0; i < largest_condition(denoiser); i++) ones[i] = 1;
    for (size_t i = 0; i < denoiser->conditions; i++)
        told[i] = (quell_condition){denoiser->taken[i].name, ones, 0, denoiser->taken[i].size};
}

static quell_status ask(struct quell_digest *digest, const quell_sampler *sampler, void *context,
                        float *x, float *out, float *ones)
{
    quell_condition told[QUELL_MAX_CONDITIONS];
    const int32_t labels[MOST_ROWS] = {-1, 0};
    size_t classes = sampler->denoiser->classes;
    quell_draw draw = quell_draw_defaults();
    draw.context = context;
    draw.count = classes + 1 < MOST_ROWS ? classes + 1 : MOST_ROWS;
    draw.classes = classes ? labels : NULL;
    tell(sampler->denoiser, ones, told);
    draw.condition_count = sampler->denoiser->conditions;
    draw.conditions = draw.condition_count ? told : NULL;
    quell_run alone = quell_run_defaults();
    alone.threads = 1;
    quell_status status = quell_prior_draw(sampler, &draw, &alone, x);
    for (size_t i = 0; i < LEVELS && !status; i++)
        status = put_answers(digest, sampler, &draw, &alone,
                             sampler->grid[i * sampler->steps / LEVELS].t, x, out);
    return status;
}

/* Computes the digest of the model, with the outputs of a function of the host if it is
 * reproducible. */
static quell_status digest_model(const quell_sampler *sampler, void *context, uint64_t *sum)
{
    const quell_denoiser *denoiser = sampler->denoiser;
    *sum = quell_denoiser_digest(denoiser);
    if (!denoiser->host || !denoiser->reproducible || sampler->schedule->function) return QUELL_OK;
    size_t floats = 2 * denoiser->dim * MOST_ROWS, bytes;
    float *x = NULL;
    if (!quell_multiply(2 * MOST_ROWS * sizeof *x, denoiser->dim, &bytes))
        x = quell_new(floats + largest_condition(denoiser), sizeof *x);
    if (!x) return quell_fail(QUELL_NO_MEMORY, "sampler: no memory to ask its model");
    struct quell_digest digest;
    quell_digest_begin(&digest);
    quell_digest_whole(&digest, *sum);
    quell_status status =
        ask(&digest, sampler, context, x, x + MOST_ROWS * denoiser->dim, x + floats);
    free(x);
    *sum = quell_digest_end(&digest);
    return status;
}

quell_status quell_sampler_digests(const quell_sampler *sampler, void *context,
                                   struct quell_digests *digests)
{
    digests->sampler = digest_settings(sampler);
    return digest_model(sampler, context, &digests->model);
}

uint64_t quell_sampler_digest(const quell_sampler *sampler)
{
    struct quell_digest digest;
    if (!sampler) return 0;
    quell_digest_begin(&digest);
    quell_digest_whole(&digest, digest_settings(sampler));
    quell_digest_whole(&digest, quell_denoiser_digest(sampler->denoiser));
    uint64_t sum = quell_digest_end(&digest);
    return sum ? sum : 1;
}
