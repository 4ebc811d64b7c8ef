/* SPDX-License-Identifier: MIT */
/* Many Dots of a program (docs/programs.md): like the matrix product, but the chains of fused
 * multiply-adds run over blocks of p, each from 0, and the sums of the blocks are added up. The
 * totals of a strip of columns stay in cache until they are passed to `finish`, so that its work on
 * them takes no pass over memory.
 *
 * The elements of a row of A or of B are found by offsets, so that a convolution can read its input
 * in place. */

#define MOST_DOT_ROWS 192

/* Narrow columns of blocks up to this length are widened once for all rows of a strip. */
#define MOST_WIDENED 256

/* The rectangle being computed: its rows of A begin at a[r], and its columns of B at b[v] for each
 * vector, with row b_from. Narrow columns are at words[v], in the upper halves if `upper`. `ahead`
 * points to narrow columns that will be widened next, or is NULL. */
struct dot_place {
    const float *const *a;
    const float *b[MOST_VECTORS];
    const uint32_t *ahead;
    const uint32_t *words[MOST_VECTORS];
    int upper;
    const size_t *left, *right;
    size_t from, to, b_from;
    const float *total; /* totals of the blocks before, whose rows are `stride` apart */
    float *out;
    size_t stride, out_row, addends;
    int settled;
    struct quell_addend addend[QUELL_MOST_ADDENDS]; /* added after the last block */
};

#include "dots_few.inl"
#include "turn.inl"

/* Adds +0 to the sums of the first block, because a total starts from +0: so -0 becomes +0. It is
 * called only if that can make a difference. */
TILE void row_add_zero(vf *sum, const size_t vectors)
{
    vf zero = v_set1(0.0f);
#define FROM_ZERO(v) sum[v] = v_add(sum[v], zero)
    EACH_VECTOR(FROM_ZERO);
}

/* The number of rows whose pointers are kept in registers. gcc would put more pointers in vector
 * registers, and each move from there takes as long as a product. */
#define KEPT_ROWS 6

/* The distances of prefetches, in steps, for weights that the rows of one tile share: AHEAD steps
 * are the latency of a last-level cache, and FAR_AHEAD steps that of memory, for the second level.
 * Processors do not prefetch beyond a page, and a panel has several. With up to four rows,
 * prefetching took longer than it saved. Memory after the last panel is prefetched as well, so
 * these must not be loads. Narrow weights that will be widened next are prefetched one row, which
 * is a cache line, in each step. */
#define AHEAD 20
#define FAR_AHEAD 128
VERB void ask_ahead(const float *weights)
{
    __builtin_prefetch(weights + AHEAD * QUELL_PANEL);
    __builtin_prefetch(weights + FAR_AHEAD * QUELL_PANEL, 0, 2);
}

/* Adds the products of one block, with the offsets of A. `widens` says whether weights were
 * widened. */
TILE void dot_left(const struct dot_place *x, vf sum[MOST_ROWS][MOST_VECTORS], const size_t rows,
                   const size_t vectors, const int widens)
{
    const float *a[MOST_ROWS], *b[MOST_VECTORS], *const volatile *rest = x->a;
    const size_t *offset = x->left + x->from, *end = x->left + x->to;
    vf right[MOST_VECTORS];
#define DOT_LEFT(r) a[r] = x->a[r]
    EACH_ROW(DOT_LEFT);
#define DOT_COLUMN(v) b[v] = x->b[v] + (x->from - x->b_from) * QUELL_PANEL
    EACH_VECTOR(DOT_COLUMN);
    const float *panel = b[0];
#if LANES == 16
    const uint32_t *ahead = x->ahead;
#endif
    for (size_t line = 0; offset < end; offset++, line += QUELL_PANEL, panel += QUELL_PANEL) {
        size_t at = *offset;
#define DOT_PANEL(v) right[v] = v_load(panel + v * LANES)
#define DOT_PANELS(v) right[v] = v_load(b[v] + line)
        if (vectors * LANES <= QUELL_PANEL)
            EACH_VECTOR(DOT_PANEL);
        else
            EACH_VECTOR(DOT_PANELS);
#define DOT_LEFT_STEP(r) row_step(sum[r], (r < KEPT_ROWS ? a[r] : rest[r])[at], right, vectors)
        EACH_ROW(DOT_LEFT_STEP);
#if LANES == 16
        for (size_t v = 0; v < vectors && rows > 4 && vectors * LANES <= QUELL_PANEL; v++)
            if (!widens) ask_ahead(panel + v * LANES);
        if (widens && rows > 4) __builtin_prefetch(ahead);
        ahead += QUELL_LANES;
#endif
    }
    (void)widens;
}

