/* SPDX-License-Identifier: MIT */
/* out = scale x + shift, element by element: the law of x_1. */

static void affine(float *out, const float *x, size_t count, const float *scale, const float *shift)
{
    size_t i = 0;
    for (; i + LANES <= count; i += LANES)
        v_store(out + i, v_fma(v_load(scale + i), v_load(x + i), v_load(shift + i)));
    size_t n = count - i;
    if (n)
        v_store_n(out + i,
                  v_fma(v_load_n(scale + i, n), v_load_n(x + i, n), v_load_n(shift + i, n)), n);
}
