/* SPDX-License-Identifier: MIT */
/* The posterior mean of a mixture for few samples, with one gain for all elements: one sample at a
 * time, with vectors along the components for the logits and along the elements for the sums. Each
 * number is computed by the operations of mixture.inl in their order, so the bits are the same. */

/* Returns sum_d (x_d - alpha m_kd)^2 of LANES components whose means are consecutive. */
VERB vf distances_across(const struct quell_mixture *x, const float *row, const float *means)
{
    const vf zero = v_set1(0.0f), alpha = v_set1(x->alpha);
    vf sum = zero, c = zero;
    for (size_t d = 0; d < x->dim;) {
        vf part = zero, m[4];
        size_t end = x->dim - d > MIXTURE_CHAIN ? d + MIXTURE_CHAIN : x->dim;
        for (; d + 4 <= end; d += 4) {
            v_load_rows(means + d, x->dim, m);
            for (size_t i = 0; i < 4; i++) part = add_square(part, v_set1(row[d + i]), alpha, m[i]);
        }
        for (; d < end; d++) {
            float column[LANES];
            for (size_t i = 0; i < LANES; i++) column[i] = means[i * x->dim + d];
            part = add_square(part, v_set1(row[d]), alpha, v_load(column));
        }
        if (x->dim <= MIXTURE_CHAIN) return part;
        sum = add_part(sum, &c, part);
    }
    return sum;
}

/* Returns the start of a group of LANES components: k, or less if the group would go beyond the
 * last component. */
VERB size_t group_at(const struct quell_mixture *x, size_t k)
{
    return k + LANES <= x->components ? k : x->components - LANES;
}

/* Computes logit[components], and returns the greatest. */
static float logits_across(const struct quell_mixture *x, const float *row, float *logit)
{
    float maximum = -INFINITY;
    for (size_t k = 0; k < x->components; k += LANES) {
        size_t at = group_at(x, k);
        vf distance = distances_across(x, row, x->means + at * x->dim);
        v_store(logit + at, v_fnma(v_load(x->rate + at), distance, v_load(x->constant + at)));
    }
    for (size_t k = 0; k < x->components; k++) maximum = maximum > logit[k] ? maximum : logit[k];
    return maximum;
}

/* The sum of the weights, and the sum of the weights times the gain. */
struct single_sums {
    float total, gain;
};

/* Moves the weights that are not 0, times 1 - alpha gain, to the front of weight[]; which[] has the
 * indices of their components. Returns how many there are. */
static size_t weights_across(const struct quell_mixture *x, const float *logit, float maximum,
                             struct single_sums *sums, float *weight, uint32_t *which)
{
    size_t count = 0;
    for (size_t k = 0; k < x->components; k += LANES) {
        size_t at = group_at(x, k);
        v_store(weight + at, v_exp(v_sub(v_load(logit + at), v_set1(maximum))));
    }
    for (size_t k = 0; k < x->components; k++) {
        if (!(logit[k] - maximum > -87.5f)) continue;
        float w = weight[k], gain = x->gain[k];
        sums->total += w;
        sums->gain = __builtin_fmaf(w, gain, sums->gain);
        weight[count] = w * __builtin_fmaf(-x->alpha, gain, x->near ? 0.0f : 1.0f);
        which[count++] = (uint32_t)k;
    }
    return count;
}

static void mixture_one(const struct quell_mixture *x, const float *row, float *out)
{
    size_t room = (x->components + LANES) / LANES * LANES;
    float *logit = x->scratch, *weight = logit + room;
    uint32_t *which = (uint32_t *)(void *)(weight + room);
    struct single_sums sums = {0, 0};
    float maximum = logits_across(x, row, logit);
    size_t count = weights_across(x, logit, maximum, &sums, weight, which);
    const vf zero = v_set1(0.0f), scale = v_div(v_set1(1.0f), v_set1(sums.total));
    for (size_t d = 0; d < x->dim; d += LANES) {
        size_t n = x->dim - d < LANES ? x->dim - d : LANES;
        vf sum = zero;
        for (size_t i = 0; i < count; i++)
            sum = v_fma(v_set1(weight[i]), v_load_n(x->means + which[i] * x->dim + d, n), sum);
        vf element = v_load_n(row + d, n), mean = v_fma(v_set1(sums.gain), element, sum);
        v_store_n(out + d, mixture_mean(x, element, mean, scale), n);
    }
}

static void mixture(const struct quell_mixture *x)
{
    for (size_t i = 0; i < x->rows; i += LANES) {
        size_t rows = x->rows - i < LANES ? x->rows - i : LANES;
        const float *in = x->x + i * x->dim;
        float *out = x->out + i * x->dim;
        if (x->diagonal || 4 * rows > LANES || x->components < LANES) {
            mixture_group(x, in, out, rows);
            continue;
        }
        for (size_t r = 0; r < rows; r++) mixture_one(x, in + r * x->dim, out + r * x->dim);
    }
}
