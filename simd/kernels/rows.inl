/* SPDX-License-Identifier: MIT */
/* Sums, squares and greatest elements of whole rows.
 *
 * A sum over a row has QUELL_LANES partial sums on every instruction set: element k is added to
 * partial sum k modulo QUELL_LANES. Then the partial sums are added up as a tree. So the bits are
 * the same for every vector length. */

#define PARTS (QUELL_LANES / LANES)

/* Adds s[k] + s[k + half], for halves of 8, 4, 2, 1. */
static float tree(const vf sum[PARTS])
{
    float s[QUELL_LANES];
    for (size_t v = 0; v < PARTS; v++) v_store(s + v * LANES, sum[v]);
    for (size_t half = QUELL_LANES / 2; half; half /= 2)
        for (size_t k = 0; k < half; k++) s[k] += s[k + half];
    return s[0];
}

/* Calls DO(v, x) for each vector of the row, where v is its number among the vectors of sixteen
 * elements. The last sixteen elements are completed with `fill`. */
#define EACH_PART(x, count, fill, DO)                                                             \
    do {                                                                                          \
        size_t at = 0;                                                                            \
        for (; at + QUELL_LANES <= count; at += QUELL_LANES)                                      \
            for (size_t v = 0; v < PARTS; v++) DO(v, v_load(x + at + v * LANES));                 \
        if (at < count) {                                                                         \
            float rest[QUELL_LANES];                                                              \
            for (size_t k = 0; k < QUELL_LANES; k++) rest[k] = at + k < count ? x[at + k] : fill; \
            for (size_t v = 0; v < PARTS; v++) DO(v, v_load(rest + v * LANES));                   \
        }                                                                                         \
    } while (0)

static float sum_of(const float *x, size_t count)
{
    vf sum[PARTS];
    for (size_t v = 0; v < PARTS; v++) sum[v] = v_set1(0.0f);
#define ADD_UP(v, a) sum[v] = v_add(sum[v], a)
    EACH_PART(x, count, 0.0f, ADD_UP);
    return tree(sum);
}

/* Returns sum_k (x_k - mean)^2. */
static float squares_of(const float *x, size_t count, float mean)
{
    vf sum[PARTS], m = v_set1(mean);
    for (size_t v = 0; v < PARTS; v++) sum[v] = v_set1(0.0f);
#define ADD_SQUARE(v, a)                      \
    do {                                      \
        vf apart = v_sub(a, m);               \
        sum[v] = v_fma(apart, apart, sum[v]); \
    } while (0)
    EACH_PART(x, count, mean, ADD_SQUARE);
    return tree(sum);
}

static float largest_of(const float *x, size_t count)
{
    float s[QUELL_LANES];
    vf most[PARTS];
    for (size_t v = 0; v < PARTS; v++) most[v] = v_set1(x[0]);
#define KEEP_LARGER(v, a) most[v] = v_max(a, most[v])
    EACH_PART(x, count, x[0], KEEP_LARGER);
    for (size_t v = 0; v < PARTS; v++) v_store(s + v * LANES, most[v]);
    for (size_t k = 1; k < QUELL_LANES; k++)
        if (s[k] > s[0]) s[0] = s[k];
    return s[0];
}
