/* SPDX-License-Identifier: MIT */
/* Self-attention with many heads (azula.nn.attention.MultiheadSelfAttention, 0.11.1) between its
 * projections: from a token's (q, k, v), each [heads][width], to softmax(q k^T / sqrt(width)) v.
 *
 * No matrix of tokens x tokens is kept: scores of a few queries at a time stay in cache. */
#ifndef QUELL_NETWORKS_ATTENTION_H
#define QUELL_NETWORKS_ATTENTION_H

#include <stdbool.h>
#include "simd/kernels.h"

/* norm: q and k are divided by their root mean square (epsilon 1e-5). turn: NULL, or rotary
 * positions, (cos, sin) for each token and each pair of elements, [tokens][heads width / 2][2]:
 * element 2j is the real part, 2j + 1 the imaginary one. */
struct quell_attention {
    size_t tokens, heads, width;
    bool norm;
    const float *turn;
};

size_t quell_attention_floats(const struct quell_attention *attention);

/* One sample: qkv[tokens][qkv_row], which is changed, to out[tokens][out_row]. Rows of both may be
 * read and written up to QUELL_LANES beyond what they hold. */
void quell_attention_apply(const struct quell_attention *attention,
                           const struct quell_kernels *kernels, float *qkv, size_t qkv_row,
                           float *out, size_t out_row, float *scratch);

#endif