/* Returns widened columns. Columns of the two halves of a panel share words: those of the first
 * half are the lower halves. */
VERB vf widened(vi words, const int upper)
{
    return v_from_bits(upper ? v_iand(words, v_iset1(0xFFFF0000u)) : v_ishl(words, 16));
}

/* Whether vector v of a tile has upper halves. A tile that is narrower than a panel is in one half
 * of it. */
#define IS_UPPER(v) (vectors * LANES < QUELL_PANEL ? upper : (int)((v) * LANES / QUELL_LANES % 2))

/* Adds the products with narrow columns. */
TILE void dot_words(const struct dot_place *x, vf sum[MOST_ROWS][MOST_VECTORS], const size_t rows,
                    const size_t vectors, const int upper)
{
    const float *a[MOST_ROWS], *const volatile *rest = x->a;
    const uint32_t *words[MOST_VECTORS];
    const size_t *offset = x->left + x->from, *end = x->left + x->to;
    vf right[MOST_VECTORS];
    EACH_ROW(DOT_LEFT);
#define DOT_WORDS(v) words[v] = x->words[v] + x->from * QUELL_LANES
    EACH_VECTOR(DOT_WORDS);
    for (size_t line = 0; offset < end; offset++, line += QUELL_LANES) {
        size_t at = *offset;
#define DOT_WIDEN(v) right[v] = widened(v_iload(words[v] + line), IS_UPPER(v))
        EACH_VECTOR(DOT_WIDEN);
        EACH_ROW(DOT_LEFT_STEP);
    }
}

TILE void dot_narrow(const struct dot_place *x, vf sum[MOST_ROWS][MOST_VECTORS], const size_t rows,
                     const size_t vectors)
{
    if (vectors * LANES < QUELL_PANEL && x->upper)
        dot_words(x, sum, rows, vectors, 1);
    else
        dot_words(x, sum, rows, vectors, 0);
}

/* Adds the products with the offsets of B. */
TILE void dot_right(const struct dot_place *x, vf sum[MOST_ROWS][MOST_VECTORS], const size_t rows,
                    const size_t vectors)
{
    const float *a[MOST_ROWS], *b[MOST_VECTORS];
    vf right[MOST_VECTORS];
    EACH_ROW(DOT_LEFT);
#define DOT_OTHER(v) b[v] = x->b[v]
    EACH_VECTOR(DOT_OTHER);
    for (size_t p = x->from; p < x->to; p++) {
        size_t at = x->right[p];
#define DOT_RIGHT(v) right[v] = v_load(b[v] + at)
        EACH_VECTOR(DOT_RIGHT);
#define DOT_RIGHT_STEP(r) row_step(sum[r], a[r][p], right, vectors)
        EACH_ROW(DOT_RIGHT_STEP);
    }
}

/* How B is read: by its own offsets, or by A's; in the latter case it may be narrow, or have been
 * widened before. */
enum dot_reading { DOT_BY_RIGHT, DOT_BY_LEFT, DOT_NARROW, DOT_WIDENED, DOT_READINGS };

/* Adds the Dot of one block to totals[rows][vectors LANES]. */
TILE void dot_tile(const struct dot_place *x, const enum dot_reading reading, const size_t rows,
                   const size_t vectors)
{
    const size_t stride = x->stride, out_row = x->out_row;
    const float *total = x->total;
    float *out = x->out;
    vf sum[MOST_ROWS][MOST_VECTORS];
#define DOT_ZERO(r) row_zero(sum[r], vectors)
    EACH_ROW(DOT_ZERO);
    if (reading == DOT_BY_LEFT)
        dot_left(x, sum, rows, vectors, 0);
    else if (reading == DOT_WIDENED)
        dot_left(x, sum, rows, vectors, 1);
    else if (reading == DOT_NARROW)
        dot_narrow(x, sum, rows, vectors);
    else
        dot_right(x, sum, rows, vectors);
    if (x->from == 0 && !x->settled) {
#define DOT_FIRST(r) row_add_zero(sum[r], vectors)
        EACH_ROW(DOT_FIRST);
    } else if (x->from > 0) {
#define DOT_ADD(r) row_add(sum[r], total + r * stride, vectors)
        EACH_ROW(DOT_ADD);
    }
    for (size_t k = 0; k < x->addends; k++) {
        const float *addend = x->addend[k].at;
        const size_t addend_row = x->addend[k].row;
#define DOT_ADDEND(r) row_add(sum[r], addend + r * addend_row, vectors)
        EACH_ROW(DOT_ADDEND);
    }
#define DOT_STORE(r) row_store(sum[r], out + r * out_row, vectors)
    EACH_ROW(DOT_STORE);
}

