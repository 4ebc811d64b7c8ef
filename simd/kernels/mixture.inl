/* SPDX-License-Identifier: MIT */
/* The posterior mean of a mixture of Gaussians, LANES samples side by side (few samples:
 * mixture_few.inl):
 *
 *     sum_k w_k mean_k,   w = softmax(logit),   mean_k = m_k + gain (x - alpha m_k).
 *
 * The logits are computed from the differences x - alpha m_k; products of x with m_k would cancel
 * if the noise is low. Then most weights are 0 in every lane, and such components are left out of
 * the sums, which does not change their bits: adding 0 w changes at most the sign of a zero, and a
 * result of 0 is made +0.
 *
 * With one gain for all elements, sum_k w_k mean_k = sum_k w_k (1 - alpha gain_k) m_k
 * + x sum_k w_k gain_k: one multiply-add per component and element.
 *
 * If the noise is low, gain_k is close to 1 / alpha, and the mean is close to x / alpha. Then
 * `near` is set, and the sums contain only the differences: 1 - alpha gain_k is replaced by -alpha
 * (gain_k - 1 / alpha). */
#include <math.h>

#define MIXTURE_CHAIN 64 /* elements summed without compensation */
#define MIXTURE_CHUNK 64 /* components whose weights are computed at a time */

/* Transposes x[rows][dim] into columns[dim][LANES]; lanes past the last row repeat it. */
static void to_columns(float *columns, const float *x, size_t rows, size_t dim)
{
    for (size_t lane = 0; lane < LANES; lane++) {
        const float *row = x + (lane < rows ? lane : rows - 1) * dim;
        for (size_t d = 0; d < dim; d++) columns[d * LANES + lane] = row[d];
    }
}

static void from_columns(float *out, const float *columns, size_t rows, size_t dim)
{
    for (size_t lane = 0; lane < rows; lane++)
        for (size_t d = 0; d < dim; d++) out[lane * dim + d] = columns[d * LANES + lane];
}

/* Adds a part to the compensated sum (sum, c) of Kahan. */
VERB vf add_part(vf sum, vf *c, vf part)
{
    vf y = v_sub(part, *c), t = v_add(sum, y);
    *c = v_sub(v_sub(t, sum), y);
    return t;
}

/* Return part + rate (x - alpha m)^2; the first function has a rate of 1. */
VERB vf add_square(vf part, vf x, vf alpha, vf m)
{
    vf difference = v_fnma(alpha, m, x);
    return v_fma(difference, difference, part);
}

VERB vf add_scaled_square(vf part, vf x, vf alpha, float m, float rate)
{
    vf difference = v_fnma(alpha, v_set1(m), x);
    return v_fma(v_mul(v_set1(rate), difference), difference, part);
}

/* Computes sum_d (x_d - alpha m_kd)^2, times the rates if `diagonal`, for the four components in
 * k[]. Four at once, because in a single sum every addition waits for the one before. */
