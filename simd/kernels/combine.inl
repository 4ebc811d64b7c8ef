/* SPDX-License-Identifier: MIT */
/* Linear combinations in one pass over memory: the update of every sampler.
 *
 * In an `update` the first input has the factor 1. The other terms, which are small if steps are,
 * are summed before they are added to it: only that last addition is rounded at the size of the
 * state.
 *
 * There is one loop for each number of inputs, so that the coefficients stay in registers and the
 * inner loop has no branch. Four vectors are in flight: the sums of one do not wait for those of
 * another. The check whether all results are finite costs one addition for each, in other units
 * than those that multiply: if a sum is finite, so are its terms. Only if it is not are the terms
 * checked one by one. */

struct combination {
    const float *in[QUELL_MAX_INPUTS];
    vf c[QUELL_MAX_INPUTS];
};

VERB vf combine_load(const struct combination *from, size_t k, size_t i, size_t n)
{
    return n == LANES ? v_load(from->in[k] + i) : v_load_n(from->in[k] + i, n);
}

/* Adds the next term, if there is one. `inputs`, `k` and (except in the tail) `n` are constants
 * after inlining. */
VERB vf combine_term(vf sum, const struct combination *from, size_t k, size_t inputs, size_t i,
                     size_t n)
{
    return k < inputs ? v_fma(from->c[k], combine_load(from, k, i, n), sum) : sum;
}

/* Computes and returns elements i ... i + n - 1 of out. `kept` says whether this is an update, and
 * is also a constant. */
VERB vf combine_lanes(float *out, const struct combination *from, size_t inputs, int kept, size_t i,
                      size_t n)
{
    vf x = combine_load(from, 0, i, n), sum = v_mul(from->c[0], x);
    sum = combine_term(sum, from, 1, inputs, i, n);
    sum = combine_term(sum, from, 2, inputs, i, n);
    sum = combine_term(sum, from, 3, inputs, i, n);
    sum = combine_term(sum, from, 4, inputs, i, n);
    sum = combine_term(sum, from, 5, inputs, i, n);
    sum = combine_term(sum, from, 6, inputs, i, n);
    sum = combine_term(sum, from, 7, inputs, i, n);
    if (kept) sum = v_add(sum, x);
    if (n == LANES)
        v_store(out + i, sum);
    else
        v_store_n(out + i, sum, n);
    return sum;
}

VERB void combine_take(struct combination *from, size_t k, size_t inputs, const float *c,
                       const float *const *in)
{
    from->in[k] = k < inputs ? in[k] : in[0];
    from->c[k] = v_set1(k < inputs ? c[k] : 0.0f);
}

/* Returns whether any value is not finite: 0 x is 0, or NaN if x is infinite or NaN. */
static int any_not_finite(const float *x, size_t count)
{
    const vf zero = v_set1(0.0f);
    int any = 0;
    for (size_t i = 0; i < count; i += LANES)
        any |= v_any_nan(v_mul(zero, v_load_n(x + i, count - i < LANES ? count - i : LANES)));
    return any;
}

VERB int combine_inputs(size_t inputs, int kept, float *out, size_t count, const float *c,
                        const float *const *in)
{
    const vf zero = v_set1(0.0f);
    struct combination from;
    combine_take(&from, 0, inputs, c, in);
    combine_take(&from, 1, inputs, c, in);
    combine_take(&from, 2, inputs, c, in);
    combine_take(&from, 3, inputs, c, in);
    combine_take(&from, 4, inputs, c, in);
    combine_take(&from, 5, inputs, c, in);
    combine_take(&from, 6, inputs, c, in);
    combine_take(&from, 7, inputs, c, in);
    vf sum0 = zero, sum1 = zero, sum2 = zero, sum3 = zero;
    size_t i = 0;
    for (; i + 4 * LANES <= count; i += 4 * LANES) {
        sum0 = v_add(sum0, combine_lanes(out, &from, inputs, kept, i, LANES));
        sum1 = v_add(sum1, combine_lanes(out, &from, inputs, kept, i + LANES, LANES));
        sum2 = v_add(sum2, combine_lanes(out, &from, inputs, kept, i + 2 * LANES, LANES));
        sum3 = v_add(sum3, combine_lanes(out, &from, inputs, kept, i + 3 * LANES, LANES));
    }
    for (; i + LANES <= count; i += LANES)
        sum0 = v_add(sum0, combine_lanes(out, &from, inputs, kept, i, LANES));
    if (i < count) sum0 = v_add(sum0, combine_lanes(out, &from, inputs, kept, i, count - i));
    vf sum = v_add(v_add(sum0, sum1), v_add(sum2, sum3));
    return v_any_nan(v_mul(zero, sum)) && any_not_finite(out, count);
}

/* Defines one function for each number of inputs. */
#define COMBINE(name, kept)                                                  \
    static int name(float *out, size_t count, size_t inputs, const float *c, \
                    const float *const *in)                                  \
    {                                                                        \
        switch (inputs) {                                                    \
        case 1:                                                              \
            return combine_inputs(1, kept, out, count, c, in);               \
        case 2:                                                              \
            return combine_inputs(2, kept, out, count, c, in);               \
        case 3:                                                              \
            return combine_inputs(3, kept, out, count, c, in);               \
        case 4:                                                              \
            return combine_inputs(4, kept, out, count, c, in);               \
        case 5:                                                              \
            return combine_inputs(5, kept, out, count, c, in);               \
        case 6:                                                              \
            return combine_inputs(6, kept, out, count, c, in);               \
        case 7:                                                              \
            return combine_inputs(7, kept, out, count, c, in);               \
        default:                                                             \
            return combine_inputs(8, kept, out, count, c, in);               \
        }                                                                    \
    }

COMBINE(combine, 0)
COMBINE(update, 1)
#undef COMBINE

/* v_max and v_min return their last operand if it is NaN, so x comes last. */
VERB vf clamp_lanes(vf x, vf low, vf high) { return v_min(high, v_max(low, x)); }

static void clamp(float *x, size_t count, float low, float high)
{
    const vf least = v_set1(low), most = v_set1(high);
    size_t i = 0;
    for (; i + LANES <= count; i += LANES) v_store(x + i, clamp_lanes(v_load(x + i), least, most));
    size_t n = count - i;
    if (n) v_store_n(x + i, clamp_lanes(v_load_n(x + i, n), least, most), n);
}
