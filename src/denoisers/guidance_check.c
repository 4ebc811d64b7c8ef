/* SPDX-License-Identifier: MIT */
/* Refuses guidance that is not possible or has no effect. */
#include "denoisers/guidance_mean.h"
#include "base/fail.h"
#include "base/number.h"

static quell_status check_weight(double weight)
{
    if (weight >= -1e6 && weight <= 1e6) return QUELL_OK;
    return quell_fail(QUELL_BAD_ARGUMENT, "guidance: weight is %s, must be from -10^6 to 10^6",
                      QUELL_SAID(weight));
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
                              "guidance: times[%zu] is %s, must rise and be from 0 to 1", i,
                              QUELL_SAID(guidance->times[i]));
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
            "guidance: the guide cannot do without a class, and would be given none: it has "
            "%zu classes, must have %zu",
            guide->classes, denoiser->classes);
    if (guide && guide->asks && guide->classes != denoiser->classes)
        return quell_fail(
            QUELL_BAD_ARGUMENT,
            "guidance: the guide is guided away from no class itself, and would be given none: "
            "it has %zu classes, must have %zu",
            guide->classes, denoiser->classes);
    if (denoiser->whole_batch || (guide && guide->whole_batch))
        return quell_fail(QUELL_UNSUPPORTED,
                          "guidance: a function with whole_batch cannot be guided, nor be a guide: "
                          "set whole_batch to 0, or guide inside the function");
    if (!(0 <= guidance->low && guidance->low <= guidance->high && guidance->high <= 1))
        return quell_fail(QUELL_BAD_ARGUMENT,
                          "guidance: low is %s and high is %s, must be 0 <= low <= high <= 1",
                          QUELL_SAID(guidance->low), QUELL_SAID(guidance->high));
    if (!guidance->points && (guidance->times || guidance->weights))
        return quell_fail(QUELL_BAD_ARGUMENT,
                          "guidance: times or weights are given, but points is 0");
    if (!(guidance->rescale >= 0 && guidance->rescale <= 1))
        return quell_fail(QUELL_BAD_ARGUMENT, "guidance: rescale is %s, must be from 0 to 1",
                          QUELL_SAID(guidance->rescale));
    if (guidance->rescale > 0 && denoiser->dim == 1)
        return quell_fail(QUELL_BAD_ARGUMENT, "guidance: rescale has no meaning for samples of one "
                                              "element, which have no deviation");
    if (guidance->points && guidance->weight != quell_guidance_defaults().weight)
        return quell_fail(QUELL_BAD_ARGUMENT,
                          "guidance: weight is %s and weights are given, too; leave one out",
                          QUELL_SAID(guidance->weight));
    return guidance->points ? check_points(guidance) : check_weight(guidance->weight);
}

/* Returns whether both denoisers have the same output for the same input. Two functions of the host
 * are only known to be the same if their handle is. */
static bool is_same(const quell_denoiser *denoiser, const quell_denoiser *guide)
{
    if (denoiser == guide) return true;
    if (denoiser->host || guide->host) return false;
    return quell_denoiser_digest(denoiser) == quell_denoiser_digest(guide);
}

/* Refuses options that have no effect together with the others. A weight of 1 with no other option
 * is accepted, so that a series of weights can begin at 1. */
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

quell_status quell_guidance_check(const quell_denoiser *denoiser, const quell_denoiser *guide,
                                  const quell_guidance *guidance)
{
    quell_status status = check_arguments(denoiser, guide, guidance);
    return status ? status : check_effects(denoiser, guide, guidance);
}
