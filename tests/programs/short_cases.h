/* SPDX-License-Identifier: MIT */
/* What the tests of kinds with short numbers share (test_quantised.c, test_bfloat16.c): random
 * linear maps, convolutions and attentions, some of them with infinities and NaNs. Each test
 * computes the right results by loops of its own. */
#ifndef QUELL_TESTS_SHORT_CASES_H
#define QUELL_TESTS_SHORT_CASES_H

#include "arrays.h"

#define MOST_KEYS 1200

/* The kinds that have this end of their names, and how their operands are made: x, and weights; a
 * scale follows if they are scaled, and a bias is the last. */
struct short_kinds {
    const char *end;
    bool scaled;
    struct array (*elements)(struct chance *chance, size_t rank, const size_t *size);
    struct array (*weights)(struct chance *chance, size_t rank, const size_t *size);
};

/* Elements of some size, of which a few are large. */
struct array short_elements(struct chance *chance, size_t rank, const size_t *size);

/* x[.., in] and w[out][in]. The twin writes the result for the operands a[], of which `bias` is
 * NULL or has an element for each output. */
typedef void short_linear_twin(const struct array *a, const double *bias, struct array *y);
void check_short_linear(const struct short_kinds *kinds, short_linear_twin *twin);

/* A convolution's attributes, for each dimension. */
struct window {
    long stride[3], before[3], after[3], dilation[3];
};

/* The place in x that the tap w[o][c][tap...] reads for the output at a position; `from` has the
 * channel already. Returns whether it is inside. */
bool window_place(const struct window *window, const struct array *x, const long *at,
                  const long *tap, long *from);

typedef void short_conv_twin(const struct window *window, const struct array *a, const double *bias,
                             struct array *y);
void check_short_conv(const struct short_kinds *kinds, short_conv_twin *twin);

/* The sizes of an attention; groups: heads of q for each of k. mask: 0, or as 'add' or 'keep'. */
struct attention {
    size_t heads, groups, m, n, d, e;
    int mask;
    bool causal;
    float scale;
};

/* The rows of a head for a query, a key, or the first value. */
const double *attention_query(const struct attention *is, const struct array *a, size_t head,
                              size_t i);
const double *attention_key(const struct attention *is, const struct array *a, size_t head,
                            size_t j);

/* Scores e[n] of query i, before the mask, become its weights before they are divided by their sum.
 * Returns false if all are masked. */
bool attention_weights(const struct attention *is, const struct array *a, size_t i, float *e);

/* The twin writes the result y[e] of a query. */
typedef void short_attention_twin(const struct attention *is, const struct array *a, size_t head,
                                  size_t i, double *y);
void check_short_attention(const struct short_kinds *kinds, short_attention_twin *twin);

#endif
