/* SPDX-License-Identifier: MIT */
/* The kernels: one table of functions per instruction set, all with the same bits.
 *
 * They are written once, in simd/kernels/, over the verbs of a vec_*.h header, and compiled once
 * per instruction set into a table. No kernel allocates, fails, or reads beyond what it is given;
 * pointers need no alignment beyond a float's. `count == 0` is allowed everywhere. */
#ifndef QUELL_SIMD_KERNELS_H
#define QUELL_SIMD_KERNELS_H

#include <stddef.h>
#include <stdint.h>

/* Widths that the layout of data may rely on, for every instruction set: every vector length
 * divides QUELL_LANES, and a panel of the matrix product has QUELL_PANEL columns. */
#define QUELL_LANES 16
#define QUELL_PANEL 32
#define QUELL_MAX_INPUTS 8

/* A sequence of noise: blocks of four elements, counted from (sample, block) on, row by row, with
 * `blocks` blocks in a sample (0: 2^32); block < blocks. */
struct quell_noise_at {
    uint64_t seed;
    uint64_t sample;
    uint32_t stream;
    uint32_t block;
    uint32_t blocks;
};

/* The noise of rows that have a seed and an index each: blocks of four elements, from the first one
 * of row 0 on, row by row, with `blocks` blocks in a row. The seed of a row is seeds[row] ^ key, or
 * `key` if `seeds` is NULL. */
struct quell_noise_rows {
    const uint64_t *seeds;
    const uint64_t *samples;
    uint64_t key;
    uint32_t stream;
    uint32_t blocks;
};

/* C[m][n] (+)= A[m][k] B[k][n]. A(i, p) = a[i * a_row + p * a_col]. B comes in panels of
 * QUELL_PANEL columns: B(p, j) = b[(j / QUELL_PANEL) * b_panel + p * b_row + j % QUELL_PANEL].
 * C(i, j) = c[i * c_row + j]. Rows of B and C must be readable and writable up to n rounded up to
 * QUELL_LANES. Every output is one chain of fused multiply-adds along p = 0, 1, ..., from C's old
 * value if `accumulate`, else from 0. */
struct quell_product {
    size_t m, n, k;
    const float *a;
    size_t a_row, a_col;
    const float *b;
    size_t b_row, b_panel;
    float *c;
    size_t c_row;
    int accumulate;
};

/* A mixture's posterior mean for rows of x[rows][dim]; denoisers/mixture.c computes the parameters.
 * Component k has the means m_k[dim], logit_k = constant[k] - sum_d rate (x_d - alpha m_kd)^2, and
 * mean_k = m_k + gain (x - alpha m_k). rate and gain have one entry per component, or one per
 * component and element if `diagonal`. If `near`, 1 / alpha is subtracted from gain, and x / alpha
 * is added in the end, unless `apart`. less is 1 / alpha - 1. scratch has
 * QUELL_LANES * (2 * dim + components) floats. */
struct quell_mixture {
    size_t rows, dim, components;
    int diagonal, near, apart;
    float alpha, less;
    const float *means, *constant, *rate, *gain;
    const float *x;
    float *out;
    float *scratch;
};

/* One block of the empirical denoiser's online softmax, QUELL_PANEL samples side by side.
 * score[points][QUELL_PANEL] holds the logits, which are replaced by the weights
 * exp(logit - maximum). maximum[QUELL_PANEL] and total[QUELL_PANEL] are updated, and
 * rescale[QUELL_PANEL] gets the factor by which earlier sums must be multiplied. */
struct quell_softmax {
    size_t points;
    float *score;
    float *maximum, *total, *rescale;
};

/* A rectangle of finished results of Dots (quell_dots). `total` has the totals of its rows, which
 * are `stride` apart. They may be overwritten, up to the next multiple of QUELL_LANES columns. */
struct quell_dots_done {
    size_t row, rows, column, columns;
    float *total;
    size_t stride;
};

