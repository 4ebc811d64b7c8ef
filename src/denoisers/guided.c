/* SPDX-License-Identifier: MIT */
/* Guidance, as a denoiser made of two others: w mu + (1 - w) mu_guide. */
#include "denoisers/denoiser.h"
#include "denoisers/guidance_mean.h"
#include "base/fail.h"
#include "base/memory.h"
#include "base/sized.h"

#include <math.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

struct guided {
    quell_denoiser base;
    /* `guide` is NULL for the denoiser itself without class and conditions. */
    quell_denoiser *denoiser, *guide;
    /* The indices of the guide's conditions among the denoiser's. */
    size_t from[QUELL_MAX_CONDITIONS];
    /* The denoiser's conditions, with `must` set for some of the guide's. */
    struct quell_taken *taken;
    quell_guidance guidance;
    double *points; /* guidance's times, then its weights */
};

static const struct guided *self(const quell_denoiser *denoiser)
{
    return (const struct guided *)denoiser;
}

static quell_status check_one(const quell_denoiser *denoiser, const quell_point *point)
{
    if (denoiser->type->needs_noise && !(point->sigma > 0))
        return quell_fail(QUELL_BAD_ARGUMENT, "guidance: the %s denoiser needs sigma > 0",
                          denoiser->type->kind);
    return denoiser->type->check ? denoiser->type->check(denoiser, point) : QUELL_OK;
}

static quell_status check(const quell_denoiser *denoiser, const quell_point *point)
{
    const struct guided *guided = self(denoiser);
    quell_status status = check_one(guided->denoiser, point);
    return status || !guided->guide ? status : check_one(guided->guide, point);
}

static size_t output_size(const quell_denoiser *denoiser, size_t rows)
{
    return quell_round_up(rows * denoiser->dim * sizeof(float), QUELL_CACHE_LINE);
}

/* If the guide is the denoiser without class and conditions, both are evaluated in one pass. This
 * may also happen if both are made of the same network, which then uses the memory of both. */
static size_t scratch_size(const quell_denoiser *denoiser, size_t rows)
{
    const struct guided *guided = self(denoiser);
    size_t first = quell_denoiser_scratch_size(guided->denoiser, guided->guide ? rows : 2 * rows);
    size_t second = guided->guide ? quell_denoiser_scratch_size(guided->guide, rows) : 0;
    return output_size(denoiser, rows) + first + second;
}

static size_t helpers(const quell_denoiser *denoiser, size_t *size)
{
    return quell_denoiser_helpers(self(denoiser)->denoiser, self(denoiser)->guide, size);
}

/* Returns the size of what the denoiser keeps, and then its guide. A denoiser that guides itself
 * counts twice. */
static size_t kept_size(const quell_denoiser *denoiser, size_t rows)
{
    const struct guided *guided = self(denoiser);
    return quell_denoiser_kept_size(guided->denoiser, rows) +
           quell_denoiser_kept_size(guided->guide ? guided->guide : guided->denoiser, rows);
}

/* Constants for one point of the schedule: the denoiser's, then the guide's; stored once if the
 * guide is the denoiser itself. */
static size_t constants_size(const quell_denoiser *denoiser)
{
    const struct guided *guided = self(denoiser);
    size_t guide = guided->guide ? quell_denoiser_constants_size(guided->guide) : 0;
    return quell_denoiser_constants_size(guided->denoiser) + guide;
}

static void constants(const quell_denoiser *denoiser, const struct quell_kernels *kernels, double t,
                      double alpha, double sigma, void *out)
{
    const struct guided *guided = self(denoiser);
    quell_denoiser_constants(guided->denoiser, kernels, t, alpha, sigma, out);
    if (guided->guide)
        quell_denoiser_constants(guided->guide, kernels, t, alpha, sigma,
                                 (char *)out + quell_denoiser_constants_size(guided->denoiser));
}

/* Prepares the evaluation of a guide that is another denoiser. `told` is memory for its classes and
 * conditions. Each network has its own value for the absence of a condition. */
static void tell_guide(const struct guided *guided, const struct quell_evaluation *at,
                       struct quell_evaluation *part, struct quell_told *told)
{
    *told = *at->told;
    if (guided->guide->classes != guided->base.classes) told->labels = NULL;
    part->constants = (const char *)at->constants + quell_denoiser_constants_size(guided->denoiser);
    for (size_t i = 0; i < guided->guide->conditions; i++) {
        size_t from = guided->from[i];
        bool none = at->told->values[from] == guided->taken[from].none;
        told->values[i] = none ? guided->guide->taken[i].none : at->told->values[from];
        told->stride[i] = at->told->stride[from];
    }
    part->told = told;
}

