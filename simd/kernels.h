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

/* Widths on which the layout of data may rely, whatever the instruction set: every vector length
 * divides QUELL_LANES, and a panel of the matrix product has QUELL_PANEL columns. */
#define QUELL_LANES 16
#define QUELL_PANEL 32
#define QUELL_MAX_INPUTS 8

/* Which noise is drawn: blocks of four elements, counted from (sample, block) on, row by row,
 * `blocks` of them to a sample (0: 2^32); block < blocks. */
struct quell_noise_at {
    uint64_t seed;
    uint64_t sample;
    uint32_t stream;
    uint32_t block;
    uint32_t blocks;
};

/* The noise of rows of which each has a seed and an index of its own: blocks of four elements, from
 * the first of row 0 on, row by row, `blocks` of them to a row, with the seed seeds[row] ^ key; key
 * alone if seeds is NULL. */
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

/* A mixture's posterior mean for rows of x[rows][dim] (denoisers/mixture.c works out the
 * parameters). Component k: means m_k[dim]; logit_k = constant[k] - sum_d rate (x_d - alpha
 * m_kd)^2; mean_k = m_k + gain (x - alpha m_k). rate and gain have one entry per component, or one
 * per component and element if `diagonal`. If `near`, gain is less by 1 / alpha, and x / alpha is
 * added in the end, unless `apart`; less: 1 / alpha - 1. scratch: QUELL_LANES * (2 * dim +
 * components) floats. */
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
 * score[points][QUELL_PANEL] holds the logits, which are replaced by the weights exp(logit -
 * maximum). maximum[QUELL_PANEL] and total[QUELL_PANEL] are updated, and rescale[QUELL_PANEL] gets
 * the factor by which earlier sums must be multiplied. */
struct quell_softmax {
    size_t points;
    float *score;
    float *maximum, *total, *rescale;
};

/* A rectangle of the results of Dots that are done (quell_dots). total: the totals of its rows,
 * which are `stride` apart; they may be overwritten, up to the next multiple of QUELL_LANES columns
 * too. */
struct quell_dots_done {
    size_t row, rows, column, columns;
    float *total;
    size_t stride;
};

/* Dots of a program: of row i of A[m][k] and column j of B[k][n], in blocks of `block` products.
 *
 *     A(i, p) = a[r(i) + l(p)],   r(i) = row[i], or i * a_row without `row`
 *     B(p, j) = b[(j / QUELL_PANEL) * b_panel + q(p) + j % QUELL_PANEL]
 *
 * With `left`, l(p) = left[p] and q(p) = p * QUELL_PANEL; else l(p) = p and q(p) = right[p]. Rows
 * of B must be readable up to n rounded up to QUELL_LANES. With `left`, B may be narrow: bfloat16
 * numbers, two to a word, in whole panels; b_panel is then still counted in numbers, and
 *
 *     B(p, j) = a half of narrow[(j / QUELL_PANEL) * (b_panel / 2) + q(p) / 2 + j % QUELL_LANES],
 *
 * the lower one if j % QUELL_PANEL < QUELL_LANES. addend: what is added to result (i, j), one after
 * the other: at[i * row + j], which must be readable likewise; row 0: the same for all rows.
 * settled: the first addend is the same for all rows and has no -0, so that it does not matter
 * whether what it is added to is +0 or -0. plain: left[p] = p, and without `row`.
 * finish: is called for each rectangle of results; if `turned`, the rows of the rectangles are the
 * columns j. out: if given, result (i, j) becomes out[i * out_row + j] instead, and what follows
 * row i up to n rounded up to QUELL_LANES is overwritten.
 * over: unless it is NULL, over(asked) is called each time that some QUELL_LONG_DOTS multiply-adds
 * are done; if it returns 1, no more are, and the other results are not set. */
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
    int plain, settled;
    size_t addends;
    struct quell_addend addend[QUELL_MOST_ADDENDS];
    int turned;
    float *out;
    size_t out_row;
    void (*finish)(void *user, const struct quell_dots_done *done);
    void *user;
    int (*over)(const void *asked);
    const void *asked;
};

/* The functions of programs that the kernels have on rectangles. */
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

/* out(i, j) = f(in[0](i, j), ...) on rows x columns. in[k](i, j) = in[k][i * row[k] + j *
 * column[k]], where column[k] is 1 or 0. out may be an operand of the same place. */
struct quell_map {
    size_t rows, columns;
    float *out;
    size_t out_row;
    const float *in[3];
    size_t row[3], column[3];
};

/* out[s] = Sum of the elements of set s, or the Squares of what they are above mean[s] (NULL: 0).
 * A set has at most 1024 elements. Those of sum_rows follow one another, and the sets are `step`
 * apart; sum_columns has it the other way round. */
struct quell_sums {
    size_t sets, count, step;
    const float *x;
    int squares;
    const float *mean;
    float *out;
};

/* out = (x - mean) factor, then times scale, or fma(., scale, shift), on rows x columns. mean,
 * shift, and scale with it, may be left out (at: NULL). */
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

/* out[i] = fma(other, b[i], one a[i]), the product rounded, for i < count. each: one and other are
 * arrays, and a[from[i]] and b[next[i]] stand for a[i] and b[i]. */
struct quell_blend {
    size_t count;
    int each;
    const float *a, *b, *one, *other;
    const uint32_t *from, *next;
    float *out;
};

/* out(i, j) = the chain of fused multiply-adds over taps of x[i * x_row + j + offset[t]] weight[t],
 * from +0. */