/* Dots of a program: of row i of A[m][k] and column j of B[k][n], in blocks of `block` products.
 *
 *     A(i, p) = a[r(i) + l(p)],   r(i) = row[i], or i * a_row if `row` is NULL
 *     B(p, j) = b[(j / QUELL_PANEL) * b_panel + q(p) + j % QUELL_PANEL]
 *
 * With `left`, l(p) = left[p] and q(p) = p * QUELL_PANEL; else l(p) = p and q(p) = right[p]. Rows
 * of B must be readable up to n rounded up to QUELL_LANES. With `left`, B may be narrow: bfloat16
 * numbers, two in a word, in whole panels; b_panel still counts numbers then, and
 *
 *     B(p, j) = a half of narrow[(j / QUELL_PANEL) * (b_panel / 2) + q(p) / 2 + j % QUELL_LANES],
 *
 * the lower half if j % QUELL_PANEL < QUELL_LANES. */
#define QUELL_LONG_DOTS ((size_t)1 << 24)
#define QUELL_MOST_ADDENDS 4
struct quell_addend {
    const float *at;
    size_t row;
};
struct quell_dots {
    size_t m, n, k, block;
    const float *a;
    const size_t *row;
    size_t a_row;
    const float *b;
    const uint32_t *narrow; /* in place of b */
    size_t b_panel;
    const size_t *left, *right;
    /* `plain`: left[p] = p, and `row` is NULL. `settled`: the first addend is the same for all rows
     * and has no -0, so that it can be added to +0 or -0 with the same result. */
    int plain, settled;
    size_t addends;
    /* Addend after addend is added to result (i, j): at[i * row + j], which must be readable up to
     * n rounded up to QUELL_LANES. If an addend's `row` is 0, it is the same for all rows. */
    struct quell_addend addend[QUELL_MOST_ADDENDS];
    int turned; /* the rows of the rectangles for `finish` are the columns j */
    /* If it is not NULL, result (i, j) goes to out[i * out_row + j], and not to `finish`. Row i is
     * overwritten up to n rounded up to QUELL_LANES. */
    float *out;
    size_t out_row;
    /* Called for each rectangle of results. */
    void (*finish)(void *user, const struct quell_dots_done *done);
    void *user;
    /* If it is not NULL, over(asked) is called after about QUELL_LONG_DOTS multiply-adds each. If
     * it returns 1, the other results are not computed. */
    int (*over)(const void *asked);
    const void *asked;
};

/* The functions of programs for which there are kernels on rectangles. */
enum quell_map_function {
    QUELL_MAP_ABS,
    QUELL_MAP_ADD,
    QUELL_MAP_CLAMP,
    QUELL_MAP_DIV,
    QUELL_MAP_ELU,
    QUELL_MAP_EXP,
    QUELL_MAP_EXPM1,
    QUELL_MAP_FMA,
    QUELL_MAP_GELU,
    QUELL_MAP_GELU_TANH,
    QUELL_MAP_GT,
    QUELL_MAP_LEAKY_RELU,
    QUELL_MAP_LT,
    QUELL_MAP_MAX,
    QUELL_MAP_MIN,
    QUELL_MAP_MISH,
    QUELL_MAP_MUL,
    QUELL_MAP_NEG,
    QUELL_MAP_RECIPROCAL,
    QUELL_MAP_RELU,
    QUELL_MAP_RELU2,
    QUELL_MAP_RSQRT,
    QUELL_MAP_SELU,
    QUELL_MAP_SIGMOID,
    QUELL_MAP_SILU,
    QUELL_MAP_SOFTPLUS,
    QUELL_MAP_SQRT,
    QUELL_MAP_SQUARE,
    QUELL_MAP_SUB,
    QUELL_MAP_TANH,
    QUELL_MAP_WHERE,
    QUELL_MAP_FUNCTIONS
};

/* Computes out(i, j) = f(in[0](i, j), ...) on rows x columns, where
 *
 *     in[k](i, j) = in[k][i * row[k] + j * column[k]],   column[k] = 1 or 0.
 *
 * out may be an operand with the same layout. */