/* Returns whether the denoiser's mean is needed as a whole, because its standard deviation is. */
static bool is_whole(const struct guided *guided, double t)
{
    return quell_guidance_acts(&guided->guidance, t) && guided->guidance.rescale > 0;
}

/* Asks for the denoiser, and for its guide if guidance acts at this time. */
static size_t ask(const quell_denoiser *denoiser, const struct quell_evaluation *at, float *other,
                  struct quell_told *told, struct quell_asked *to)
{
    const struct guided *guided = self(denoiser);
    to[0] = (struct quell_asked){guided->denoiser, *at};
    if (is_whole(guided, at->t)) to[0].at.apart = false;
    if (!quell_guidance_acts(&guided->guidance, at->t)) return 1;
    to[1] = to[0];
    struct quell_evaluation *part = &to[1].at;
    if (guided->guide) {
        to[1].denoiser = guided->guide;
        tell_guide(guided, at, part, told);
    } else {
        part->told = at->against;
    }
    part->kept = (char *)at->kept + quell_denoiser_kept_size(guided->denoiser, at->most_rows);
    part->out = other;
    part->variance = NULL;
    return 2;
}

static size_t parts(const quell_denoiser *denoiser, double t)
{
    const struct guided *guided = self(denoiser);
    const quell_denoiser *guide = guided->guide ? guided->guide : guided->denoiser;
    size_t own = quell_denoiser_parts(guided->denoiser, t);
    return quell_guidance_acts(&guided->guidance, t) ? own + quell_denoiser_parts(guide, t) : own;
}

static void answer(const quell_denoiser *denoiser, const struct quell_evaluation *at,
                   const float *other)
{
    const struct guided *guided = self(denoiser);
    const quell_guidance *guidance = &guided->guidance;
    if (!quell_guidance_acts(guidance, at->t)) return;
    quell_guidance_combine(at, denoiser->dim, quell_guidance_weight(guidance, at->t),
                           guidance->rescale, other);
    if (is_whole(guided, at->t) && at->apart)
        quell_denoiser_part(at->kernels, at->alpha, at->rows * denoiser->dim, at->x, at->out);
}

static quell_status check_times(const quell_denoiser *denoiser, size_t count, const double *times,
                                bool anywhere)
{
    const struct guided *guided = self(denoiser);
    const quell_denoiser *both[] = {guided->denoiser, guided->guide};
    quell_status status = quell_guidance_check_times(&guided->guidance, count, times, anywhere);
    for (size_t i = 0; i < 2 && !status; i++)
        if (both[i] && both[i]->type->check_times)
            status = both[i]->type->check_times(both[i], count, times, anywhere);
    return status;
}

static void destroy(quell_denoiser *denoiser)
{
    struct guided *guided = (struct guided *)denoiser;
    quell_denoiser_free(guided->denoiser);
    quell_denoiser_free(guided->guide);
    free(guided->points);
    free(guided->taken);
}

static void digest(const quell_denoiser *denoiser, struct quell_digest *sum)
{
    const struct guided *guided = self(denoiser);
    const quell_guidance *guidance = &guided->guidance;
    quell_digest_whole(sum, quell_denoiser_digest(guided->denoiser));
    /* 0 if the guide is the denoiser without a class. */
    quell_digest_whole(sum, quell_denoiser_digest(guided->guide));
    quell_digest_number(sum, guidance->low);
    quell_digest_number(sum, guidance->high);
    quell_digest_number(sum, guidance->rescale);
    quell_digest_whole(sum, guidance->points);
    if (guidance->points)
        quell_digest_doubles(sum, guided->points, 2 * guidance->points);
    else
        quell_digest_number(sum, guidance->weight);
}

static const struct quell_denoiser_class guided_class = {
    .kind = "guided",
    .apart = true, /* the weights add up to 1 */
    .scratch_size = scratch_size,
    .kept_size = kept_size,
    .helpers = helpers,
    .constants_size = constants_size,
    .constants = constants,
    .ask = ask,
    .answer = answer,
    .parts = parts,
    .check = check,
    .check_times = check_times,
    .destroy = destroy,
    .digest = digest,
};

