/* SPDX-License-Identifier: MIT */
/* Rounding to bfloat16 (bytes.h). It uses these verbs of a halves_*.h header and those of
 * short_dots.inl:
 *
 *   h_upper: numbers rounded, as the upper halves of words     h_put: stores LANES of them rounded
 *   h_sum: the sums of LANES columns */

#define GROUP 2

static void round_row(size_t count, const float *x, float inverse, void *out)
{
    size_t i = 0, end = (count + GROUP - 1) / GROUP * GROUP;
    (void)inverse;
    for (; i + LANES <= count; i += LANES) h_put(element_at(out, i), v_load(x + i));
    if (i < count) {
        byte_element some[LANES];
        h_put(some, v_load_n(x + i, count - i));
        for (size_t l = 0; l < LANES && i < count; l++) *element_at(out, i++) = some[l];
    }
    for (; i < end; i++) *element_at(out, i) = BYTE_ZERO;
}

/* Stores a pair of numbers in the form that the kernels use, or as one word of weights. */
VERB void put_pair(byte_element *to, uint32_t lower, uint32_t upper)
{
    if (sizeof(byte_element) == sizeof lower) {
        uint32_t both[GROUP] = {lower, upper};
        __builtin_memcpy(to, both, sizeof both);
    } else {
        uint32_t word = lower >> 16 | upper;
        __builtin_memcpy(to, &word, sizeof word);
    }
}

static void round_turned(size_t count, size_t channels, const float *x, size_t x_row, float inverse,
                         void *out, size_t out_row)
{
    (void)inverse;
    for (size_t i = 0; i < count; i += LANES)
        for (size_t c = 0; c < channels; c += GROUP) {
            uint32_t pair[GROUP][LANES] = {{0}};
            for (size_t k = 0; k < GROUP && c + k < channels; k++)
                v_istore(pair[k], h_upper(v_load_n(x + (c + k) * x_row + i, count - i)));
            for (size_t l = 0; l < LANES && i + l < count; l++)
                put_pair(element_at(out, (i + l) * out_row + c), pair[0][l], pair[1][l]);
        }
}

static int32_t pack_row(size_t count, const float *x, float inverse, signed char *to)
{
    (void)inverse;
    for (size_t i = 0; i < count; i += GROUP * LANES) {
        uint32_t half[GROUP * LANES] = {0};
        for (size_t k = 0; k < GROUP; k++)
            if (i + k * LANES < count)
                v_istore(half + k * LANES,
                         h_upper(v_load_n(x + i + k * LANES, count - i - k * LANES)));
        for (size_t g = 0; g < LANES && i + g * GROUP < count; g++, to += NEXT_GROUP) {
            uint32_t word = half[GROUP * g] >> 16 | half[GROUP * g + 1];
            __builtin_memcpy(to, &word, sizeof word);
        }
    }
    return 0;
}

static void pack_rows(size_t rows, size_t columns, const float *x, size_t x_row,
                      const float *inverse, signed char *to, int32_t *sum)
{
    (void)inverse;
    (void)sum;
    for (size_t c = 0; c < columns; c += LANES)
        for (size_t p = 0; p < rows; p += GROUP) {
            signed char *group = to + p / GROUP * NEXT_GROUP + c * WORD;
            vi word = v_ishr(h_upper(v_load_n(x + p * x_row + c, columns - c)), 16);
            if (p + 1 < rows)
                word = v_ixor(word, h_upper(v_load_n(x + (p + 1) * x_row + c, columns - c)));
            v_istore((uint32_t *)(void *)group, word);
        }
}

TILE void byte_unit(const struct byte_place *x, ba first, ba last, size_t r, size_t unit)
{
    const float *at = x->ends + unit * LANES;
    vf sum = h_sum(first);
    (void)last;
    if (x->biased) sum = v_add(sum, v_load(at + 2 * QUELL_PANEL));
    v_store(x->total + r * QUELL_PANEL + unit * LANES, sum);
}
