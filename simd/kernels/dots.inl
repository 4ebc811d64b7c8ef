/* SPDX-License-Identifier: MIT */
/* Many Dots of a program (docs/programs.md): like the matrix product, but the chains of fused
 * multiply-adds run over blocks of p, each from 0, and the sums of the blocks are added up. The
 * totals of a strip of columns stay in cache until they are handed over, so that what is done with
 * them costs no pass over memory.
 *
 * A row of B begins at an offset of its own. So a convolution reads its input where it lies: the
 * elements that a tap sees from the positions of a line follow one another. */

#define MOST_DOT_ROWS 192

/* Adds the Dot of one block to totals[rows][vectors LANES], whose rows are `stride` apart. */
TILE void dot_tile(const struct quell_dots *x, const float *a, size_t j, size_t from, size_t to,
                   float *total, size_t stride, const size_t rows, const size_t vectors)
{
    const size_t a_row = x->a_row, *offset = x->offset;
    const float *b[MOST_VECTORS];
    vf sum[MOST_ROWS][MOST_VECTORS], right[MOST_VECTORS];
#define DOT_COLUMN(v) \
    b[v] = x->b + (j + v * LANES) / QUELL_PANEL * x->b_panel + (j + v * LANES) % QUELL_PANEL
    EACH_VECTOR(DOT_COLUMN);
#define DOT_ZERO(r) row_zero(sum[r], vectors)
    EACH_ROW(DOT_ZERO);
    for (size_t p = from; p < to; p++) {
        size_t at = offset[p];
#define DOT_RIGHT(v) right[v] = v_load(b[v] + at)
        EACH_VECTOR(DOT_RIGHT);
#define DOT_STEP(r) row_step(sum[r], a[r * a_row + p], right, vectors)
        EACH_ROW(DOT_STEP);
    }
#define DOT_ADD(r) row_add(sum[r], total + r * stride, vectors)
#define DOT_STORE(r) row_store(sum[r], total + r * stride, vectors)
    EACH_ROW(DOT_ADD);
    EACH_ROW(DOT_STORE);
}

typedef void dot_function(const struct quell_dots *x, const float *a, size_t j, size_t from,
                          size_t to, float *total, size_t stride);

#define DOT_OF(rows, vectors)                                                                \
    static void dot_##rows##x##vectors(const struct quell_dots *x, const float *a, size_t j, \
                                       size_t from, size_t to, float *total, size_t stride)  \
    {                                                                                        \
        dot_tile(x, a, j, from, to, total, stride, rows, vectors);                           \
    }
EACH_TILE(DOT_OF)
static dot_function *const dot_tiles[ROWS + 1][4] = TILE_TABLE(dot);

/* The totals of rows i ... i + count - 1 and of 2^v vectors of columns from j on. */
static void dot_strip(const struct quell_dots *x, size_t i, size_t count, size_t j, unsigned v,
                      float *total)
{
    size_t stride = (size_t)LANES << v, tiles_of_rows = (count + ROWS - 1) / ROWS;
    size_t rows = count / tiles_of_rows, longer = count % tiles_of_rows;
    for (size_t t = 0; t < count * stride; t += LANES) v_store(total + t, v_set1(0.0f));
    for (size_t from = 0; from < x->k; from += x->block) {
        size_t to = x->k - from > x->block ? from + x->block : x->k;
        for (size_t tile = 0, r = 0; tile < tiles_of_rows; tile++) {
            size_t now = rows + (tile < longer);
            dot_tiles[now][v](x, x->a + (i + r) * x->a_row, j, from, to, total + r * stride,
                              stride);
            r += now;
        }
    }
}

static void dot_rows(const struct quell_dots *x, size_t i, size_t count)
{
    /* All strips have at most 2 QUELL_PANEL columns, except those of at most three rows. */
    float total[MOST_DOT_ROWS * QUELL_PANEL];
    size_t columns = (x->n + QUELL_LANES - 1) / QUELL_LANES * QUELL_LANES;
    size_t most = (count + (count + ROWS - 1) / ROWS - 1) / ((count + ROWS - 1) / ROWS);
    for (size_t j = 0; j < x->n;) {
        unsigned v = widest(most, columns - j);
        size_t strip = (size_t)LANES << v;
        dot_strip(x, i, count, j, v, total);
        x->finish(x->user, &(struct quell_dots_done){.row = i,
                                                     .rows = count,
                                                     .column = j,
                                                     .columns = x->n - j < strip ? x->n - j : strip,
                                                     .total = total,
                                                     .stride = strip});
        j += strip;
    }
}

static void dots(const struct quell_dots *x)
{
    size_t parts = (x->m + MOST_DOT_ROWS - 1) / MOST_DOT_ROWS;
    for (size_t part = 0, i = 0; part < parts; part++) {
        size_t count = x->m / parts + (part < x->m % parts);
        dot_rows(x, i, count);
        i += count;
    }
}
