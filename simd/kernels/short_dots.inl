/* SPDX-License-Identifier: MIT */
/* Sums of products of short numbers: of bytes (bytes.inl), or of bfloat16 numbers (halves.inl).
 * Elements of a left side and weights come in groups; the weights of a group have 32 bits. The
 * types and verbs:
 *
 *   bl  a group of elements of a left side, for each column     br  one of weights, of some columns
 *   ba  sums of these columns; BYTE_PARTS of them have LANES columns
 *   byte_unit: makes results of the sums of LANES columns */

/* `vectors` is the number of sums in a row: BYTE_PARTS for each unit of LANES columns. */
TILE void byte_zero(ba *sum, const size_t vectors)
{
#define BYTE_NONE(v) sum[v] = b_none()
    EACH_VECTOR(BYTE_NONE);
}

TILE void byte_step(ba *sum, const byte_element *at, const br *right, const size_t vectors)
{
    bl left = b_left(at);
#define BYTE_PRODUCT(v) sum[v] = b_dot(sum[v], left, right[v])
    EACH_VECTOR(BYTE_PRODUCT);
}

TILE void byte_end(const struct byte_place *x, const ba *sum, size_t r, const size_t vectors)
{
#define BYTE_END(v) \
    if (v % BYTE_PARTS == 0) byte_unit(x, sum[v], sum[v | (BYTE_PARTS - 1)], r, v / BYTE_PARTS)
    EACH_VECTOR(BYTE_END);
}

/* The number of rows whose pointers are kept in registers (dots.inl). */
#define KEPT_BYTE_ROWS 6

TILE void byte_tile(const struct byte_place *x, const size_t rows, const size_t vectors)
{
    const byte_element *a[MOST_ROWS], *const volatile *rest = x->a;
    const size_t *offset = x->left, *end = x->left + x->groups;
    const signed char *b = x->b;
    ba sum[MOST_ROWS][MOST_VECTORS];
    br right[MOST_VECTORS];
#define BYTE_ROW(r) a[r] = x->a[r]
    EACH_ROW(BYTE_ROW);
#define BYTE_ZEROS(r) byte_zero(sum[r], vectors)
    EACH_ROW(BYTE_ZEROS);
    for (; offset < end; offset++, b += NEXT_GROUP) {
        size_t at = *offset;
#define BYTE_RIGHT(v) right[v] = b_right(b + v * ((LANES * WORD) / BYTE_PARTS))
        EACH_VECTOR(BYTE_RIGHT);
#define BYTE_STEP(r) byte_step(sum[r], (r < KEPT_BYTE_ROWS ? a[r] : rest[r]) + at, right, vectors)
        EACH_ROW(BYTE_STEP);
    }
#define BYTE_STORE(r) byte_end(x, sum[r], r, vectors)
    EACH_ROW(BYTE_STORE);
}

typedef void byte_function(const struct byte_place *x);

#define BYTE_TILE(rows)                                      \
    static void byte_tile_##rows(const struct byte_place *x) \
    {                                                        \
        byte_tile(x, rows, BYTE_UNITS *BYTE_PARTS);          \
    }
BYTE_TILE(1)
BYTE_TILE(2)
BYTE_TILE(3)
BYTE_TILE(4)
#if BYTE_ROWS > 4
BYTE_TILE(5)
BYTE_TILE(6)
#endif
#if BYTE_ROWS > 6
BYTE_TILE(7)
BYTE_TILE(8)
BYTE_TILE(9)
BYTE_TILE(10)
BYTE_TILE(11)
BYTE_TILE(12)
#endif
static byte_function *const byte_tiles[BYTE_ROWS + 1] = {
    NULL,        byte_tile_1, byte_tile_2, byte_tile_3,  byte_tile_4,
#if BYTE_ROWS > 4
    byte_tile_5, byte_tile_6,
#endif
#if BYTE_ROWS > 6
    byte_tile_7, byte_tile_8, byte_tile_9, byte_tile_10, byte_tile_11, byte_tile_12,
#endif
};

/* Computes rows i ... i + count - 1 of a panel. The columns of a tile are the outer loop. */
static void byte_panel(const struct quell_byte_dots *x, size_t i, size_t count, size_t panel,
                       float *total)
{
    const byte_element *a[MOST_BYTE_ROWS];
    size_t tiles_of_rows = (count + BYTE_ROWS - 1) / BYTE_ROWS;
    size_t rows = count / tiles_of_rows, longer = count % tiles_of_rows;
    const float *b = x->b + panel * quell_byte_panel(x->groups);
    struct byte_place place = {
        .step_row = x->step_row, .groups = x->groups, .left = x->left, .biased = x->biased};
    for (size_t r = 0; r < count; r++)
        a[r] = (const byte_element *)x->a + (x->row ? x->row[i + r] : (i + r) * x->a_row);
    for (size_t j = 0; j < QUELL_PANEL && panel * QUELL_PANEL + j < x->n; j += BYTE_UNITS * LANES) {
        place.b = (const signed char *)b + j * WORD;
        place.ends = b + x->groups * QUELL_PANEL + j;
        for (size_t tile = 0, r = 0; tile < tiles_of_rows; tile++) {
            size_t now = rows + (tile < longer);
            place.a = a + r;
            place.step = x->step + (i + r) * x->step_row;
            place.total = total + r * QUELL_PANEL + j;
            byte_tiles[now](&place);
            r += now;
        }
    }
}

static void byte_rows(const struct quell_byte_dots *x, size_t i, size_t count)
{
    float total[MOST_BYTE_ROWS * QUELL_PANEL], turned[MOST_BYTE_ROWS * QUELL_PANEL];
    for (size_t j = 0; j < x->n; j += QUELL_PANEL) {
        size_t columns = x->n - j < QUELL_PANEL ? x->n - j : QUELL_PANEL;
        struct quell_dots_done done = {i, count, j, columns, total, QUELL_PANEL};
        byte_panel(x, i, count, j / QUELL_PANEL, total);
        if (x->turn) {
            x->turn(total, count, QUELL_PANEL, columns, turned, MOST_BYTE_ROWS);
            done = (struct quell_dots_done){j, columns, i, count, turned, MOST_BYTE_ROWS};
        }
        x->finish(x->user, &done);
    }
}

static void byte_dots(const struct quell_byte_dots *x)
{
    size_t parts = (x->m + MOST_BYTE_ROWS - 1) / MOST_BYTE_ROWS;
    for (size_t part = 0, i = 0; part < parts; part++) {
        size_t count = x->m / parts + (part < x->m % parts);
        byte_rows(x, i, count);
        i += count;
    }
}
