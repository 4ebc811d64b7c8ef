/* SPDX-License-Identifier: MIT */
/* Dots with few columns. A vector along them would be mostly empty, so vectors run along the rows
 * of A, as in columns.inl. The order of all additions is that of dots.inl. */

/* The number of columns that share a transpose. */
#define FEW_TOGETHER 2

/* The distance of the rows of totals, which may be overwritten up to a multiple of QUELL_LANES. */
#define FEW_STRIDE QUELL_LANES

/* Adds the products `from` ... `to` - 1 of LANES rows to the chains of some columns. */
TILE void few_chains(const struct quell_dots *x, const float *a, const float *b, size_t from,
                     size_t to, vf *sum, const size_t columns)
{
    size_t p = from;
    for (; p + 4 <= to; p += 4) {
        vf left[4];
        v_load_rows(a + p, x->a_row, left);
        for (size_t q = 0; q < 4; q++)
            for (size_t c = 0; c < columns; c++)
                sum[c] = v_fma(left[q], v_set1(b[(p + q) * QUELL_PANEL + c]), sum[c]);
    }
    for (; p < to; p++) {
        float left[LANES];
        for (size_t r = 0; r < LANES; r++) left[r] = a[r * x->a_row + p];
        for (size_t c = 0; c < columns; c++)
            sum[c] = v_fma(v_load(left), v_set1(b[p * QUELL_PANEL + c]), sum[c]);
    }
}

/* Computes the totals of LANES rows in some columns from j on. */
TILE void few_totals(const struct quell_dots *x, const float *a, size_t j, float *total,
                     size_t stride, const size_t columns)
{
    const vf zero = v_set1(0.0f);
    vf all[FEW_TOGETHER] = {zero, zero}, sum[FEW_TOGETHER];
    float lanes[LANES];
    for (size_t from = 0; from < x->k; from += x->block) {
        for (size_t c = 0; c < columns; c++) sum[c] = zero;
        few_chains(x, a, x->b + j, from, x->k - from > x->block ? from + x->block : x->k, sum,
                   columns);
        for (size_t c = 0; c < columns; c++) all[c] = v_add(sum[c], all[c]);
    }
    for (size_t c = 0; c < columns; c++) {
        v_store(lanes, all[c]);
        for (size_t r = 0; r < LANES; r++) total[r * stride + j + c] = lanes[r];
    }
}

static int dots_are_few(const struct quell_dots *x)
{
    return x->n <= FEW_COLUMNS && x->plain && !x->narrow && !x->turned && !x->out && !x->addends;
}

/* Computes rows i ... i + count - 1, with count >= LANES. The last LANES rows overlap others if
 * necessary. */
static void few_rows(const struct quell_dots *x, size_t i, size_t count, float *total,
                     size_t stride)
{
    for (size_t r = 0; r < count; r += LANES) {
        size_t at = r + LANES <= count ? r : count - LANES, j = 0;
        const float *a = x->a + (i + at) * x->a_row;
        for (; j + FEW_TOGETHER <= x->n; j += FEW_TOGETHER)
            few_totals(x, a, j, total + at * stride, stride, FEW_TOGETHER);
        for (; j < x->n; j++) few_totals(x, a, j, total + at * stride, stride, 1);
    }
}
