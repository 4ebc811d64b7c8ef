/* SPDX-License-Identifier: MIT */
/* Convolutions of one channel. Every result is one chain of fused multiply-adds over the taps of
 * its window, from +0, and vectors run along a row of results. */

#define WINDOW_VECTORS 4

/* Computes the results of `vectors` vectors from x on. */
TILE void window_tile(const struct quell_windows *w, const float *x, float *out,
                      const size_t vectors)
{
    vf sum[WINDOW_VECTORS], zero = v_set1(0.0f);
    for (size_t v = 0; v < vectors; v++) sum[v] = zero;
    for (size_t t = 0; t < w->taps; t++) {
        const float *seen = x + w->offset[t];
        vf weight = v_set1(w->weight[t]);
        for (size_t v = 0; v < vectors; v++)
            sum[v] = v_fma(v_load(seen + v * LANES), weight, sum[v]);
    }
    for (size_t v = 0; v < vectors; v++) v_store(out + v * LANES, v_add(sum[v], zero));
}

static void windows(const struct quell_windows *w)
{
    for (size_t row = 0; row < w->rows; row++) {
        const float *x = w->x + row * w->x_row;
        float *out = w->out + row * w->out_row;
        size_t i = 0, rest;
        for (; i + WINDOW_VECTORS * LANES <= w->columns; i += WINDOW_VECTORS * LANES)
            window_tile(w, x + i, out + i, WINDOW_VECTORS);
        for (; i + 2 * LANES <= w->columns; i += 2 * LANES) window_tile(w, x + i, out + i, 2);
        for (; i + LANES <= w->columns; i += LANES) window_tile(w, x + i, out + i, 1);
        rest = w->columns - i;
        if (!rest) continue;
        vf sum = v_set1(0.0f);
        for (size_t t = 0; t < w->taps; t++)
            sum = v_fma(v_load_n(x + i + w->offset[t], rest), v_set1(w->weight[t]), sum);
        v_store_n(out + i, v_add(sum, v_set1(0.0f)), rest);
    }
}
