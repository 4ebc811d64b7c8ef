/* SPDX-License-Identifier: MIT */
/* Sums and Squares of a program (docs/programs.md) over many sets of at most 1024 elements, which
 * are consecutive or in columns, and the rest of a norm. */

static void sum_rows(const struct quell_sums *x)
{
    for (size_t s = 0; s < x->sets; s++) {
        const float *set = x->x + s * x->step;
        x->out[s] = x->squares ? squares_of(set, x->count, x->mean ? x->mean[s] : 0.0f)
                               : sum_of(set, x->count);
    }
}

/* Sums LANES columns: element i of each is added to its partial sum i modulo 16. */
VERB vf sum_lanes(const float *x, size_t count, size_t step, vf mean, const int squares, size_t n)
{
    vf sum[QUELL_LANES];
    for (size_t l = 0; l < QUELL_LANES; l++) sum[l] = v_set1(0.0f);
#define COLUMN_ADD(l)                                                             \
    do {                                                                          \
        vf a = n == LANES ? v_load(x + (l) * step) : v_load_n(x + (l) * step, n); \
        if (squares) a = v_sub(a, mean);                                          \
        sum[l] = squares ? v_fma(a, a, sum[l]) : v_add(sum[l], a);                \
    } while (0)
    for (; count >= QUELL_LANES; count -= QUELL_LANES, x += QUELL_LANES * step) {
        COLUMN_ADD(0);
        COLUMN_ADD(1);
        COLUMN_ADD(2);
        COLUMN_ADD(3);
        COLUMN_ADD(4);
        COLUMN_ADD(5);
        COLUMN_ADD(6);
        COLUMN_ADD(7);
        COLUMN_ADD(8);
        COLUMN_ADD(9);
        COLUMN_ADD(10);
        COLUMN_ADD(11);
        COLUMN_ADD(12);
        COLUMN_ADD(13);
        COLUMN_ADD(14);
        COLUMN_ADD(15);
    }
    for (size_t l = 0; l < count; l++) COLUMN_ADD(l);
    for (size_t half = QUELL_LANES / 2; half; half /= 2)
        for (size_t l = 0; l < half; l++) sum[l] = v_add(sum[l], sum[l + half]);
    return sum[0];
}

static void sum_columns(const struct quell_sums *x)
{
    for (size_t s = 0; s < x->sets; s += LANES) {
        size_t n = x->sets - s < LANES ? x->sets - s : LANES;
        vf mean = x->mean ? v_load_n(x->mean + s, n) : v_set1(0.0f);
        const float *set = x->x + s;
        vf sum;
        if (n == LANES)
            sum = x->squares ? sum_lanes(set, x->count, x->step, mean, 1, LANES)
                             : sum_lanes(set, x->count, x->step, mean, 0, LANES);
        else
            sum = x->squares ? sum_lanes(set, x->count, x->step, mean, 1, n)
                             : sum_lanes(set, x->count, x->step, mean, 0, n);
        v_store_n(x->out + s, sum, n);
    }
}

/* An operand of the norm at the columns from i on of a row. */
#define NORM_OPERAND(o, n) \
    ((o).column ? v_load_n((o).at + row * (o).row + i, n) : v_set1((o).at[row * (o).row]))

VERB vf standard(const struct quell_standard *s, vf x, size_t row, size_t i, size_t n)
{
    vf y = s->mean.at ? v_sub(x, NORM_OPERAND(s->mean, n)) : x;
    y = v_mul(y, NORM_OPERAND(s->factor, n));
    if (s->shift.at) return v_fma(y, NORM_OPERAND(s->scale, n), NORM_OPERAND(s->shift, n));
    return s->scale.at ? v_mul(y, NORM_OPERAND(s->scale, n)) : y;
}

static void standardise(const struct quell_standard *s)
{
    for (size_t row = 0; row < s->rows; row++) {
        const float *x = s->x + row * s->x_row;
        float *out = s->out + row * s->out_row;
        size_t i = 0;
        for (; i + LANES <= s->columns; i += LANES)
            v_store(out + i, standard(s, v_load(x + i), row, i, LANES));
        size_t rest = s->columns - i;
        if (rest) v_store_n(out + i, standard(s, v_load_n(x + i, rest), row, i, rest), rest);
    }
}

/* Turns scores into e^(score - the greatest). A row whose greatest score is -infinity is not
 * changed, and its total is 0. */
static void weigh_rows(float *x, size_t rows, size_t stride, size_t count, float *total)
{
    for (size_t row = 0; row < rows; row++, x += stride) {
        float greatest = largest_of(x, count);
        total[row] = 0;
        if (greatest == -__builtin_inff()) continue;
        vf most = v_set1(greatest);
        size_t i = 0;
        for (; i + LANES <= count; i += LANES) v_store(x + i, v_exp(v_sub(v_load(x + i), most)));
        if (i < count) v_store_n(x + i, v_exp(v_sub(v_load_n(x + i, count - i), most)), count - i);
        total[row] = count <= 1024 ? sum_of(x, count) : 1.0f;
    }
}
