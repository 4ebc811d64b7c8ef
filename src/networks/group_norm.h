/* SPDX-License-Identifier: MIT */
/* torch.nn.GroupNorm on maps with the channels last, with a scale and a shift of each channel. */
#ifndef QUELL_NETWORKS_GROUP_NORM_H
#define QUELL_NETWORKS_GROUP_NORM_H

#include "simd/kernels.h"

/* One map: out = (x - m) / sqrt(v + epsilon) scale + shift, m and v the mean and the variance of
 * the positions and channels of a group; groups divides channels. x and out: [positions][row],
 * and may be the same. scratch: of quell_group_norm_floats(). */
struct quell_group_norm {
    size_t positions, channels, row, groups;
    const float *x, *scale, *shift;
    float *out, *scratch;
    float epsilon;
};

size_t quell_group_norm_floats(size_t channels);
void quell_group_norm_apply(const struct quell_group_norm *norm,
                            const struct quell_kernels *kernels);

#endif
