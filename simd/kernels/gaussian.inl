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

/* What a point of the diagonal Gaussian has. */
struct diagonal_point {
    vf alpha, alpha2, sigma2, inverse, less; /* 1 / alpha, and that less 1 */
    int low, apart;                          /* whether 1 / alpha is near 1 */
};

/* With alpha^2 v > sigma^2 the mean is nearer to x / alpha than to m, and is x / alpha and a
 * correction, x + (1 / alpha - 1) x - (1 / alpha - gain) (x - alpha m). The mean is m where v is 0,
 * even where sigma is 0 too. */
VERB vf diagonal_lanes(const struct diagonal_point *p, vf x, vf m, vf v)
{
    const vf zero = v_set1(0.0f);
    vf kept = v_mul(p->alpha2, v), total = v_fma(p->alpha2, v, p->sigma2);
    vf apart = v_fnma(p->alpha, m, x);
    vf gain = v_select(v_less(zero, v), v_div(v_mul(p->alpha, v), total), zero);
    vf far = v_fma(gain, apart, m);
    if (!p->low && !p->apart) return far;
    vf lost = v_mul(v_div(p->sigma2, total), p->inverse);
    if (p->apart) return v_fnma(lost, apart, zero);
    vf near = v_add(x, v_fnma(lost, apart, v_mul(p->less, x)));
    return v_select(v_less(p->sigma2, kept), near, far);
}

static void gaussian_diagonal(float *out, const float *x, size_t count, const float *mean,
                              const float *variance, double alpha, double sigma, int apart)
{
    const struct diagonal_point p = {
        v_set1((float)alpha),
        v_set1((float)(alpha * alpha)),
        v_set1((float)(sigma * sigma)),
        v_set1((float)(1 / alpha)),
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
