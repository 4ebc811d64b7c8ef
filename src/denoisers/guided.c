/* SPDX-License-Identifier: MIT */
/* Guidance, as a denoiser made of two: w mu + (1 - w) mu_guide. */
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
    quell_denoiser *denoiser, *guide;  /* guide: NULL for the denoiser without class, conditions */
    size_t from[QUELL_MAX_CONDITIONS]; /* the guide's conditions among the denoiser's */
    struct quell_taken *taken;         /* the denoiser's, and what the guide must have */
    quell_guidance guidance;
    double *points; /* holds guidance's times, then its weights */
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

static size_t scratch_size(const quell_denoiser *denoiser, size_t rows)
{
    const struct guided *guided = self(denoiser);
    size_t first = quell_denoiser_scratch_size(guided->denoiser, rows);
    size_t second = guided->guide ? quell_denoiser_scratch_size(guided->guide, rows) : 0;
    return output_size(denoiser, rows) + (first > second ? first : second);
}

static size_t helpers(const quell_denoiser *denoiser, size_t *size)
{
    return quell_denoiser_helpers(self(denoiser)->denoiser, self(denoiser)->guide, size);
}

/* What the denoiser keeps, and then its guide; by itself, it is two. */
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

/* Prepares the evaluation of another guide: `told` is for the conditions that it takes. What stands
 * for none is each network's own. */
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

