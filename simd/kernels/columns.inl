/* SPDX-License-Identifier: MIT */
/* The matrix product for a B with few columns. A vector along these would be mostly empty, so
 * vectors run along the rows of A, whose elements are loaded by small transposes. The chains of
 * additions are those of product.inl, and so are the bits. */

#define FEW_COLUMNS (LANES / 4)

/* Runs the chains of LANES rows in `sum`. `ahead` says to prefetch the next rows, because the
 * processor does not prefetch so many streams at once. */
VERB vf column_chains(const struct quell_product *x, const float *a, const float *b, vf sum,
                      int ahead)
{
    size_t p = 0;
    for (; p + 4 <= x->k; p += 4, b += 4 * x->b_row) {
        vf left[4];
        if (ahead && p % 16 == 0)
            for (size_t r = 0; r < LANES; r++)
                __builtin_prefetch(a + (LANES + r) * x->a_row + p, 0, 2);
        v_load_rows(a + p, x->a_row, left);
        sum = v_fma(left[0], v_set1(b[0]), sum);
        sum = v_fma(left[1], v_set1(b[x->b_row]), sum);
        sum = v_fma(left[2], v_set1(b[2 * x->b_row]), sum);
        sum = v_fma(left[3], v_set1(b[3 * x->b_row]), sum);
    }
    for (; p < x->k; p++, b += x->b_row) {
        float left[LANES];
        for (size_t r = 0; r < LANES; r++) left[r] = a[r * x->a_row + p];
        sum = v_fma(v_load(left), v_set1(*b), sum);
    }
    return sum;
}

/* Computes rows i ... i + rows - 1, at most LANES, of column j. */
static void column_rows(const struct quell_product *x, size_t i, size_t rows, size_t j)
{
    float sum[LANES];
    const float *a = x->a + i * x->a_row, *b = x->b + j;
    for (size_t r = 0; r < rows; r++) sum[r] = x->accumulate ? x->c[(i + r) * x->c_row + j] : 0.0f;
    if (rows == LANES) {
        v_store(sum, column_chains(x, a, b, v_load(sum), j == 0));
    } else {
        for (size_t r = 0; r < rows; r++)
            for (size_t p = 0; p < x->k; p++)
                sum[r] = __builtin_fmaf(a[r * x->a_row + p], b[p * x->b_row], sum[r]);
    }
    for (size_t r = 0; r < rows; r++) x->c[(i + r) * x->c_row + j] = sum[r];
}

static void product_columns(const struct quell_product *x)
{
    for (size_t i = 0; i < x->m; i += LANES)
        for (size_t j = 0; j < x->n; j++) column_rows(x, i, x->m - i < LANES ? x->m - i : LANES, j);
}
