/* SPDX-License-Identifier: MIT */
/* The online softmax (Milakov & Gimelshein, 1805.02867): weights are relative to the greatest logit
 * so far; when a block has a greater one, the earlier sums are scaled down. Each lane is a sample.
 * The weights of a block are summed first and then added to the total, which keeps the chains of
 * additions short. */

#define ACROSS (QUELL_PANEL / LANES)

static void softmax_lanes(const struct quell_softmax *s, size_t lane)
{
    vf old = v_load(s->maximum + lane), maximum = old, sum = v_set1(0.0f);
    float *score = s->score + lane;
    for (size_t p = 0; p < s->points; p++)
        maximum = v_max(maximum, v_load(score + p * QUELL_PANEL));
    for (size_t p = 0; p < s->points; p++) {
        vf weight = v_exp_or_zero(v_sub(v_load(score + p * QUELL_PANEL), maximum));
        v_store(score + p * QUELL_PANEL, weight);
        sum = v_add(sum, weight);
    }
    vf rescale = v_exp(v_sub(old, maximum));
    v_store(s->maximum + lane, maximum);
    v_store(s->rescale + lane, rescale);
    v_store(s->total + lane, v_fma(v_load(s->total + lane), rescale, sum));
}

static void softmax(const struct quell_softmax *s)
{
    if (s->points == 0) return;
    for (size_t v = 0; v < ACROSS; v++) softmax_lanes(s, v * LANES);
}