/* Evaluates the guide where the guidance has a say. */
static int ask_guide(const struct guided *guided, const struct quell_evaluation *at,
                     struct quell_evaluation part, float *other)
{
    struct quell_told told;
    if (guided->guide)
        tell_guide(guided, at, &part, &told);
    else
        part.told = at->against;
    part.kept = (char *)at->kept + quell_denoiser_kept_size(guided->denoiser, at->most_rows);
    part.out = other;
    part.variance = NULL;
    return quell_denoiser_evaluate(guided->guide ? guided->guide : guided->denoiser, &part);
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

static int evaluate(const quell_denoiser *denoiser, const struct quell_evaluation *at)
{
    const struct guided *guided = self(denoiser);
    const quell_guidance *guidance = &guided->guidance;
    struct quell_evaluation part = *at;
    float *other = at->scratch;
    bool guides = quell_guidance_acts(guidance, at->t);
    bool whole = guides && guidance->rescale > 0; /* the deviation is that of the mean itself */
    part.scratch = (char *)at->scratch + output_size(denoiser, at->rows);
    if (whole) part.apart = false;
    int result = quell_denoiser_evaluate(guided->denoiser, &part);
    if (!result && guides) result = ask_guide(guided, at, part, other);
    if (result || !guides) return result;
    size_t count = at->rows * denoiser->dim;
    quell_guidance_combine(at, denoiser->dim, quell_guidance_weight(guidance, at->t),
                           guidance->rescale, other);
    if (whole && at->apart) quell_denoiser_part(at->kernels, at->alpha, count, at->x, at->out);
    return 0;
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
    quell_digest_whole(sum, quell_denoiser_digest(guided->guide)); /* 0: without a class */
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
    .evaluate = evaluate,
    .check = check,
    .check_times = check_times,
    .destroy = destroy,
    .digest = digest,
};

static quell_status check_weight(double weight)
{
    if (weight >= -1e6 && weight <= 1e6) return QUELL_OK;
    return quell_fail(QUELL_BAD_ARGUMENT, "guidance: weight is %g, must be from -10^6 to 10^6",
                      weight);
}

static quell_status check_points(const quell_guidance *guidance)
{
    double before = -1;
    if (guidance->points > 1000000 ||
        (guidance->points && (!guidance->times || !guidance->weights)))
        return quell_fail(QUELL_BAD_ARGUMENT,
                          "guidance: points must be up to 10^6, each with a time and a weight");
    for (size_t i = 0; i < guidance->points; before = guidance->times[i++]) {
        quell_status status = check_weight(guidance->weights[i]);
        if (status) return status;
        if (!(guidance->times[i] > before && guidance->times[i] >= 0 && guidance->times[i] <= 1))
            return quell_fail(QUELL_BAD_ARGUMENT,
                              "guidance: times[%zu] is %g, must rise and be from 0 to 1", i,
                              guidance->times[i]);
    }
    return QUELL_OK;
}

static quell_status check_arguments(const quell_denoiser *denoiser, const quell_denoiser *guide,
                                    const quell_guidance *guidance)
{
    if (!denoiser) return quell_fail(QUELL_BAD_ARGUMENT, "guidance: the denoiser is NULL");
    if (!guide && !denoiser->classes && !denoiser->conditions)
        return quell_fail(QUELL_BAD_ARGUMENT,
                          "guidance: the %s denoiser has no classes or conditions: give another as "
                          "guide",
                          denoiser->type->kind);
    if (guide && guide->dim != denoiser->dim)
        return quell_fail(QUELL_BAD_ARGUMENT, "guidance: the guide has %zu elements, must have %zu",
                          guide->dim, denoiser->dim);
    if (guide && guide->asks && guide->conditions)
        return quell_fail(QUELL_UNSUPPORTED, "guidance: the guide has conditions and is guided by "
                                             "itself: give the denoiser that it was made from");
    if (guide && guide->needs_class && guide->classes != denoiser->classes)
        return quell_fail(
            QUELL_BAD_ARGUMENT,
            "guidance: the guide knows no \"no class\", but would be told none: it has "
            "%zu classes, must have %zu",
            guide->classes, denoiser->classes);
    if (guide && guide->asks && guide->classes != denoiser->classes)
        return quell_fail(
            QUELL_BAD_ARGUMENT,
            "guidance: the guide is guided away from no class, but would be told none: "
            "it has %zu classes, must have %zu",
            guide->classes, denoiser->classes);
    if (denoiser->whole_batch || (guide && guide->whole_batch))
        return quell_fail(QUELL_UNSUPPORTED, "guidance: not of functions with whole_batch");
    if (!(0 <= guidance->low && guidance->low <= guidance->high && guidance->high <= 1))
        return quell_fail(QUELL_BAD_ARGUMENT,
                          "guidance: times %g to %g, must be 0 <= low <= high <= 1", guidance->low,
                          guidance->high);
    if (!guidance->points && (guidance->times || guidance->weights))
        return quell_fail(QUELL_BAD_ARGUMENT,
                          "guidance: times or weights are given, but points is 0");
    if (!(guidance->rescale >= 0 && guidance->rescale <= 1))
        return quell_fail(QUELL_BAD_ARGUMENT, "guidance: rescale is %g, must be from 0 to 1",
                          guidance->rescale);
    if (guidance->rescale > 0 && denoiser->dim == 1)
        return quell_fail(QUELL_BAD_ARGUMENT, "guidance: rescale has no meaning for samples of one "
                                              "element, which have no deviation");
    if (guidance->points && guidance->weight != quell_guidance_defaults().weight)
        return quell_fail(QUELL_BAD_ARGUMENT,
                          "guidance: weight is %g and weights are given, too; leave one out",
                          guidance->weight);
    return guidance->points ? check_points(guidance) : check_weight(guidance->weight);
}

/* Whether both give the same for the same input. Of functions of the host only a handle says so. */
static bool is_same(const quell_denoiser *denoiser, const quell_denoiser *guide)
{
    if (denoiser == guide) return true;
    if (denoiser->host || guide->host) return false;
    return quell_denoiser_digest(denoiser) == quell_denoiser_digest(guide);
}

/* Refuses what has no effect with the rest. A weight of 1 alone is taken, so that weights can be
 * compared from 1 on. */
static quell_status check_effects(const quell_denoiser *denoiser, const quell_denoiser *guide,
                                  const quell_guidance *guidance)
{
    bool bounded = guidance->low != 0 || guidance->high != 1,
         none = quell_guidance_is_none(guidance);
    if (none && (guide || bounded || guidance->rescale > 0))
        return quell_fail(
            QUELL_BAD_ARGUMENT,
            "guidance: %s no effect: the weight is 1%s, which is no guidance; leave %s "
            "out, or give another weight",
            guide     ? "the guide has"
            : bounded ? "low and high have"
                      : "rescale has",
            bounded ? " from low to high" : "", bounded && !guide ? "them" : "it");
    if (none && guidance->points)
        return quell_fail(QUELL_BAD_ARGUMENT, "guidance: the weights have no effect: all are 1, "
                                              "which is no guidance; leave it out");
    if (guide && is_same(denoiser, guide))
        return quell_fail(
            QUELL_BAD_ARGUMENT,
            "guidance: the guide is the %s denoiser itself, so that it has no effect; "
            "give another, or none to guide away from no class",
            denoiser->type->kind);
    return QUELL_OK;
}

/* Adds a hold, which the guided denoiser releases. */
static quell_denoiser *hold(const quell_denoiser *denoiser)
{
    if (denoiser) quell_denoiser_hold(denoiser);
    return (quell_denoiser *)(uintptr_t)denoiser;
}

/* Finds each condition that the guide takes among the denoiser's. */
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
    if (!status) status = check_arguments(denoiser, guide, &g);
    if (!status) status = check_effects(denoiser, guide, &g);
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