/* Adds a hold, which the guided denoiser releases. */
static quell_denoiser *hold(const quell_denoiser *denoiser)
{
    if (denoiser) quell_denoiser_hold(denoiser);
    return (quell_denoiser *)(uintptr_t)denoiser;
}

/* Finds the denoiser's condition for each condition that the guide takes. */
static quell_status match_conditions(struct guided *guided)
{
    const quell_denoiser *denoiser = guided->denoiser, *guide = guided->guide;
    for (size_t i = 0; guide && i < guide->conditions; i++) {
        const struct quell_taken *taken = &guide->taken[i];
        size_t at = quell_taken_named(denoiser->taken, denoiser->conditions, taken->name);
        if (at == denoiser->conditions)
            return quell_fail(
                QUELL_BAD_ARGUMENT,
                "guidance: the guide takes a condition '%.60s', the denoiser does not",
                taken->name);
        if (denoiser->taken[at].size != taken->size)
            return quell_fail(
                QUELL_BAD_ARGUMENT,
                "guidance: condition '%.60s' of the guide has %zu elements, must have "
                "%zu, as that of the denoiser",
                taken->name, taken->size, denoiser->taken[at].size);
        guided->from[i] = at;
        if (!taken->none) guided->taken[at].must = true;
    }
    return QUELL_OK;
}

static quell_status copy_taken(struct guided *guided)
{
    const quell_denoiser *denoiser = guided->denoiser;
    size_t count = denoiser->conditions;
    if (!count) return QUELL_OK;
    guided->taken = quell_new(count, sizeof *guided->taken);
    if (!guided->taken) return quell_fail(QUELL_NO_MEMORY, "guidance: no memory");
    memcpy(guided->taken, denoiser->taken, count * sizeof *guided->taken);
    guided->base.taken = guided->taken;
    return QUELL_OK;
}

static quell_status copy_points(struct guided *guided)
{
    quell_guidance *guidance = &guided->guidance;
    size_t points = guidance->points;
    if (!points) return QUELL_OK;
    guided->points = quell_new(2 * points, sizeof *guided->points);
    if (!guided->points) return quell_fail(QUELL_NO_MEMORY, "guidance: no memory");
    memcpy(guided->points, guidance->times, points * sizeof(double));
    memcpy(guided->points + points, guidance->weights, points * sizeof(double));
    guidance->times = guided->points;
    guidance->weights = guided->points + points;
    return QUELL_OK;
}

static const struct quell_sized sized = {"guidance", "quell_guidance", "quell_guidance_defaults",
                                         NULL};

quell_status quell_denoiser_from_guidance(quell_denoiser **guided, const quell_denoiser *denoiser,
                                          const quell_denoiser *guide,
                                          const quell_guidance *guidance)
{
    quell_guidance g = quell_guidance_defaults();
    quell_status status = guidance ? quell_sized_copy(&sized, &g, sizeof g, guidance) : QUELL_OK;
    if (!status) status = quell_guidance_check(denoiser, guide, &g);
    if (!status) status = quell_denoiser_arguments(guided, denoiser->dim);
    if (status) return status;
    struct guided *made = quell_denoiser_new(&guided_class, sizeof *made, denoiser->dim);
    if (!made) return quell_fail(QUELL_NO_MEMORY, "guidance: no memory");
    made->denoiser = hold(denoiser);
    made->guide = hold(guide);
    made->guidance = g;
    made->base.reproducible = denoiser->reproducible && (!guide || guide->reproducible);
    made->base.host = denoiser->host || (guide && guide->host);
    made->base.mean_alone = denoiser->mean_alone || (guide && guide->mean_alone) || g.rescale > 0;
    made->base.classes = denoiser->classes;
    made->base.no_class = denoiser->no_class;
    made->base.needs_class = denoiser->needs_class || (guide && guide->needs_class);
    made->base.conditions = denoiser->conditions;
    made->base.by_itself = denoiser->by_itself || !guide || guide->by_itself;
    made->base.asks = denoiser->asks || (guide ? guide->asks : !quell_guidance_is_none(&g));
    made->base.rows = denoiser->rows;
    made->base.core = denoiser->core;
    if (guide && denoiser->core) made->base.core = guide->core ? &made->base : NULL;
    made->base.learned_variance = denoiser->learned_variance;
    status = copy_taken(made);
    if (!status) status = match_conditions(made);
    if (!status) status = copy_points(made);
    if (status)
        quell_denoiser_free(&made->base);
    else
        *guided = &made->base;
    return status;
}
