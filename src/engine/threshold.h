/* SPDX-License-Identifier: MIT */
/* Dynamic thresholding of a denoiser's output. */
#ifndef QUELL_ENGINE_THRESHOLD_H
#define QUELL_ENGINE_THRESHOLD_H

#include <stddef.h>
#include "simd/kernels.h"

/* Thresholding by the given quantile of a sample's |x|, in (0, 1]; 0 means none. `most` >= 1 is the
 * upper bound on s. */
struct quell_threshold {
    double quantile, most;
};

/* Returns the quantile of |x[0..count)|, count >= 1, with linear interpolation between order
 * statistics. A NaN counts as larger than infinity. */
double quell_quantile(const float *x, size_t count, double quantile);

/* Thresholds each row of x[rows][dim] by its own quantile. */
void quell_threshold_rows(const struct quell_threshold *threshold,
                          const struct quell_kernels *kernels, size_t rows, size_t dim, float *x);

#endif
