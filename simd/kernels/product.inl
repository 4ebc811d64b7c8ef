/* SPDX-License-Identifier: MIT */
/* The matrix product. Every output is one chain of fused multiply-adds along k, so that its bits do
 * not depend on the vector width, on the number of rows, or on blocking.
 *
 * A tile of C, ROWS rows by a few vectors, stays in registers while k runs; per k it costs a few
 * loads of B and one broadcast per row. The sizes keep (FMA latency) x (FMAs a cycle) chains in
 * flight, 8 on most machines, and leave registers for B: with few rows a tile is therefore wider.
 * If there is more than one tile of rows, k is cut so that the columns of B which they share stay
 * in the first-level cache; a chain then continues from C. Rows are computed CHUNK at a time, so
 * that those of A stay in the second level even if they are a power of two apart. */

#define CHUNK 192
#if LANES == 16
#define ROWS 12 /* x 2 vectors = 24 of 32 registers */
#define CUT 128
#elif LANES == 8
#define ROWS 6 /* x 2 = 12 of 16 */
#define CUT 256
#elif LANES == 4
#define ROWS 5 /* x 4 = 20 of 32: the compiler also wants one for each row of A */
#define CUT 256
#else
#define ROWS 4
#define CUT 256
#endif

#include "each.inl"

TILE void row_zero(vf *sum, const size_t vectors)
{
#define ZERO(v) sum[v] = v_set1(0.0f)
    EACH_VECTOR(ZERO);
}

TILE void row_load(vf *sum, const float *c, const size_t vectors)
{
#define LOAD(v) sum[v] = v_load(c + v * LANES)
    EACH_VECTOR(LOAD);
}

TILE void row_add(vf *sum, const float *start, const size_t vectors)
{
#define ADD(v) sum[v] = v_add(sum[v], v_load(start + v * LANES))
    EACH_VECTOR(ADD);
}

TILE void row_store(const vf *sum, float *c, const size_t vectors)
{
#define STORE(v) v_store(c + v * LANES, sum[v])
    EACH_VECTOR(STORE);
}

TILE void row_step(vf *sum, float left, const vf *right, const size_t vectors)
{
    vf a = v_set1(left);
#define STEP(v) sum[v] = v_fma(a, right[v], sum[v])
    EACH_VECTOR(STEP);
}

TILE const float *column(const struct quell_product *x, size_t j, size_t p)
{
    return x->b + j / QUELL_PANEL * x->b_panel + p * x->b_row + j % QUELL_PANEL;
}

/* Computes rows i... and columns j... of C, for p from `from` to `to`. The numbers of rows and
 * vectors are constants. */
TILE void tile(const struct quell_product *x, size_t i, size_t j, size_t from, size_t to,
               const size_t rows, const size_t vectors)
{
    const size_t a_row = x->a_row, a_col = x->a_col, b_row = x->b_row, c_row = x->c_row;
    const float *a = x->a + i * a_row + from * a_col;
    float *c = x->c + i * c_row + j;
    const float *b[MOST_VECTORS];
    vf sum[MOST_ROWS][MOST_VECTORS], right[MOST_VECTORS];
#define COLUMN(v) b[v] = column(x, j + v * LANES, from)
    EACH_VECTOR(COLUMN);
    if (from > 0 || x->accumulate) {
#define ROW_LOAD(r) row_load(sum[r], c + r * c_row, vectors)
        EACH_ROW(ROW_LOAD);
    } else {
#define ROW_ZERO(r) row_zero(sum[r], vectors)
        EACH_ROW(ROW_ZERO);
    }
    for (size_t p = from, at = 0; p < to; p++, at += b_row, a += a_col) {
#define RIGHT(v) right[v] = v_load(b[v] + at)
        EACH_VECTOR(RIGHT);
#define ROW_STEP(r) row_step(sum[r], a[r * a_row], right, vectors)
        EACH_ROW(ROW_STEP);
    }
#define ROW_STORE(r) row_store(sum[r], c + r * c_row, vectors)
    EACH_ROW(ROW_STORE);
}

typedef void tile_function(const struct quell_product *x, size_t i, size_t j, size_t from,
                           size_t to);

#define TILE_OF(rows, vectors)                                                             \
    static void tile_##rows##x##vectors(const struct quell_product *x, size_t i, size_t j, \
                                        size_t from, size_t to)                            \
    {                                                                                      \
        tile(x, i, j, from, to, rows, vectors);                                            \
    }

/* The existing tiles: for each number of rows the widest one and all narrower ones down to
 * QUELL_LANES columns. The table has them by the number of rows and log2 of the number of
 * vectors. */
