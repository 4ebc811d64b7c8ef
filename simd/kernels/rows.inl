/* SPDX-License-Identifier: MIT */
/* Kernels that need whole rows: norms, and the softmax of attention.
 *
 * A sum over a row has QUELL_LANES partial sums on every instruction set, element k in sum k modulo
 * QUELL_LANES, which are then added up as a tree. So the bits are the same for every vector
 * length. */

#define PARTS (QUELL_LANES / LANES)

/* s[k] + s[k + half], for halves of 8, 4, 2, 1. */
static float tree(const vf sum[PARTS])
{
    float s[QUELL_LANES];
    for (size_t v = 0; v < PARTS; v++) v_store(s + v * LANES, sum[v]);
    for (size_t half = QUELL_LANES / 2; half; half /= 2)
        for (size_t k = 0; k < half; k++) s[k] += s[k + half];
    return s[0];
}

/* Calls DO(v, x) for each vector of the row, vector v of its sixteen elements; the last sixteen
 * are filled up with `fill`. */
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

/* sum_k (x_k - mean)^2 */
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

VERB vf normal(vf x, vf mean, vf factor) { return v_mul(v_sub(x, mean), factor); }

static void norm_row(const struct quell_norm *n, const float *x, float *out)
{
    float count = (float)n->width;
    float mean = n->centred ? sum_of(x, n->width) / count : 0.0f;
    float variance = squares_of(x, n->width, mean) / (count - n->less);
    float root;
    v_store_n(&root, v_sqrt(v_set1(variance + n->epsilon)), 1);
    vf m = v_set1(mean), factor = v_set1(1.0f / root);
    size_t i = 0;
    if (n->scale) {
        for (; i + LANES <= n->width; i += LANES)
            v_store(out + i, v_fma(normal(v_load(x + i), m, factor), v_load(n->scale + i),
                                   v_load(n->shift + i)));
        size_t rest = n->width - i;
        if (rest)
            v_store_n(out + i,
                      v_fma(normal(v_load_n(x + i, rest), m, factor), v_load_n(n->scale + i, rest),
                            v_load_n(n->shift + i, rest)),
                      rest);
        return;
    }
    for (; i + LANES <= n->width; i += LANES) v_store(out + i, normal(v_load(x + i), m, factor));
    if (i < n->width)
        v_store_n(out + i, normal(v_load_n(x + i, n->width - i), m, factor), n->width - i);
}

static void norm(const struct quell_norm *n)
{
    for (size_t row = 0; row < n->rows; row++)
        norm_row(n, n->x + row * n->x_row, n->out + row * n->out_row);
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

static void softmax_row(float *x, size_t count)
{
    vf most = v_set1(largest_of(x, count));
    size_t i = 0;
    for (; i + LANES <= count; i += LANES) v_store(x + i, v_exp(v_sub(v_load(x + i), most)));
    if (i < count) v_store_n(x + i, v_exp(v_sub(v_load_n(x + i, count - i), most)), count - i);
    vf factor = v_set1(1.0f / sum_of(x, count));
    for (i = 0; i + LANES <= count; i += LANES) v_store(x + i, v_mul(v_load(x + i), factor));
    if (i < count) v_store_n(x + i, v_mul(v_load_n(x + i, count - i), factor), count - i);
}

static void softmax_rows(float *x, size_t rows, size_t stride, size_t count)
{
    for (size_t row = 0; count && row < rows; row++) softmax_row(x + row * stride, count);
}