struct quell_windows {
    size_t rows, columns, taps;
    const float *x;
    size_t x_row;
    const size_t *offset;
    const float *weight;
    float *out;
    size_t out_row;
};

/* The points of Winograd's algorithm (docs/programs.md, conv): `pairs` of them, a and -a, with 0
 * and infinity. power[j][i]: a_i to the power of j. all, other[i]: the coefficients, but for the
 * last one, 1, of the product of z - a^2 over all pairs, and over all but pair i. */
#define QUELL_MOST_PAIRS 3
struct quell_winograd_points {
    size_t pairs;
    float power[2 * QUELL_MOST_PAIRS][QUELL_MOST_PAIRS];
    float all[QUELL_MOST_PAIRS], other[QUELL_MOST_PAIRS][QUELL_MOST_PAIRS - 1];
};

/* Transforms what some tiles of a row see of x. channels: a multiple of QUELL_LANES, which follow
 * one another in x and out; line, position: the distances in x; frequency, tile: those in out. */
struct quell_split {
    const struct quell_winograd_points *points;
    size_t tiles, channels;
    const float *x;
    size_t line, position;
    float *out;
    size_t frequency, tile;
};

/* Transforms products back, and adds a bias[channels], unless it is NULL: x has tiles as the `out`
 * above, and out positions, of which `lines` lines of a tile and `width` columns of all tiles are
 * written. */
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

    /* words[4 * count]: the Philox words w0..w3 of blocks at.block, at.block + 1, ... */
    void (*philox)(const struct quell_noise_at *at, size_t count, uint32_t *words);

    /* out[4 * count]: the four normals of each block. out[2 * count]: the first two of each. */
    void (*normals)(const struct quell_noise_at *at, size_t count, float *out);
    void (*normal_pairs)(const struct quell_noise_at *at, size_t count, float *out);

    /* The same for `count` blocks of rows. */
    void (*rows_normals)(const struct quell_noise_rows *at, size_t count, float *out);
    void (*rows_normal_pairs)(const struct quell_noise_rows *at, size_t count, float *out);

    /* out = c[0] in[0] + c[1] in[1] + ..., rounded product first, then fused multiply-adds in
     * that order; 1 <= inputs <= QUELL_MAX_INPUTS; out may be any of in. Returns 0 if all results
     * are finite, else 1. */
    int (*combine)(float *out, size_t count, size_t inputs, const float *c, const float *const *in);

    /* out = in[0] + (c[0] in[0] + c[1] in[1] + ...), the sum as before, then one addition. */
    int (*update)(float *out, size_t count, size_t inputs, const float *c, const float *const *in);

    /* out += exp(a + b v) z, the exponent bounded by 88. Returns 0 if all results are finite. */
    int (*spread)(float *out, size_t count, float a, float b, const float *v, const float *z);

    /* x = min(max(x, low), high); a NaN stays one. */
    void (*clamp)(float *x, size_t count, float low, float high);

    /* out = scale x + shift, each an array of `count`; out may be x. */
    void (*affine)(float *out, const float *x, size_t count, const float *scale,
                   const float *shift);

    /* out = mean + gain (x - alpha mean); mean has `count` elements, gain one for all. */
    void (*gaussian)(float *out, const float *x, size_t count, const float *mean, float alpha,
                     float gain);

    /* Like gaussian, with one variance per element: gain = alpha v / (alpha^2 v + sigma^2). apart:
     * the result minus x / alpha. */
    void (*gaussian_diagonal)(float *out, const float *x, size_t count, const float *mean,
                              const float *variance, double alpha, double sigma, int apart);

    /* out[i] = exp(x[i]) for x in [-inf, 88]; below -87.3 it is 0. For tests. */
    void (*exponential)(float *out, const float *x, size_t count);

    void (*product)(const struct quell_product *product);
    void (*mixture)(const struct quell_mixture *mixture);
    void (*softmax)(const struct quell_softmax *softmax);

    /* What programs are made of (docs/programs.md). */
    void (*dots)(const struct quell_dots *dots);
    void (*windows)(const struct quell_windows *windows);
    void (*split)(const struct quell_split *split);
    void (*join)(const struct quell_join *join);

    /* to[j * to_row + i] = from[i * from_row + j] for rows i and columns j. */
    void (*turn)(const float *from, size_t rows, size_t from_row, size_t columns, float *to,
                 size_t to_row);

    /* to[i] = x[i * step]; to[i * factor + k] = x[i] for k < factor; for i < count. */
    void (*every)(size_t count, const float *x, size_t step, float *to);
    void (*stretch)(size_t count, const float *x, size_t factor, float *to);
    void (*blend)(const struct quell_blend *blend);

    void (*map[QUELL_MAP_FUNCTIONS])(const struct quell_map *map);
    void (*sum_rows)(const struct quell_sums *sums);
    void (*sum_columns)(const struct quell_sums *sums);
    void (*standardise)(const struct quell_standard *standard);

    /* Replaces each row of x[rows][stride] by E(x - its greatest element), over `count` elements,
     * and sets total[row] to their Sum, or to 1 if count > 1024. A row of -infinity alone stays,
     * with total 0. */
    void (*weigh_rows)(float *x, size_t rows, size_t stride, size_t count, float *total);
};

/* The i-th table of this build, narrowest first; NULL past the end. Some may not run on this
 * machine. */
const struct quell_kernels *quell_kernels_at(size_t i);

/* 1 if the machine and its operating system can run the table. */
int quell_kernels_available(const struct quell_kernels *kernels);

/* The widest table that the machine can run. */
const struct quell_kernels *quell_kernels_widest(void);

#endif