/* clang-format off */
#if LANES == 16
#define EACH_TILE(DO)                                      \
    DO(1, 8) DO(1, 4) DO(1, 2) DO(1, 1) DO(2, 4) DO(2, 2)  \
    DO(2, 1) DO(3, 4) DO(3, 2) DO(3, 1) DO(4, 2) DO(4, 1)  \
    DO(5, 2) DO(5, 1) DO(6, 2) DO(6, 1) DO(7, 2) DO(7, 1)  \
    DO(8, 2) DO(8, 1) DO(9, 2) DO(9, 1) DO(10, 2) DO(10, 1) \
    DO(11, 2) DO(11, 1) DO(12, 2) DO(12, 1)
#define TILE_TABLE(t)                                                                       \
    {                                                                                       \
        {0}, {t##_1x1, t##_1x2, t##_1x4, t##_1x8}, {t##_2x1, t##_2x2, t##_2x4},             \
            {t##_3x1, t##_3x2, t##_3x4}, {t##_4x1, t##_4x2}, {t##_5x1, t##_5x2},            \
            {t##_6x1, t##_6x2}, {t##_7x1, t##_7x2}, {t##_8x1, t##_8x2}, {t##_9x1, t##_9x2}, \
            {t##_10x1, t##_10x2}, {t##_11x1, t##_11x2},                                     \
        {                                                                                   \
            t##_12x1, t##_12x2                                                              \
        }                                                                                   \
    }
#elif LANES == 8
#define EACH_TILE(DO) \
    DO(1, 8) DO(1, 4) DO(1, 2) DO(2, 4) DO(2, 2) DO(3, 4) DO(3, 2) DO(4, 2) DO(5, 2) DO(6, 2)
#define TILE_TABLE(t)                                                                      \
    {                                                                                      \
        {0}, {0, t##_1x2, t##_1x4, t##_1x8}, {0, t##_2x2, t##_2x4}, {0, t##_3x2, t##_3x4}, \
            {0, t##_4x2}, {0, t##_5x2},                                                    \
        {                                                                                  \
            0, t##_6x2                                                                     \
        }                                                                                  \
    }
#elif LANES == 4
#define EACH_TILE(DO) DO(1, 8) DO(1, 4) DO(2, 8) DO(2, 4) DO(3, 4) DO(4, 4) DO(5, 4)
#define TILE_TABLE(t)                                                                              \
    {                                                                                              \
        {0}, {0, 0, t##_1x4, t##_1x8}, {0, 0, t##_2x4, t##_2x8}, {0, 0, t##_3x4}, {0, 0, t##_4x4}, \
        {                                                                                          \
            0, 0, t##_5x4                                                                          \
        }                                                                                          \
    }
#else
#define EACH_TILE(DO) DO(1, 4) DO(2, 4) DO(3, 4) DO(4, 4)
#define TILE_TABLE(t)                                                             \
    {                                                                             \
        {0}, {0, 0, t##_1x4}, {0, 0, t##_2x4}, {0, 0, t##_3x4}, { 0, 0, t##_4x4 } \
    }
#endif

/* clang-format on */
EACH_TILE(TILE_OF)
static tile_function *const tiles[ROWS + 1][4] = TILE_TABLE(tile);

/* Returns the widest tile with that many rows that fits the columns left, as log2 of its
 * vectors. */
static unsigned widest(size_t rows, size_t columns)
{
    unsigned v = 3;
    while (v > 0 && (!tiles[rows][v] || (size_t)LANES << v > columns)) v--;
    return v;
}

/* Computes rows [begin, end) for p in [from, to). Columns are the outer loop, so that those of B
 * are read once. */
static void product_cut(const struct quell_product *x, size_t begin, size_t end, size_t from,
                        size_t to)
{
    size_t columns = (x->n + QUELL_LANES - 1) / QUELL_LANES * QUELL_LANES;
    size_t blocks = (end - begin + ROWS - 1) / ROWS;
    size_t rows = (end - begin) / blocks, longer = (end - begin) % blocks;
    for (size_t j = 0; j < columns;) {
        unsigned v = widest(rows + (longer > 0), columns - j);
        for (size_t block = 0, i = begin; block < blocks; block++) {
            size_t now = rows + (block < longer);
            tiles[now][v](x, i, j, from, to);
            i += now;
        }
        j += (size_t)LANES << v;
    }
}

static void product_rows(const struct quell_product *x, size_t begin, size_t end)
{
    size_t cut = end - begin > ROWS ? CUT : x->k, from = 0;
    do {
        size_t to = x->k - from > cut ? from + cut : x->k;
        product_cut(x, begin, end, from, to);
        from = to;
    } while (from < x->k);
}

static void product(const struct quell_product *x)
{
    if (x->n <= FEW_COLUMNS && x->a_col == 1) {
        product_columns(x);
        return;
    }
    for (size_t i = 0; i < x->m; i += CHUNK)
        product_rows(x, i, x->m - i > CHUNK ? i + CHUNK : x->m);
}
