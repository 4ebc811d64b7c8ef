/* SPDX-License-Identifier: MIT */
/* Guidance, as a denoiser made of two: w mu + (1 - w) mu_guide. */
#include "denoisers/denoiser.h"
#include "base/fail.h"
#include "base/memory.h"
#include "base/sized.h"

#include <math.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

struct guided {
    quell_denoiser base;
    quell_denoiser *denoiser, *guide; /* guide: NULL for the denoiser without a class */
    quell_guidance guidance;
    double *points; /* holds guidance's times, then its weights */
};

static const struct guided *self(const quell_denoiser *denoiser)
{
    return (const struct guided *)denoiser;
}

static quell_status check_one(const quell_denoiser *denoiser, double alpha, double sigma)
{
    if (denoiser->type->needs_noise && !(sigma > 0))
        return quell_fail(QUELL_BAD_ARGUMENT, "guidance: the %s denoiser needs sigma > 0",
                          denoiser->type->kind);
    return denoiser->type->check ? denoiser->type->check(denoiser, alpha, sigma) : QUELL_OK;
}

static quell_status check(const quell_denoiser *denoiser, double alpha, double sigma)
{
    const struct guided *guided = self(denoiser);
    quell_status status = check_one(guided->denoiser, alpha, sigma);
    return status || !guided->guide ? status : check_one(guided->guide, alpha, sigma);
}

static size_t scratch_of(const quell_denoiser *denoiser, size_t rows)
{
    return denoiser->type->scratch_size ? denoiser->type->scratch_size(denoiser, rows) : 0;
}

static size_t output_size(const quell_denoiser *denoiser, size_t rows)
{
    return quell_round_up(rows * denoiser->dim * sizeof(float), QUELL_CACHE_LINE);
}

static size_t scratch_size(const quell_denoiser *denoiser, size_t rows)
{
    const struct guided *guided = self(denoiser);
    size_t first = scratch_of(guided->denoiser, rows);
    size_t second = guided->guide ? scratch_of(guided->guide, rows) : 0;
    return output_size(denoiser, rows) + (first > second ? first : second);
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

static double weight_at(const quell_guidance *guidance, double t)
{
    const double *times = guidance->times, *weights = guidance->weights;
    size_t low = 0, high = guidance->points; /* times[low - 1] < t <= times[high] */
    if (!guidance->points) return guidance->weight;
    while (low < high) {
        size_t middle = (low + high) / 2;
        if (times[middle] < t)
            low = middle + 1;
        else
            high = middle;
    }
    if (high == 0) return weights[0];
    if (high == guidance->points) return weights[high - 1];
    double along = (t - times[high - 1]) / (times[high] - times[high - 1]);
    return weights[high - 1] + along * (weights[high] - weights[high - 1]);
}

/* Whether it is guided at t. */
static bool acts(const quell_guidance *guidance, double t)
{
    return t >= guidance->low && t <= guidance->high && weight_at(guidance, t) != 1;
}

/* Whether it is guided at no time: a weight of 1 is none. Between two points that both say 1 it is
 * 1 throughout. */
static bool is_none(const quell_guidance *guidance)
{
    if (acts(guidance, guidance->low) || acts(guidance, guidance->high)) return false;
    for (size_t i = 0; i < guidance->points; i++)
        if (acts(guidance, guidance->times[i])) return false;
    return true;
}

static quell_status check_own_times(const quell_guidance *guidance, size_t count,
                                    const double *times, bool anywhere)
{
    bool meets = anywhere && guidance->low <= times[0] && guidance->high >= times[1];
    double nearest = times[0];
    for (size_t i = 0; i < count && !meets; i++) {
        meets = acts(guidance, times[i]);
        double off = fmax(guidance->low - times[i], times[i] - guidance->high);
        if (off < fmax(guidance->low - nearest, nearest - guidance->high)) nearest = times[i];
    }
    if (meets || is_none(guidance)) return QUELL_OK;
    return quell_fail(
        QUELL_BAD_ARGUMENT,
        "guidance: it has no effect: the sampler evaluates at no time from low, %g, to "
        "high, %g, with a weight other than 1; the nearest time is %g",
        guidance->low, guidance->high, nearest);
}

static quell_status check_times(const quell_denoiser *denoiser, size_t count, const double *times,
                                bool anywhere)
{
    const struct guided *guided = self(denoiser);
    const quell_denoiser *both[] = {guided->denoiser, guided->guide};
    quell_status status = check_own_times(&guided->guidance, count, times, anywhere);
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
    double weight = weight_at(guidance, at->t);
    float *other = at->scratch;
    part.scratch = (char *)at->scratch + output_size(denoiser, at->rows);
    int result = quell_denoiser_evaluate(guided->denoiser, &part);
    if (result || at->t < guidance->low || at->t > guidance->high || weight == 1) return result;
    const quell_denoiser *guide = guided->guide ? guided->guide : guided->denoiser;
    if (!guided->guide || guide->classes != denoiser->classes) part.labels = NULL;
    if (guided->guide)
        part.constants =
            (const char *)at->constants + quell_denoiser_constants_size(guided->denoiser);
    part.out = other;
    part.variance = NULL;
    result = quell_denoiser_evaluate(guide, &part);
    if (result) return result;
    /* mu + (1 - w) (mu_guide - mu): in this form the weights add up to 1 even after rounding. */
    const float weights[] = {-(float)(1 - weight), (float)(1 - weight)};
    const float *inputs[] = {at->out, other};
    at->kernels->update(at->out, at->rows * denoiser->dim, 2, weights, inputs);
    return 0;
}

static void destroy(quell_denoiser *denoiser)
{
    struct guided *guided = (struct guided *)denoiser;
    quell_denoiser_free(guided->denoiser);
    quell_denoiser_free(guided->guide);
    free(guided->points);
}

static void digest(const quell_denoiser *denoiser, struct quell_digest *sum)
{
    const struct guided *guided = self(denoiser);
    const quell_guidance *guidance = &guided->guidance;
    quell_digest_whole(sum, quell_denoiser_digest(guided->denoiser));
    quell_digest_whole(sum, quell_denoiser_digest(guided->guide)); /* 0: without a class */
    quell_digest_number(sum, guidance->low);
    quell_digest_number(sum, guidance->high);
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
    if (!guide && !denoiser->classes)
        return quell_fail(QUELL_BAD_ARGUMENT,
                          "guidance: the %s denoiser has no classes: give another as guide",
                          denoiser->type->kind);
    if (guide && guide->dim != denoiser->dim)
        return quell_fail(QUELL_BAD_ARGUMENT, "guidance: the guide has %zu elements, must have %zu",
                          guide->dim, denoiser->dim);
    if (guide && guide->asks_class && guide->classes != denoiser->classes)
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
    bool bounded = guidance->low != 0 || guidance->high != 1, none = is_none(guidance);
    if (none && (guide || bounded))
        return quell_fail(
            QUELL_BAD_ARGUMENT,
            "guidance: %s no effect: the weight is 1%s, which is no guidance; leave %s "
            "out, or give another weight",
            guide ? "the guide has" : "low and high have", bounded ? " from low to high" : "",
            guide ? "it" : "them");
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
    made->base.mean_alone = denoiser->mean_alone || (guide && guide->mean_alone);
    made->base.classes = denoiser->classes;
    made->base.asks_class = denoiser->asks_class || (guide ? guide->asks_class : !is_none(&g));
    made->base.rows = denoiser->rows;
    made->base.learned_variance = denoiser->learned_variance;
    status = copy_points(made);
    if (status)
        quell_denoiser_free(&made->base);
    else
        *guided = &made->base;
    return status;
}
