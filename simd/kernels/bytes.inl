/* SPDX-License-Identifier: MIT */
/* Quantising (bytes.h). It uses these verbs of a bytes_*.h header and those of short_dots.inl:
 *
 *   b_put: stores LANES whole numbers as elements, b_put_signed as bytes with a sign
 *   b_whole: the sums of LANES columns, from BYTE_PARTS of them (first, and last) */

VERB vi greater(vi most, vf x)
{
    vi now = v_iand(v_bits(x), v_iset1(0x7FFFFFFF));
    return v_iselect(v_iless(most, now), now, most);
}

/* Uses two chains, so that one does not wait for the other. */
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

/* Writes four channels at LANES positions, of which `count` exist. The elements of a position are
 * combined into words of 32 bits, so that there are few stores. */
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

/* Returns the sum of the lanes, as integers modulo 2^32. */
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
        vi whole = v_to_int(v_max(v_fma(by, value, less), less)); /* NaN becomes -127 */
        nan |= v_any_nan(value);
        sum = v_iadd(sum, v_iadd(whole, v_iset1(127)));
        b_put(element_at(out, i), whole);
    }
    if (i < end) {
        vf value = v_load_n(e + i, count - i); /* the lanes beyond are 0, which becomes -127 */
        vi whole = v_to_int(v_max(v_fma(by, value, less), less)); /* NaN becomes -127 */
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
        vm some = v_less(none, by); /* no NaN or infinity is converted to a whole number */
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

/* Converts the sums of whole numbers to floats, and scales them. */
TILE void byte_unit(const struct byte_place *x, ba first, ba last, size_t r, size_t unit)
{
    const float *at = x->ends + unit * LANES;
    vi whole = b_whole(first, last, v_bits(v_load(at)));
    vf t = v_mul(v_from_int(whole), v_set1(x->step[r * x->step_row]));
    vf scale = v_load(at + QUELL_PANEL);
    vf y = x->biased ? v_fma(t, scale, v_load(at + 2 * QUELL_PANEL)) : v_mul(t, scale);
    v_store(x->total + r * QUELL_PANEL + unit * LANES, y);
}
