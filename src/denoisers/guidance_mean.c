/* SPDX-License-Identifier: MIT */
#include "denoisers/guidance_mean.h"
#include "base/fail.h"
#include "base/number.h"

#include <math.h>

double quell_guidance_weight(const quell_guidance *guidance, double t)
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

bool quell_guidance_acts(const quell_guidance *guidance, double t)
{
    return t >= guidance->low && t <= guidance->high && quell_guidance_weight(guidance, t) != 1;
}

bool quell_guidance_is_none(const quell_guidance *guidance)
{
    if (quell_guidance_acts(guidance, guidance->low) ||
        quell_guidance_acts(guidance, guidance->high))
        return false;
    for (size_t i = 0; i < guidance->points; i++)
        if (quell_guidance_acts(guidance, guidance->times[i])) return false;
    return true;
}

quell_status quell_guidance_check_times(const quell_guidance *guidance, size_t count,
                                        const double *times, bool anywhere)
{
    bool meets = anywhere && guidance->low <= times[0] && guidance->high >= times[1];
    double nearest = times[0];
    for (size_t i = 0; i < count && !meets; i++) {
        meets = quell_guidance_acts(guidance, times[i]);
        double off = fmax(guidance->low - times[i], times[i] - guidance->high);
        if (off < fmax(guidance->low - nearest, nearest - guidance->high)) nearest = times[i];
    }
    if (meets || quell_guidance_is_none(guidance)) return QUELL_OK;
    return quell_fail(
        QUELL_BAD_ARGUMENT,
        "guidance: it has no effect: the sampler evaluates at no time from low, %s, to "
        "high, %s, with a weight other than 1; the nearest time is %s",
        QUELL_SAID(guidance->low), QUELL_SAID(guidance->high), QUELL_SAID(nearest));
}

/* Computes mu + (1 - w) (mu_guide - mu): in this form the weights add up to 1 even after
 * rounding. */
static void combine(const struct quell_kernels *kernels, size_t count, double weight,
                    const float *other, float *out)
{
    const float weights[] = {-(float)(1 - weight), (float)(1 - weight)};
    const float *inputs[] = {out, other};
    kernels->update(out, count, 2, weights, inputs);
}

/* Returns the standard deviation of a row, with sums in double in the order of the elements. */
static double deviation(const float *row, size_t count)
{
    double sum = 0, squares = 0;
    for (size_t i = 0; i < count; i++) sum += (double)row[i];
    double mean = sum / (double)count;
    for (size_t i = 0; i < count; i++)
        squares = fma((double)row[i] - mean, (double)row[i] - mean, squares);
    return sqrt(squares / (double)count);
}

/* Applies guidance to a row and multiplies it by phi s / s' + 1 - phi. */
static void combine_row(const struct quell_kernels *kernels, size_t dim, double weight, double phi,
                        const float *other, float *row)
{
    double before = deviation(row, dim);
    combine(kernels, dim, weight, other, row);
    double after = deviation(row, dim);
    float factor = (float)(after > 0 ? phi * (before / after) + (1 - phi) : 1);
    const float *in = row;
    kernels->combine(row, dim, 1, &factor, &in);
}

void quell_guidance_combine(const struct quell_evaluation *at, size_t dim, double weight,
                            double phi, const float *other)
{
    if (phi == 0) {
        combine(at->kernels, at->rows * dim, weight, other, at->out);
        return;
    }
    for (size_t row = 0; row < at->rows; row++)
        combine_row(at->kernels, dim, weight, phi, other + row * dim, at->out + row * dim);
}
