/* SPDX-License-Identifier: MIT */
/* The posterior mean of a Gaussian. X ~ N(m, v), x = alpha X + sigma Z:
 *
 *     E[X | x] = m + gain (x - alpha m),   gain = alpha v / (alpha^2 v + sigma^2). */

VERB vf gaussian_lanes(vf x, vf mean, vf alpha, vf gain)
{
    return v_fma(gain, v_fnma(alpha, mean, x), mean);
}

static void gaussian(float *out, const float *x, size_t count, const float *mean, float alpha,
                     float gain)
{
    const vf a = v_set1(alpha), g = v_set1(gain);
    size_t i = 0;
    for (; i + LANES <= count; i += LANES)
        v_store(out + i, gaussian_lanes(v_load(x + i), v_load(mean + i), a, g));
    size_t n = count - i;
    if (n) v_store_n(out + i, gaussian_lanes(v_load_n(x + i, n), v_load_n(mean + i, n), a, g), n);
}

/* 0 where v is, even where sigma is 0 too: X is its mean there. */
VERB vf gaussian_gain(vf v, vf alpha, vf alpha2, vf sigma2)
{
    const vf zero = v_set1(0.0f);
    vf gain = v_div(v_mul(alpha, v), v_fma(alpha2, v, sigma2));
    return v_select(v_less(zero, v), gain, zero);
}

static void gaussian_diagonal(float *out, const float *x, size_t count, const float *mean,
                              const float *variance, float alpha, float sigma)
{
    const vf a = v_set1(alpha), a2 = v_set1(alpha * alpha), s2 = v_set1(sigma * sigma);
    size_t i = 0;
    for (; i + LANES <= count; i += LANES) {
        vf gain = gaussian_gain(v_load(variance + i), a, a2, s2);
        v_store(out + i, gaussian_lanes(v_load(x + i), v_load(mean + i), a, gain));
    }
    size_t n = count - i;
    if (n) {
        vf gain = gaussian_gain(v_load_n(variance + i, n), a, a2, s2);
        v_store_n(out + i, gaussian_lanes(v_load_n(x + i, n), v_load_n(mean + i, n), a, gain), n);
    }
}
