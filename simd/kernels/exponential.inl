/* SPDX-License-Identifier: MIT */
/* The exponential: x = n ln 2 + r, |r| <= ln(2) / 2, e^x = 2^n e^r.
 *
 * n comes from adding 1.5 * 2^23 + 127, which rounds x / ln 2 to nearest and leaves n + 127, the
 * exponent field of 2^n, in the last bits. r takes two fused steps with ln 2 in two parts; the
 * first is exact. e^r = 1 + r + r^2 q(r), q of degree 4: the coefficients minimise the largest
 * relative error (linear programming on 801 Chebyshev points), were rounded to float one by one,
 * the lowest first, and refitted after each. What is left is 3.2e-9 relative; with the roundings
 * of float the error is below 0.9 ulp (tests/kernels/test_kernels.c). */

/* For x in [-inf, 88.3]. Returns 0 if e^x is below the smallest normal number. A NaN stays NaN. */
VERB vf v_exp(vf x)
{
    const vf shift = v_set1(0x1.8000fep+23f);
    vf shifted = v_fma(x, v_set1(0x1.715476p+0f), shift);
    vf n = v_sub(shifted, shift);
    vf r = v_fnma(n, v_set1(0x1.62e430p-1f), x);
    r = v_fnma(n, v_set1(-0x1.05c610p-29f), r);
    vf p = v_set1(0x1.6a511ap-10f);
    p = v_fma(p, r, v_set1(0x1.12397cp-7f));
    p = v_fma(p, r, v_set1(0x1.5558acp-5f));
    p = v_fma(p, r, v_set1(0x1.555492p-3f));
    p = v_fma(p, r, v_set1(0x1.fffffcp-2f));
    p = v_fma(p, r, v_set1(1.0f));
    p = v_fma(p, r, v_set1(1.0f));
    p = v_mul(p, v_from_bits(v_ishl(v_bits(shifted), 23)));
    return v_select(v_less(x, v_set1(-0x1.5d589ep+6f)), v_set1(0.0f), p);
}

/* v_exp for x <= 0, which skips the computation if the result is 0 in every lane. */
VERB vf v_exp_or_zero(vf x)
{
    if (!v_any(v_less(v_set1(-87.5f), x)) && !v_any_nan(x)) return v_set1(0.0f);
    return v_exp(x);
}

static void exponential(float *out, const float *x, size_t count)
{
    size_t i = 0;
    for (; i + LANES <= count; i += LANES) v_store(out + i, v_exp(v_load(x + i)));
    if (i < count) v_store_n(out + i, v_exp(v_load_n(x + i, count - i)), count - i);
}
