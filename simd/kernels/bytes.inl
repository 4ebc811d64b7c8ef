/* SPDX-License-Identifier: MIT */
/* Quantising, and sums of products of bytes (bytes.h), over the verbs of a bytes_*.h header:
 *
 *   bl  four elements of a left side, for each column     br  four weights of some columns
 *   ba  sums of these columns; BYTE_PARTS of them have LANES columns
 *   b_whole: the sums of LANES columns, of BYTE_PARTS of them (first, and last)
 *   b_put: stores LANES whole numbers as elements, b_put_signed as bytes with a sign */

#define MOST_BYTE_ROWS 192
#define UNIT_BYTES (LANES * QUELL_GROUP)

VERB vi greater(vi most, vf x)
{
    vi now = v_iand(v_bits(x), v_iset1(0x7FFFFFFF));
    return v_iselect(v_iless(most, now), now, most);
}

/* Two chains, so that one does not wait for the other. */
static uint32_t greatest(size_t count, const float *x)
{
    vi most = v_iset1(0), other = most;
    uint32_t lane[2][LANES], found = 0;
    size_t i = 0;
    for (; i + 2 * LANES <= count; i += 2 * LANES) {
        most = greater(most, v_load(x + i));
        other = greater(other, v_load(x + i + LANES));
    }
    for (; i < count; i += LANES) most = greater(most, v_load_n(x + i, count - i));
    v_istore(lane[0], most);
    v_istore(lane[1], other);
    for (size_t l = 0; l < 2 * LANES; l++)
        if (lane[l / LANES][l % LANES] > found) found = lane[l / LANES][l % LANES];
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

/* Four channels at LANES positions, of which there are `count`: their elements side by side in
 * words of 32 bits, so that few pieces are stored. */
VERB void put_group(size_t count, const float *x, size_t channels, size_t x_row, vf by,
                    byte_element *out, size_t out_row)
{
    enum { BITS = 8 * sizeof(byte_element), EACH = 32 / BITS, WORDS = QUELL_GROUP / EACH };
    uint32_t words[WORDS][LANES];
    for (size_t w = 0; w < WORDS; w++) {
        vi word = v_iset1(BYTE_ZERO * 0x01010101u);
        for (size_t k = 0; k < EACH && w * EACH + k < channels; k++) {
            vf value = v_mul(v_load_n(x + (w * EACH + k) * x_row, count), by);
            vi low = v_iand(v_to_int(value), v_iset1(0xFFFFFFFFu >> (32 - BITS)));
            word = v_ixor(word, k == 0   ? low
                                : k == 1 ? v_ishl(low, BITS)
                                : k == 2 ? v_ishl(low, 16)
                                         : v_ishl(low, 24));
        }
        v_istore(words[w], word);
    }
    for (size_t l = 0; l < LANES && l < count; l++)
        for (size_t w = 0; w < WORDS; w++)
            __builtin_memcpy(out + l * out_row + w * EACH, &words[w][l], sizeof words[w][l]);
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

/* The sum of the lanes, as of integers modulo 2^32. */
VERB uint32_t sum_lanes(vi a)
{
    uint32_t lane[LANES], sum = 0;
    v_istore(lane, a);
    for (size_t l = 0; l < LANES; l++) sum += lane[l];
    return sum;
}

static uint32_t shares(size_t count, const float *e, void *out)
{
    const vf by = v_set1(254), less = v_set1(-127);
    vi sum = v_iset1(0);
    size_t i = 0, end = (count + QUELL_GROUP - 1) / QUELL_GROUP * QUELL_GROUP;
    int nan = 0;
    for (; i + LANES <= count; i += LANES) {
        vf value = v_load(e + i);
        vi whole = v_to_int(v_max(v_fma(by, value, less), less)); /* -127 of NaN */
        nan |= v_any_nan(value);
        sum = v_iadd(sum, v_iadd(whole, v_iset1(127)));
        b_put(element_at(out, i), whole);
    }
    if (i < end) {
        vf value = v_load_n(e + i, count - i); /* the lanes beyond are 0, which are -127 */
        vi whole = v_to_int(v_max(v_fma(by, value, less), less)); /* -127 of NaN */
        byte_element some[LANES];
        nan |= v_any_nan(value);
        sum = v_iadd(sum, v_iadd(whole, v_iset1(127)));
        b_put(some, whole);
        for (size_t l = 0; l < LANES && i < count; l++) *element_at(out, i++) = some[l];
    }
    for (; i < end; i++) *element_at(out, i) = BYTE_ZERO;
    return nan ? UINT32_MAX : sum_lanes(sum);
}

static void greatest_columns(size_t rows, size_t columns, const float *x, size_t x_row,
                             uint32_t *most)
{
    for (size_t c = 0; c < columns; c += LANES) {
        uint32_t lane[LANES];
        vi now = v_iset1(0);
        for (size_t p = 0; p < rows; p++)
            now = greater(now, v_load_n(x + p * x_row + c, columns - c));
        v_istore(lane, now);
        for (size_t l = 0; l < LANES && c + l < columns; l++) most[c + l] = lane[l];
    }
}

#define NEXT_GROUP ((size_t)QUELL_PANEL * QUELL_GROUP)

static int32_t pack_row(size_t count, const float *x, float inverse, signed char *to)
{
    vf by = v_set1(inverse);
    vi sum = v_iset1(0);
    for (size_t i = 0; i < count; i += 4 * LANES) {
        signed char some[4 * LANES];
        size_t groups = (count - i + QUELL_GROUP - 1) / QUELL_GROUP;
        for (size_t k = 0; k < 4; k++) {
            size_t at = i + k * LANES;
            vi whole = v_iset1(0);
            if (at < count) whole = v_to_int(v_mul(v_load_n(x + at, count - at), by));
            sum = v_iadd(sum, whole);
            b_put_signed(some + k * LANES, whole);
        }
        for (size_t g = 0; g < LANES && g < groups; g++, to += NEXT_GROUP)
            __builtin_memcpy(to, some + g * QUELL_GROUP, QUELL_GROUP);
    }
    return (int32_t)sum_lanes(sum);
}

static void pack_rows(size_t rows, size_t columns, const float *x, size_t x_row,
                      const float *inverse, signed char *to, int32_t *sum)
{
    for (size_t c = 0; c < columns; c += LANES) {
        vf by = v_load(inverse + c), none = v_set1(0);
        vm some = v_less(none, by); /* no number that is none becomes a whole one */
        vi all = v_iset1(0);
        uint32_t word[LANES];
        signed char *group = to + c * QUELL_GROUP;
        for (size_t p = 0; p < rows; p += QUELL_GROUP, group += NEXT_GROUP) {
            vi four[QUELL_GROUP];
            for (size_t k = 0; k < QUELL_GROUP; k++) {
                four[k] = v_iset1(0);
                if (p + k < rows) {
                    vf value = v_load_n(x + (p + k) * x_row + c, columns - c);
                    four[k] = v_to_int(v_select(some, v_mul(value, by), none));
                }
                all = v_iadd(all, four[k]);
                four[k] = v_iand(four[k], v_iset1(255));
            }
            v_istore(word, v_ixor(v_ixor(four[0], v_ishl(four[1], 8)),
                                  v_ixor(v_ishl(four[2], 16), v_ishl(four[3], 24))));
            __builtin_memcpy(group, word, sizeof word);
        }
        v_istore(word, all);
        for (size_t l = 0; l < LANES; l++) sum[c + l] = (int32_t)word[l];
    }
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
