/* SPDX-License-Identifier: MIT */
/* The activation functions of networks, element by element. */

/* x / (1 + e^-x). Below -88 it is the value at -88, -5e-37; v_max(c, x) keeps a NaN in x. */
VERB vf v_silu(vf x)
{
    vf u = v_max(v_set1(-88.0f), x);
    vf e = v_exp(v_sub(v_set1(0.0f), u));
    return v_div(u, v_add(v_set1(1.0f), e));
}

VERB vf v_relu(vf x) { return v_select(v_less(x, v_set1(0.0f)), v_set1(0.0f), x); }

VERB vf v_relu2(vf x)
{
    vf y = v_relu(x);
    return v_mul(y, y);
}

/* x Phi(x), where Phi is the normal distribution function: Phi(-u) = exp(p(u)) for u in [0, 5.6]. p
 * has degree 10, minimises the largest error on 4000 Chebyshev points (least squares, reweighted),
 * and leaves 1.5e-7. For larger u, x Phi(x) differs from x or 0 by less than 7e-8. Below -88, where
 * x may be -infinity, it is the value at -88. */
VERB vf v_gelu(vf x)
{
    const vf zero = v_set1(0.0f), most = v_set1(5.6f);
    vf minus = v_sub(zero, x), u = v_max(x, minus);
    vf p = v_set1(-0x1.89bca8p-27f), v = v_min(u, most);
    p = v_fma(p, v, v_set1(0x1.8a1896p-22f));
    p = v_fma(p, v, v_set1(-0x1.51e17cp-18f));
    p = v_fma(p, v, v_set1(0x1.3847a2p-15f));
    p = v_fma(p, v, v_set1(-0x1.1daf16p-13f));
    p = v_fma(p, v, v_set1(-0x1.0c6172p-13f));
    p = v_fma(p, v, v_set1(0x1.46ae52p-8f));
    p = v_fma(p, v, v_set1(-0x1.2acf46p-5f));
    p = v_fma(p, v, v_set1(-0x1.45e62cp-2f));
    p = v_fma(p, v, v_set1(-0x1.988532p-1f));
    p = v_fma(p, v, v_set1(-0x1.62e42ap-1f));
    vf tail = v_select(v_less(most, u), zero, v_exp(p));
    vf phi = v_select(v_less(x, zero), tail, v_sub(v_set1(1.0f), tail));
    return v_mul(v_max(v_set1(-88.0f), x), phi);
}
