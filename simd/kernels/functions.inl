/* SPDX-License-Identifier: MIT */
/* The functions of programs (docs/programs.md) that are computed in float, element by element, by
 * the exponential. v_min(c, x) and v_max(c, x) with a constant c keep a NaN in x. */

/* e^x for any x. Beyond v_exp's range it is computed as the square of e^(x / 2). */
VERB vf v_exp_wide(vf x)
{
    const vf most = v_set1(88.0f);
    vf half = v_exp(v_min(most, v_mul(x, v_set1(0.5f))));
    return v_select(v_less(most, x), v_mul(half, half), v_exp(v_min(most, x)));
}

/* 1 / (1 + e^-x) */
VERB vf v_sigmoid(vf x)
{
    vf e = v_exp(v_min(v_set1(88.0f), v_sub(v_set1(0.0f), x)));
    return v_div(v_set1(1.0f), v_add(v_set1(1.0f), e));
}

/* tanh(u) for |u| < 0.625: u + u^3 P(u^2), Cephes' polynomial. */
VERB vf v_tanh_small(vf u)
{
    vf z = v_mul(u, u);
    vf p = v_set1(-0x1.75e1d4p-8f);
    p = v_fma(p, z, v_set1(0x1.52269cp-6f));
    p = v_fma(p, z, v_set1(-0x1.b83c5ap-5f));
    p = v_fma(p, z, v_set1(0x1.110726p-3f));
    p = v_fma(p, z, v_set1(-0x1.555532p-2f));
    return v_fma(v_mul(u, z), p, u);
}

VERB vf v_tanh(vf x)
{
    const vf zero = v_set1(0.0f), one = v_set1(1.0f);
    vf u = v_max(x, v_sub(zero, x));
    vf t = v_exp(v_min(v_set1(88.0f), v_add(u, u)));
    vf large = v_sub(one, v_div(v_set1(2.0f), v_add(t, one)));
    vf y = v_select(v_less(u, v_set1(0.625f)), v_tanh_small(u), large);
    return v_select(v_less(x, zero), v_sub(zero, y), y);
}

/* x (1 + tanh(sqrt(2 / pi) (x + 0.044715 x^3))) / 2 = x / (1 + e^-z). Below -10, where z is -87.3,
 * it is the value at -10. */
VERB vf v_gelu_tanh(vf x)
{
    vf u = v_max(v_set1(-10.0f), x);
    vf z = v_mul(u, v_fma(v_mul(u, u), v_set1(0x1.2444f2p-4f), v_set1(0x1.988454p+0f)));
    vf e = v_exp(v_sub(v_set1(0.0f), z));
    return v_div(u, v_add(v_set1(1.0f), e));
}

/* e^x - 1, with t = tanh(x / 2): (1 + t) / (1 - t) = e^x. */
VERB vf v_expm1(vf x)
{
    const vf one = v_set1(1.0f);
    vf t = v_tanh_small(v_mul(x, v_set1(0.5f)));
    vf small = v_div(v_add(t, t), v_sub(one, t));
    vm near = v_less(v_max(x, v_sub(v_set1(0.0f), x)), one);
    return v_select(near, small, v_sub(v_exp_wide(x), one));
}

VERB vf v_selu(vf x)
{
    vf low = v_mul(v_set1(0x1.c212ccp+0f), v_expm1(x));
    return v_select(v_less(v_set1(0.0f), x), v_mul(v_set1(0x1.0cfabep+0f), x), low);
}

/* log(1 + e^x) = max(x, 0) + log(1 + t), t = e^-|x|; log(1 + t) = 2 artanh(t / (2 + t)), by its
 * series, whose remainder is below 2e-9. */
VERB vf v_softplus(vf x)
{
    const vf zero = v_set1(0.0f), two = v_set1(2.0f);
    vf t = v_exp(v_min(x, v_sub(zero, x)));
    vf s = v_div(t, v_add(two, t)), z = v_mul(s, s);
    vf q = v_set1(0x1.111112p-4f);
    q = v_fma(q, z, v_set1(0x1.3b13b2p-4f));
    q = v_fma(q, z, v_set1(0x1.745d18p-4f));
    q = v_fma(q, z, v_set1(0x1.c71c72p-4f));
    q = v_fma(q, z, v_set1(0x1.24924ap-3f));
    q = v_fma(q, z, v_set1(0x1.99999ap-3f));
    q = v_fma(q, z, v_set1(0x1.555556p-2f));
    vf rest = v_mul(v_add(s, s), v_fma(z, q, v_set1(1.0f)));
    return v_add(v_max(x, zero), rest);
}

/* x tanh(log(1 + e^x)) = x n / (n + 2), n = e^x (e^x + 2); 0 from -88 down to -infinity. */
VERB vf v_mish(vf x)
{
    const vf two = v_set1(2.0f);
    vf e = v_exp(v_min(v_set1(40.0f), x));
    vf n = v_mul(e, v_add(e, two));
    return v_mul(v_max(v_set1(-88.0f), x), v_div(n, v_add(n, two)));
}
