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

/* What depends on the schedule's point alone, for the diagonal Gaussian. */
struct diagonal_point {
    vf alpha, alpha2, sigma2, lost, less; /* -sigma^2 / alpha, and 1 / alpha - 1 */
    int low, apart;                       /* `low`: 1 / alpha is near 1 */
};

/* With alpha^2 v > sigma^2 the mean is nearer to x / alpha than to m, and is computed as x / alpha
 * plus a correction: x + (1 / alpha - 1) x - (1 / alpha - gain) (x - alpha m). If v is 0, the mean
 * is m, even if sigma is 0. One division serves both cases. */
VERB vf diagonal_lanes(const struct diagonal_point *p, vf x, vf m, vf v)
{
    const vf zero = v_set1(0.0f);
    vf kept = v_mul(p->alpha2, v), total = v_fma(p->alpha2, v, p->sigma2);
    vf apart = v_fnma(p->alpha, m, x), gain = v_mul(p->alpha, v);
    if (p->apart) return v_mul(v_div(p->lost, total), apart);
    if (!p->low) return v_fma(v_select(v_less(zero, v), v_div(gain, total), zero), apart, m);
    vm near = v_less(p->sigma2, kept);
    vf factor = v_div(v_select(near, p->lost, gain), total);
    factor = v_select(v_less(zero, v), factor, zero);
    vf sum = v_fma(factor, apart, v_select(near, v_mul(p->less, x), m));
    return v_select(near, v_add(x, sum), sum);
}

static void gaussian_diagonal(float *out, const float *x, size_t count, const float *mean,
                              const float *variance, double alpha, double sigma, int apart)
{
    const struct diagonal_point p = {
        v_set1((float)alpha),
        v_set1((float)(alpha * alpha)),
        v_set1((float)(sigma * sigma)),
        v_set1((float)(-sigma * sigma / alpha)),
        v_set1((float)((1 - alpha) / alpha)),
        alpha >= 0.5 && alpha <= 2,
        apart,
    };
    size_t i = 0;
    for (; i + LANES <= count; i += LANES)
        v_store(out + i, diagonal_lanes(&p, v_load(x + i), v_load(mean + i), v_load(variance + i)));
    size_t n = count - i;
    if (n)
        v_store_n(out + i,
                  diagonal_lanes(&p, v_load_n(x + i, n), v_load_n(mean + i, n),
                                 v_load_n(variance + i, n)),
                  n);
}