struct quell_map {
    size_t rows, columns;
    float *out;
    size_t out_row;
    const float *in[3];
    size_t row[3], column[3];
};

/* Sets out[s] to the Sum of the elements of set s, or to the Squares of their differences from
 * mean[s] (0 if `mean` is NULL). A set has at most 1024 elements. For sum_rows the elements of a
 * set are consecutive, and the sets are `step` apart; for sum_columns the sets are consecutive, and
 * the elements are `step` apart. */
struct quell_sums {
    size_t sets, count, step;
    const float *x;
    int squares;
    const float *mean;
    float *out;
};

/* Computes out = (x - mean) factor, then times scale, or fma(., scale, shift), on rows x columns.
 * `mean`, `shift` and, without `shift`, `scale` may be left out: `at` is NULL then. */
struct quell_standard {
    size_t rows, columns;
    const float *x;
    size_t x_row;
    float *out;
    size_t out_row;
    struct quell_standard_operand {
        const float *at;
        size_t row, column;
    } mean, factor, scale, shift;
};

/* Computes out[i] = fma(other, b[i], one a[i]), with the product rounded, for i < count. If `each`
 * is set, `one` and `other` are arrays, and a[from[i]] and b[next[i]] replace a[i] and b[i]. */
struct quell_blend {
    size_t count;
    int each;
    const float *a, *b, *one, *other;
    const uint32_t *from, *next;
    float *out;
};

/* Computes out(i, j) = the chain of fused multiply-adds over taps of x[i * x_row + j + offset[t]]
 * weight[t], from +0. */
struct quell_windows {
    size_t rows, columns, taps;
    const float *x;
    size_t x_row;
    const size_t *offset;
    const float *weight;
    float *out;
    size_t out_row;
};

/* The points of Winograd's algorithm (docs/programs.md, conv): `pairs` pairs of points a and -a,
 * and 0 and infinity. power[j][i] is a_i to the power of j. `all` and other[i] are the coefficients
 * of the product of z - a^2 over all pairs, and over all except pair i, without the leading
 * coefficient 1. */
#define QUELL_MOST_PAIRS 3
struct quell_winograd_points {
    size_t pairs;
    float power[2 * QUELL_MOST_PAIRS][QUELL_MOST_PAIRS];
    float all[QUELL_MOST_PAIRS], other[QUELL_MOST_PAIRS][QUELL_MOST_PAIRS - 1];
};

/* Transforms the elements of x that some tiles in a row read. `channels` is a multiple of
 * QUELL_LANES; channels are consecutive in x and out. `line` and `position` are the distances in x,
 * and `frequency` and `tile` those in out. */
struct quell_split {
    const struct quell_winograd_points *points;
    size_t tiles, channels;
    const float *x;
    size_t line, position;
    float *out;
    size_t frequency, tile;
};

/* Transforms products back, and adds bias[channels], unless it is NULL. x has the layout of
 * quell_split's `out`. out has positions, of which `lines` lines of a tile and `width` columns of
 * all tiles are written. */
struct quell_join {
    const struct quell_winograd_points *points;
    size_t tiles, channels;
    const float *x;
    size_t frequency, tile;
    const float *bias;
    float *out;
    size_t lines, width, line, position;
};

struct quell_kernels {
    const char *isa;
    size_t lanes;

    /* Writes words[4 * count]: the Philox words w0..w3 of blocks at.block, at.block + 1, ... */
    void (*philox)(const struct quell_noise_at *at, size_t count, uint32_t *words);

    /* Write out[4 * count], the four normal numbers of each block, and out[2 * count], the first
     * two of each. */
    void (*normals)(const struct quell_noise_at *at, size_t count, float *out);
    void (*normal_pairs)(const struct quell_noise_at *at, size_t count, float *out);

