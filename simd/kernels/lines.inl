/* SPDX-License-Identifier: MIT */
/* Copies lines of elements with a stride or with repetition, and interpolates between them linearly
 * (docs/programs.md). The loops have constant steps, so that the compiler vectorises them. */

#define EVERY(n)                                               \
    case n:                                                    \
        for (size_t i = 0; i < count; i++) to[i] = x[(n) * i]; \
        break

/* to[i] = x[i * step] */
static void every(size_t count, const float *restrict x, size_t step, float *restrict to)
{
    switch (step) {
        EVERY(1);
        EVERY(2);
        EVERY(3);
        EVERY(4);
    default:
        for (size_t i = 0; i < count; i++) to[i] = x[i * step];
    }
}

#define STRETCH(n)                                                   \
    case n:                                                          \
        for (size_t i = 0; i < count; i++)                           \
            for (size_t k = 0; k < (n); k++) to[(n) * i + k] = x[i]; \
        break

/* to[i * factor + k] = x[i] for k < factor */
static void stretch(size_t count, const float *restrict x, size_t factor, float *restrict to)
{
    switch (factor) {
        STRETCH(1);
        STRETCH(2);
        STRETCH(3);
        STRETCH(4);
    default:
        for (size_t i = 0; i < count; i++)
            for (size_t k = 0; k < factor; k++) to[factor * i + k] = x[i];
    }
}

VERB vf blended(const struct quell_blend *blend, const float *a, const float *b, size_t i, size_t n)
{
    vf one = blend->each ? v_load_n(blend->one + i, n) : v_set1(*blend->one);
    vf other = blend->each ? v_load_n(blend->other + i, n) : v_set1(*blend->other);
    return v_fma(other, v_load_n(b, n), v_mul(one, v_load_n(a, n)));
}

/* Elements from arbitrary places are copied to one place first. */
static void blend_line(const struct quell_blend *blend)
{
    for (size_t i = 0; i < blend->count; i += LANES) {
        size_t n = blend->count - i < LANES ? blend->count - i : LANES;
        float a[LANES], b[LANES];
        if (!blend->each) {
            v_store_n(blend->out + i, blended(blend, blend->a + i, blend->b + i, i, n), n);
            continue;
        }
        for (size_t l = 0; l < n; l++) {
            a[l] = blend->a[blend->from[i + l]];
            b[l] = blend->b[blend->next[i + l]];
        }
        v_store_n(blend->out + i, blended(blend, a, b, i, n), n);
    }
}