typedef void dot_function(const struct dot_place *x);

#define DOT_OF(rows, vectors)                                            \
    static void dot_right_##rows##x##vectors(const struct dot_place *x)  \
    {                                                                    \
        dot_tile(x, DOT_BY_RIGHT, rows, vectors);                        \
    }                                                                    \
    static void dot_left_##rows##x##vectors(const struct dot_place *x)   \
    {                                                                    \
        dot_tile(x, DOT_BY_LEFT, rows, vectors);                         \
    }                                                                    \
    static void dot_narrow_##rows##x##vectors(const struct dot_place *x) \
    {                                                                    \
        dot_tile(x, DOT_NARROW, rows, vectors);                          \
    }
EACH_TILE(DOT_OF)

/* Without prefetching, it makes no difference that columns were widened. */
#if LANES == 16
#define DOT_WIDE_OF(rows, vectors)                                     \
    static void dot_wide_##rows##x##vectors(const struct dot_place *x) \
    {                                                                  \
        dot_tile(x, DOT_WIDENED, rows, vectors);                       \
    }
EACH_TILE(DOT_WIDE_OF)
#define DOT_WIDE_TABLE TILE_TABLE(dot_wide)
#else
#define DOT_WIDE_TABLE TILE_TABLE(dot_left)
#endif

static dot_function *const dot_tiles[DOT_READINGS][ROWS + 1][4] = {
    TILE_TABLE(dot_right), TILE_TABLE(dot_left), TILE_TABLE(dot_narrow), DOT_WIDE_TABLE};

/* Widens `count` rows of a panel. */
static void widen_panel(const uint32_t *words, size_t count, float *to)
{
    for (size_t p = 0; p < count; p++, words += QUELL_LANES, to += QUELL_PANEL)
        for (size_t i = 0; i < QUELL_LANES; i += LANES) {
            vi now = v_iload(words + i);
            v_store(to + i, widened(now, 0));
            v_store(to + QUELL_LANES + i, widened(now, 1));
        }
}

/* Finds where the columns of a strip that starts at column j begin. */
static void dot_columns(const struct quell_dots *x, size_t j, unsigned v, struct dot_place *place)
{
    for (size_t u = 0; u < (size_t)1 << v; u++) {
        size_t column = j + u * LANES, panel = column / QUELL_PANEL * x->b_panel;
        if (x->narrow)
            place->words[u] = x->narrow + panel / 2 + column % QUELL_LANES;
        else
            place->b[u] = x->b + panel + column % QUELL_PANEL;
    }
    place->upper = j % QUELL_PANEL >= QUELL_LANES;
}

/* Where a strip's results go. `total` has the totals so far, in rows of 2^v vectors. */
struct dot_results {
    float *total, *out;
    size_t out_row;
};

/* Computes the results of rows i ... i + count - 1, which begin at a[0 ... count - 1], in 2^v
 * vectors of columns from j on. */