VERB void distances(const struct quell_mixture *x, const float *columns, const size_t *k,
                    const int diagonal, vf *distance)
{
    const float *m0 = x->means + k[0] * x->dim, *m1 = x->means + k[1] * x->dim;
    const float *m2 = x->means + k[2] * x->dim, *m3 = x->means + k[3] * x->dim;
    const size_t row = diagonal ? x->dim : 0;
    const float *r0 = x->rate + k[0] * row, *r1 = x->rate + k[1] * row;
    const float *r2 = x->rate + k[2] * row, *r3 = x->rate + k[3] * row;
    const vf zero = v_set1(0.0f), alpha = v_set1(x->alpha);
    vf s0 = zero, s1 = zero, s2 = zero, s3 = zero, c0 = zero, c1 = zero, c2 = zero, c3 = zero;
    for (size_t d = 0; d < x->dim;) {
        vf p0 = zero, p1 = zero, p2 = zero, p3 = zero;
        for (size_t end = x->dim - d > MIXTURE_CHAIN ? d + MIXTURE_CHAIN : x->dim; d < end; d++) {
            vf element = v_load(columns + d * LANES);
            if (diagonal) {
                p0 = add_scaled_square(p0, element, alpha, m0[d], r0[d]);
                p1 = add_scaled_square(p1, element, alpha, m1[d], r1[d]);
                p2 = add_scaled_square(p2, element, alpha, m2[d], r2[d]);
                p3 = add_scaled_square(p3, element, alpha, m3[d], r3[d]);
            } else {
                p0 = add_square(p0, element, alpha, v_set1(m0[d]));
                p1 = add_square(p1, element, alpha, v_set1(m1[d]));
                p2 = add_square(p2, element, alpha, v_set1(m2[d]));
                p3 = add_square(p3, element, alpha, v_set1(m3[d]));
            }
        }
        if (x->dim <= MIXTURE_CHAIN) { /* this gives the same bits without compensation */
            s0 = p0, s1 = p1, s2 = p2, s3 = p3;
            break;
        }
        s0 = add_part(s0, &c0, p0);
        s1 = add_part(s1, &c1, p1);
        s2 = add_part(s2, &c2, p2);
        s3 = add_part(s3, &c3, p3);
    }
    distance[0] = s0;
    distance[1] = s1;
    distance[2] = s2;
    distance[3] = s3;
}

/* Computes logit[components][LANES], and returns the greatest of each lane. */
static vf logits(const struct quell_mixture *x, const float *columns, float *logit)
{
    vf maximum = v_set1(-INFINITY);
    for (size_t first = 0; first < x->components; first += 4) {
        size_t k[4];
        vf distance[4];
        for (size_t i = 0; i < 4; i++)
            k[i] = first + i < x->components ? first + i : x->components - 1;
        if (x->diagonal)
            distances(x, columns, k, 1, distance);
        else
            distances(x, columns, k, 0, distance);
        for (size_t i = 0; i < 4; i++) {
            vf rate = v_set1(x->diagonal ? 1.0f : x->rate[k[i]]);
            vf value = v_fnma(rate, distance[i], v_set1(x->constant[k[i]]));
            v_store(logit + k[i] * LANES, value);
            maximum = v_max(maximum, value);
        }
    }
    return maximum;
}

/* Sums over the components: of the weights, and of the weights times the gain. */
struct mixture_sums {
    vf maximum, total, gain;
};

/* Computes the weights of the components [from, to). Components whose weights are 0 in every lane
 * are dropped, the others move to the front of weight[], and which[] has their indices. Returns how
 * many there are. A sample with a NaN gets no weights at all, and 0 / 0 as its mean. */
static size_t weights(const struct quell_mixture *x, size_t from, size_t to, const float *logit,
                      struct mixture_sums *sums, float *weight, size_t *which)
{
    size_t count = 0;
    for (size_t k = from; k < to; k++) {
        vf below = v_sub(v_load(logit + k * LANES), sums->maximum);
        if (!v_any(v_less(v_set1(-87.5f), below))) continue;
        vf w = v_exp(below);
        sums->total = v_add(sums->total, w);
        if (!x->diagonal) {
            vf gain = v_set1(x->gain[k]);
            sums->gain = v_fma(w, gain, sums->gain);
            w = v_mul(w, v_fnma(v_set1(x->alpha), gain, v_set1(x->near ? 0.0f : 1.0f)));
        }
        v_store(weight + count * LANES, w);
        which[count++] = k;
    }
    return count;
}

