/* SPDX-License-Identifier: MIT */
/* Adds noise with a scale for each element, exp(a + b v). Checks whether all results are finite as
 * in combine.inl. */

/* v_min returns its last operand if it is NaN, so the exponent comes last. */
VERB vf spread_lanes(vf x, vf a, vf b, vf v, vf z)
{
    return v_fma(v_exp(v_min(v_set1(88.0f), v_fma(b, v, a))), z, x);
}

static int spread(float *out, size_t count, float a, float b, const float *v, const float *z)
{
    const vf zero = v_set1(0.0f), shift = v_set1(a), scale = v_set1(b);
    vf seen = zero;
    size_t i = 0;
    for (; i + LANES <= count; i += LANES) {
        vf x = spread_lanes(v_load(out + i), shift, scale, v_load(v + i), v_load(z + i));
        v_store(out + i, x);
        seen = v_fma(x, zero, seen);
    }
    size_t n = count - i;
    if (n) {
        vf x = spread_lanes(v_load_n(out + i, n), shift, scale, v_load_n(v + i, n),
                            v_load_n(z + i, n));
        v_store_n(out + i, x, n);
        seen = v_fma(x, zero, seen);
    }
    return v_any_nan(seen);
}