    /* Do the same for `count` blocks of rows. */
    void (*rows_normals)(const struct quell_noise_rows *at, size_t count, float *out);
    void (*rows_normal_pairs)(const struct quell_noise_rows *at, size_t count, float *out);

    /* Computes out = c[0] in[0] + c[1] in[1] + ..., rounded product first, then fused multiply-adds
     * in that order; 1 <= inputs <= QUELL_MAX_INPUTS; out may be any of in. Returns 0 if all
     * results are finite, else 1. */
    int (*combine)(float *out, size_t count, size_t inputs, const float *c, const float *const *in);

    /* Computes out = in[0] + (c[0] in[0] + c[1] in[1] + ...): the sum as in `combine`, then one
     * addition. Returns the same. */
    int (*update)(float *out, size_t count, size_t inputs, const float *c, const float *const *in);

    /* Computes out += exp(a + b v) z, with the exponent at most 88. Returns 0 if all results are
     * finite. */
    int (*spread)(float *out, size_t count, float a, float b, const float *v, const float *z);

    /* Computes x = min(max(x, low), high). A NaN stays NaN. */
    void (*clamp)(float *x, size_t count, float low, float high);

    /* Computes out = scale x + shift, with arrays of `count` elements. out may be x. */
    void (*affine)(float *out, const float *x, size_t count, const float *scale,
                   const float *shift);

    /* Computes out = mean + gain (x - alpha mean). `mean` has `count` elements. */
    void (*gaussian)(float *out, const float *x, size_t count, const float *mean, float alpha,
                     float gain);

    /* Does the same with one variance per element: gain = alpha v / (alpha^2 v + sigma^2). If
     * `apart` is set, subtracts x / alpha from the result. */
    void (*gaussian_diagonal)(float *out, const float *x, size_t count, const float *mean,
                              const float *variance, double alpha, double sigma, int apart);

    /* Computes out[i] = exp(x[i]) for x in [-inf, 88], which is 0 below -87.3. For tests. */
    void (*exponential)(float *out, const float *x, size_t count);

    void (*product)(const struct quell_product *product);
    void (*mixture)(const struct quell_mixture *mixture);
    void (*softmax)(const struct quell_softmax *softmax);

    /* The kernels of programs (docs/programs.md). */
    void (*dots)(const struct quell_dots *dots);
    void (*windows)(const struct quell_windows *windows);
    void (*split)(const struct quell_split *split);
    void (*join)(const struct quell_join *join);

    /* Transposes: to[j * to_row + i] = from[i * from_row + j] for rows i and columns j. */
    void (*turn)(const float *from, size_t rows, size_t from_row, size_t columns, float *to,
                 size_t to_row);

    /* Compute to[i] = x[i * step], and to[i * factor + k] = x[i] for k < factor, for i < count. */
    void (*every)(size_t count, const float *x, size_t step, float *to);
    void (*stretch)(size_t count, const float *x, size_t factor, float *to);
    void (*blend)(const struct quell_blend *blend);

    void (*map[QUELL_MAP_FUNCTIONS])(const struct quell_map *map);
    void (*sum_rows)(const struct quell_sums *sums);
    void (*sum_columns)(const struct quell_sums *sums);
    void (*standardise)(const struct quell_standard *standard);

    /* Replaces each row of x[rows][stride] by E(x - its greatest element), over `count` elements,
     * and sets total[row] to their Sum, or to 1 if count > 1024. A row of only -infinity stays
     * unchanged, with total 0. */
    void (*weigh_rows)(float *x, size_t rows, size_t stride, size_t count, float *total);
};

/* Returns the i-th table of this build, narrowest first, or NULL past the end. Some may not run on
 * this machine. */
const struct quell_kernels *quell_kernels_at(size_t i);

/* Returns 1 if the machine and its operating system can run the table. */
int quell_kernels_available(const struct quell_kernels *kernels);

/* Returns the widest table that the machine can run. */
const struct quell_kernels *quell_kernels_widest(void);

#endif
