/* SPDX-License-Identifier: MIT */
/* Quantising, and sums of products of bytes (bytes.h), over the verbs of a bytes_*.h header:
 *
 *   bl  four elements of a left side, for each column     br  four weights of some columns
 *   ba  sums of these columns; BYTE_PARTS of them have LANES columns
 *   b_whole: the sums of LANES columns, of BYTE_PARTS of them (first, and last)
 *   b_put: stores LANES whole numbers as elements */

#define MOST_BYTE_ROWS 192
#define UNIT_BYTES (LANES * QUELL_GROUP)

static uint32_t greatest(size_t count, const float *x)
{
    vi most = v_iset1(0), mask = v_iset1(0x7FFFFFFF);
    uint32_t lane[LANES], found = 0;
    for (size_t i = 0; i < count; i += LANES) {
        vi now = v_iand(v_bits(v_load_n(x + i, count - i)), mask);
        most = v_iselect(v_iless(most, now), now, most);
    }
    v_istore(lane, most);
    for (size_t l = 0; l < LANES; l++) found = lane[l] > found ? lane[l] : found;
    return found;
}

VERB byte_element *element_at(void *out, size_t i) { return (byte_element *)out + i; }

static void quantise(size_t count, const float *x, float inverse, void *out)
{
    size_t i = 0, end = (count + QUELL_GROUP - 1) / QUELL_GROUP * QUELL_GROUP;
    vf by = v_set1(inverse);
    for (; i + LANES <= count; i += LANES)
        b_put(element_at(out, i), v_to_int(v_mul(v_load(x + i), by)));
    if (i < end) {
        byte_element some[LANES];
        b_put(some, v_to_int(v_mul(v_load_n(x + i, count - i), by)));
        for (size_t l = 0; l < LANES && i < count; l++) *element_at(out, i++) = some[l];
    }
    for (; i < end; i++) *element_at(out, i) = BYTE_ZERO;
}

/* Four channels at LANES positions. */
VERB void put_group(size_t count, const float *x, size_t channels, size_t x_row, vf by,
                    byte_element *out, size_t out_row)
{
    byte_element some[QUELL_GROUP][LANES];
    for (size_t c = 0; c < QUELL_GROUP; c++)
        if (c < channels)
            b_put(some[c], v_to_int(v_mul(v_load_n(x + c * x_row, count), by)));
        else
            for (size_t l = 0; l < LANES; l++) some[c][l] = BYTE_ZERO;
    for (size_t l = 0; l < LANES && l < count; l++)
        for (size_t c = 0; c < QUELL_GROUP; c++) out[l * out_row + c] = some[c][l];
}

static void quantise_turned(size_t count, size_t channels, const float *x, size_t x_row,
                            float inverse, void *out, size_t out_row)
{
    vf by = v_set1(inverse);
    for (size_t i = 0; i < count; i += LANES)
        for (size_t c = 0; c < channels; c += QUELL_GROUP)
            put_group(count - i, x + c * x_row + i, channels - c, x_row, by,
                      element_at(out, i * out_row + c), out_row);
}

static void zeros(size_t count, void *out)
{
    for (size_t i = 0; i < count; i++) *element_at(out, i) = BYTE_ZERO;
}

/* A tile at work: its rows of A, with their steps, and its columns, whose weights begin at b, in a
 * panel of which `ends` has the sums, scales and biases. */
struct byte_place {
    const byte_element *const *a;
    const float *step;
    size_t step_row, groups;
    const size_t *left;
    const signed char *b;
    const float *ends;
    int biased;
    float *total;
};

/* vectors: the sums of a row, BYTE_PARTS for each unit of LANES columns. */
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

/* The whole numbers become floats, which are scaled. */
TILE void byte_unit(const struct byte_place *x, ba first, ba last, size_t r, size_t unit)
{
    const float *at = x->ends + unit * LANES;
    vi whole = b_whole(first, last, v_bits(v_load(at)));
    vf t = v_mul(v_from_int(whole), v_set1(x->step[r * x->step_row]));
    vf scale = v_load(at + QUELL_PANEL);
    vf y = x->biased ? v_fma(t, scale, v_load(at + 2 * QUELL_PANEL)) : v_mul(t, scale);
    v_store(x->total + r * QUELL_PANEL + unit * LANES, y);
}

TILE void byte_end(const struct byte_place *x, const ba *sum, size_t r, const size_t vectors)
{
#define BYTE_END(v) \
    if (v % BYTE_PARTS == 0) byte_unit(x, sum[v], sum[v | (BYTE_PARTS - 1)], r, v / BYTE_PARTS)
    EACH_VECTOR(BYTE_END);
}

/* How many rows' pointers are kept in registers (dots.inl). */
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
    for (; offset < end; offset++, b += QUELL_PANEL * QUELL_GROUP) {
        size_t at = *offset;
#define BYTE_RIGHT(v) right[v] = b_right(b + v * (UNIT_BYTES / BYTE_PARTS))
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

/* Rows i ... i + count - 1 of a panel: the columns of a tile are the outer loop. */
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
        place.b = (const signed char *)b + j * QUELL_GROUP;
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