/* sum[d] += w_k m_kd for `elements` (a constant) elements from d on, over the components. */
VERB void add_means(const struct quell_mixture *x, size_t d, const size_t elements, size_t count,
                    const float *weight, const size_t *which, float *sum)
{
    float *s = sum + d * LANES;
    vf s0 = v_load(s), s1, s2, s3;
    if (elements > 1) s1 = v_load(s + LANES);
    if (elements > 2) s2 = v_load(s + 2 * LANES), s3 = v_load(s + 3 * LANES);
    for (size_t i = 0; i < count; i++) {
        const float *mean = x->means + which[i] * x->dim + d;
        vf w = v_load(weight + i * LANES);
        s0 = v_fma(w, v_set1(mean[0]), s0);
        if (elements > 1) s1 = v_fma(w, v_set1(mean[1]), s1);
        if (elements > 2) s2 = v_fma(w, v_set1(mean[2]), s2), s3 = v_fma(w, v_set1(mean[3]), s3);
    }
    v_store(s, s0);
    if (elements > 1) v_store(s + LANES, s1);
    if (elements > 2) v_store(s + 2 * LANES, s2), v_store(s + 3 * LANES, s3);
}

static void add_isotropic(const struct quell_mixture *x, size_t count, const float *weight,
                          const size_t *which, float *sum)
{
    size_t d = 0;
    for (; d + 4 <= x->dim; d += 4) add_means(x, d, 4, count, weight, which, sum);
    for (; d + 2 <= x->dim; d += 2) add_means(x, d, 2, count, weight, which, sum);
    for (; d < x->dim; d++) add_means(x, d, 1, count, weight, which, sum);
}

/* sum[d] += w_k (m_kd + gain_kd (x_d - alpha m_kd)); if `near`, without the first m_kd. */
VERB void add_diagonal(const struct quell_mixture *x, const int near, const float *columns,
                       size_t count, const float *weight, const size_t *which, float *sum)
{
    const vf alpha = v_set1(x->alpha);
    for (size_t i = 0; i < count; i++) {
        const float *mean = x->means + which[i] * x->dim, *gain = x->gain + which[i] * x->dim;
        vf w = v_load(weight + i * LANES);
        for (size_t d = 0; d < x->dim; d++) {
            vf m = v_set1(mean[d]), c = v_fnma(alpha, m, v_load(columns + d * LANES));
            vf old = v_load(sum + d * LANES);
            vf part = near ? v_mul(v_set1(gain[d]), c) : v_fma(v_set1(gain[d]), c, m);
            v_store(sum + d * LANES, v_fma(w, part, old));
        }
    }
}

/* Scales a sum to the mean; a zero becomes +0. */
VERB vf mixture_mean(const struct quell_mixture *x, vf in, vf sum, vf scale)
{
    if (!x->near || x->apart) return v_add(v_mul(sum, scale), v_set1(0.0f));
    return v_add(in, v_fma(v_set1(x->less), in, v_mul(sum, scale)));
}

/* Computes LANES samples, of which `rows` are stored. */
static void mixture_group(const struct quell_mixture *x, const float *in, float *out, size_t rows)
{
    float *columns = x->scratch, *sum = columns + x->dim * LANES, *logit = sum + x->dim * LANES;
    const vf zero = v_set1(0.0f);
    size_t which[MIXTURE_CHUNK];
    to_columns(columns, in, rows, x->dim);
    for (size_t d = 0; d < x->dim; d++) v_store(sum + d * LANES, zero);
    struct mixture_sums sums = {logits(x, columns, logit), zero, zero};
    for (size_t k = 0; k < x->components; k += MIXTURE_CHUNK) {
        size_t to = x->components - k > MIXTURE_CHUNK ? k + MIXTURE_CHUNK : x->components;
        size_t count = weights(x, k, to, logit, &sums, logit, which);
        if (x->diagonal && x->near)
            add_diagonal(x, 1, columns, count, logit, which, sum);
        else if (x->diagonal)
            add_diagonal(x, 0, columns, count, logit, which, sum);
        else
            add_isotropic(x, count, logit, which, sum);
    }
    vf scale = v_div(v_set1(1.0f), sums.total);
    for (size_t d = 0; d < x->dim; d++) {
        vf element = v_load(columns + d * LANES);
        vf mean = v_fma(sums.gain, element, v_load(sum + d * LANES));
        v_store(sum + d * LANES, mixture_mean(x, element, mean, scale));
    }
    from_columns(out, sum, rows, x->dim);
}
