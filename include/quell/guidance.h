/* SPDX-License-Identifier: MIT */
/* Guidance: it leads a denoiser away from what a guide gives. The guide is another denoiser, or the
 * same one for other classes and conditions. */
#ifndef QUELL_GUIDANCE_H
#define QUELL_GUIDANCE_H

#include <stddef.h>
#include <quell/denoiser.h>
#include <quell/status.h>

#ifdef __cplusplus
extern "C" {
#endif

/* How a denoiser is guided. Start from quell_guidance_defaults().
 *
 * weight: w, from -10^6 to 10^6; 1 is no guidance, and a greater w leads further away from the
 *   guide. With w = 1 a guide, `low` and `high` would have no effect, and are refused (2).
 * low, high: the denoiser is guided at times from low to high, 0 <= low <= high <= 1
 *   (Kynkaanniemi et al., 2404.07724); a sampler that evaluates at none of them is refused (0, 1).
 * points, times, weights: w as a function of the time, in place of `weight`, which must then be
 *   left at its default: weights[i] at times[i], i < points, linear in between, and constant before
 *   the first and after the last. The times rise within [0, 1]; points <= 10^6. Copied (0, NULL,
 *   NULL).
 * rescale: phi in [0, 1]: how far the standard deviation of mu (quell_denoiser_from_guidance) is
 *   kept, because great weights make contrasts too strong. The guided mean mu' becomes
 *   phi mu' s / s' + (1 - phi) mu', where s and s' are the standard deviations of mu and mu' over
 *   the elements of the sample (Lin et al., 2305.08891, eq. 15 and 16, where it is done to what the
 *   network returns). It is for samples of many elements, such as images: the s' of a few may be
 *   nearly 0, and s / s' anything. Those of one element have none, and are refused (0). */
typedef struct quell_guidance {
    size_t size;
    double weight;
    double low;
    double high;
    size_t points;
    const double *times;
    const double *weights;
    double rescale;
} quell_guidance;

/* Returns the defaults: a weight of 2 at all times. */
static inline quell_guidance quell_guidance_defaults(void)
{
    quell_guidance guidance;
    guidance.size = sizeof guidance;
    guidance.weight = 2;
    guidance.low = 0;
    guidance.high = 1;
    guidance.points = 0;
    guidance.times = NULL;
    guidance.weights = NULL;
    guidance.rescale = 0;
    return guidance;
}

/* Creates a denoiser that gives w mu + (1 - w) mu_guide, where mu = E[X | x_t] is what `denoiser`
 * gives for the classes and conditions of the run, and mu_guide is what the guide gives:
 *
 *   NULL             the denoiser itself for no class and no conditions, which it must have learned
 *                    (classifier-free guidance, Ho & Salimans, 2207.12598; their w is w - 1), or
 *                    for the negative classes and conditions of the run (quell_draw). A run with
 *                    none of these is refused: mu_guide would be mu
 *   a denoiser       another one of the same dim (autoguidance, Karras et al., 2406.02507). It is
 *                    told the classes of the run if it has as many as `denoiser`, and those of the
 *                    conditions that it takes; each of the two denoisers has its own values for
 *                    none. `denoiser` itself is refused: mu_guide would be mu
 *
 * The new denoiser holds both. Functions with whole_batch can be neither: QUELL_UNSUPPORTED. */
QUELL_API quell_status quell_denoiser_from_guidance(quell_denoiser **guided,
                                                    const quell_denoiser *denoiser,
                                                    const quell_denoiser *guide,
                                                    const quell_guidance *guidance);

#ifdef __cplusplus
}
#endif
#endif