static void dot_strip(const struct quell_dots *x, const float *const *a, size_t i, size_t count,
                      size_t j, unsigned v, const struct dot_results *to)
{
    size_t tiles_of_rows = (count + ROWS - 1) / ROWS;
    size_t rows = count / tiles_of_rows, longer = count % tiles_of_rows;
    struct dot_place place = {
        .left = x->left, .right = x->right, .stride = (size_t)LANES << v, .settled = x->settled};
    float wide[MOST_WIDENED * QUELL_PANEL];
    int widens = x->narrow && tiles_of_rows > 1 && x->block <= MOST_WIDENED;
    enum dot_reading reading = !x->left     ? DOT_BY_RIGHT
                               : !x->narrow ? DOT_BY_LEFT
                               : widens     ? DOT_WIDENED
                                            : DOT_NARROW;
    dot_columns(x, j, v, &place);
    for (size_t u = 0; widens && u < (size_t)1 << v; u++)
        place.b[u] = wide + j % QUELL_PANEL + u * LANES;
    for (; place.from < x->k; place.from += x->block) {
        place.to = x->k - place.from > x->block ? place.from + x->block : x->k;
        if (widens) {
            const uint32_t *panel = x->narrow + j / QUELL_PANEL * (x->b_panel / 2);
            widen_panel(panel + place.from * QUELL_LANES, place.to - place.from, wide);
            place.b_from = place.from;
            place.ahead = panel + place.to * QUELL_LANES;
        }
        int last = place.to == x->k;
        place.addends = last ? x->addends : 0;
        place.out_row = last ? to->out_row : place.stride;
        for (size_t tile = 0, r = 0; tile < tiles_of_rows; tile++) {
            size_t now = rows + (tile < longer);
            place.a = a + r;
            place.total = to->total + r * place.stride;
            place.out = (last ? to->out : to->total) + r * place.out_row;
            for (size_t k = 0; k < place.addends; k++) {
                place.addend[k].row = x->addend[k].row;
                place.addend[k].at = x->addend[k].at + (i + r) * x->addend[k].row + j;
            }
            dot_tiles[reading][now][v](&place);
            r += now;
        }
    }
}

/* Returns whether the rest is no longer needed. `done` counts multiply-adds since the last
 * check. */
VERB int dots_are_over(const struct quell_dots *x, size_t work, size_t *done)
{
    *done += work;
    if (!x->over || *done < QUELL_LONG_DOTS) return 0;
    *done = 0;
    return x->over(x->asked);
}

/* Computes rows i ... i + count - 1. Returns 1 if the rest is no longer needed. */
static int dot_rows(const struct quell_dots *x, size_t i, size_t count, size_t *work)
{
    /* All strips have at most QUELL_PANEL columns, except those of at most three rows. */
    float total[MOST_DOT_ROWS * QUELL_PANEL], turned[MOST_DOT_ROWS * QUELL_PANEL];
    const float *a[MOST_DOT_ROWS];
    for (size_t r = 0; r < count; r++) a[r] = x->a + (x->row ? x->row[i + r] : (i + r) * x->a_row);
    size_t columns = (x->n + QUELL_LANES - 1) / QUELL_LANES * QUELL_LANES;
    size_t most = (count + (count + ROWS - 1) / ROWS - 1) / ((count + ROWS - 1) / ROWS);
    for (size_t j = 0; j < x->n;) {
        unsigned v = widest(most, columns - j);
        size_t strip = (size_t)LANES << v;
        if (dots_are_over(x, count * strip * x->k, work)) return 1;
        while (x->turned && strip > QUELL_PANEL) strip = (size_t)LANES << --v;
        if (x->out) {
            struct dot_results to = {total, x->out + i * x->out_row + j, x->out_row};
            dot_strip(x, a, i, count, j, v, &to);
            j += strip;
            continue;
        }
        struct quell_dots_done done = {i,     count, j, x->n - j < strip ? x->n - j : strip,
                                       total, strip};
        dot_strip(x, a, i, count, j, v, &(struct dot_results){total, total, strip});
        if (x->turned) {
            turn(total, count, strip, done.columns, turned, MOST_DOT_ROWS);
            done = (struct quell_dots_done){j, done.columns, i, count, turned, MOST_DOT_ROWS};
        }
        x->finish(x->user, &done);
        j += strip;
    }
    return 0;
}

static void dot_few(const struct quell_dots *x, size_t i, size_t count)
{
    float total[MOST_DOT_ROWS * FEW_STRIDE];
    few_rows(x, i, count, total, FEW_STRIDE);
    struct quell_dots_done done = {i, count, 0, x->n, total, FEW_STRIDE};
    x->finish(x->user, &done);
}

static void dots(const struct quell_dots *x)
{
    size_t parts = (x->m + MOST_DOT_ROWS - 1) / MOST_DOT_ROWS, work = 0;
    int few = dots_are_few(x);
    for (size_t part = 0, i = 0; part < parts; part++) {
        size_t count = x->m / parts + (part < x->m % parts);
        if (few && count >= LANES) {
            if (dots_are_over(x, count * x->n * x->k, &work)) return;
            dot_few(x, i, count);
        } else if (dot_rows(x, i, count, &work)) {
            return;
        }
        i += count;
    }
}
