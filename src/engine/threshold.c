/* SPDX-License-Identifier: MIT */
/* Dynamic thresholding (Saharia et al., 2205.11487, section 2.3): each sample's E[X | x_t] is
 * clipped to [-s, s] and divided by s, where s is a high quantile of its |elements|, but at least 1
 * (and at most `most`). Strong guidance drives elements out of [-1, 1]; this brings them back and
 * leaves no flat, saturated areas as clipping to [-1, 1] does.
 *
 * The quantile is exact, by radix selection: the bits of a float >= 0, read as a number, are in the
 * float's order. Four counts of one byte each find the element of a rank, the highest byte first.
 * That takes linear time whatever the values are, and no memory. */
#include "threshold.h"

#include <math.h>
#include <string.h>

/* Returns the bits of |x|, as a number. */
static uint32_t magnitude(float x)
{
    uint32_t bits;
    memcpy(&bits, &x, sizeof bits);
    return bits & 0x7fffffff;
}

static double value(uint32_t bits)
{
    float x;
    memcpy(&x, &bits, sizeof x);
    return (double)x;
}

/* An order statistic, and how many other elements are equal to it. */
struct found {
    uint32_t bits;
    size_t more;
};

static struct found find_rank(const float *x, size_t count, size_t rank)
{
    uint32_t prefix = 0, mask = 0;
    size_t bins[256];
    for (int shift = 24;; shift -= 8) {
        uint32_t digit = 0;
        memset(bins, 0, sizeof bins);
        for (size_t i = 0; i < count; i++) {
            uint32_t bits = magnitude(x[i]);
            if ((bits & mask) == prefix) bins[bits >> shift & 255]++;
        }
        while (rank >= bins[digit]) rank -= bins[digit++];
        prefix |= digit << shift;
        mask |= UINT32_C(255) << shift;
        if (!shift) return (struct found){prefix, bins[digit] - 1 - rank};
    }
}

/* Returns the least element greater than the one with these bits; there must be one. */
static uint32_t least_above(const float *x, size_t count, uint32_t bits)
{
    uint32_t least = UINT32_MAX;
    for (size_t i = 0; i < count; i++) {
        uint32_t other = magnitude(x[i]);
        if (other > bits && other < least) least = other;
    }
    return least;
}

double quell_quantile(const float *x, size_t count, double quantile)
{
    double place = quantile * (double)(count - 1), rank = floor(place);
    struct found below = find_rank(x, count, (size_t)rank);
    if (place == rank || below.more) return value(below.bits);
    double low = value(below.bits), high = value(least_above(x, count, below.bits));
    return low + (place - rank) * (high - low);
}

void quell_threshold_rows(const struct quell_threshold *threshold,
                          const struct quell_kernels *kernels, size_t rows, size_t dim, float *x)
{
    for (size_t row = 0; row < rows; row++, x += dim) {
        double quantile = quell_quantile(x, dim, threshold->quantile);
        float s = (float)(quantile > threshold->most ? threshold->most : quantile);
        if (!(s > 1)) s = 1;
        kernels->clamp(x, dim, -s, s);
        for (size_t i = 0; s > 1 && i < dim; i++) x[i] /= s;
    }
}
