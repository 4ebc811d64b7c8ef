/* SPDX-License-Identifier: MIT */
/* The kinds that are sums of products, over random shapes, against their formulas in
 * docs/programs.md taken literally, in double. */
#include "arrays.h"
#include "effort.h"
#include "harness.h"

#include <math.h>
#include <stdio.h>

#define BOUND 4e-6
#define TRIALS ((int)by_effort(50, 150, 150))

/* Mostly small, often 1, sometimes 257. */
static size_t size_of(struct chance *chance)
{
    switch (chance_whole(chance, 0, 11)) {
    case 0:
    case 1:
    case 2:
        return 1;
    case 3:
        return 16;
    case 4:
        return chance_whole(chance, 0, 3) ? 17 : 257;
    default:
        return chance_whole(chance, 2, 7);
    }
}

static size_t small(struct chance *chance) { return chance_whole(chance, 1, 5); }

TEST(program_products, linear)
{
    struct chance chance = {1};
    for (int trial = 0; trial < TRIALS; trial++) {
        size_t rank = chance_whole(&chance, 1, 5), x_size[5], in = size_of(&chance);
        size_t out = size_of(&chance), w_size[2] = {out, in};
        for (size_t d = 0; d < rank; d++) x_size[d] = d + 1 == rank ? in : small(&chance);
        struct array a[3] = {array_random(&chance, rank, x_size), array_random(&chance, 2, w_size),
                             array_random(&chance, 1, &out)};
        bool biased = trial % 2;
        x_size[rank - 1] = out;
        struct array y = array_new(rank, x_size);
        for (size_t i = 0; i < y.count; i++) {
            y.at[i] = biased ? a[2].at[i % out] : 0;
            for (size_t p = 0; p < in; p++)
                y.at[i] += a[0].at[i / out * in + p] * a[1].at[i % out * in + p];
        }
        check_instruction(biased ? "{'linear': ['a', 'b', 'c']}" : "{'linear': ['a', 'b']}",
                          biased ? 3 : 2, a, trial % 3 ? 6 : 7, &y, BOUND);
        for (int k = 0; k < 3; k++) array_free(&a[k]);
        array_free(&y);
    }
}

TEST(program_products, matmul)
{
    struct chance chance = {2};
    for (int trial = 0; trial < TRIALS; trial++) {
        size_t lead = chance_whole(&chance, 0, 3), m = size_of(&chance), k = size_of(&chance);
        size_t n = chance_whole(&chance, 0, 3) ? small(&chance) : chance_whole(&chance, 16, 70);
        size_t a_size[5], b_size[5], y_size[5];
        for (size_t d = 0; d < lead; d++) {
            y_size[d] = small(&chance);
            a_size[d] = chance_whole(&chance, 0, 2) ? y_size[d] : 1;
            b_size[d] = a_size[d] == 1 || chance_whole(&chance, 0, 2) ? y_size[d] : 1;
        }
        a_size[lead] = y_size[lead] = m, a_size[lead + 1] = b_size[lead] = k;
        b_size[lead + 1] = y_size[lead + 1] = n;
        size_t skip = lead && b_size[0] == y_size[0] ? 1 : 0; /* a's first size may be left out */
        if (skip) a_size[0] = 1;
        struct array a[2] = {array_random(&chance, lead + 2 - skip, a_size + skip),
                             array_random(&chance, lead + 2, b_size)};
        struct array y = array_new(lead + 2, y_size);
        for (size_t i = 0; i < y.count; i++) {
            long at[MOST_RANK], left[MOST_RANK], right[MOST_RANK];
            array_split(&y, i, at);
            for (size_t d = 0; d < lead; d++) {
                left[d] = a_size[d] == 1 ? 0 : at[d];
                right[d] = b_size[d] == 1 ? 0 : at[d];
            }
            left[lead] = at[lead], right[lead + 1] = at[lead + 1];
            for (size_t p = 0; p < k; p++) {
                left[lead + 1] = right[lead] = (long)p;
                y.at[i] +=
                    a[0].at[array_flat(&a[0], left + skip)] * a[1].at[array_flat(&a[1], right)];
            }
        }
        check_instruction("{'matmul': ['a', 'b']}", 2, a, (unsigned)trial % 4, &y, BOUND);
        array_free(&a[0]);
        array_free(&a[1]);
        array_free(&y);
    }
}

/* The numbers of a convolution. */
struct setting {
    size_t spatial, in, out, groups;
    size_t size[3], taps[3];
    long stride[3], before[3], after[3], dilation[3], made[3];
};

static void write_list(char *text, size_t size, const char *name, size_t count, const long *list)
{
    size_t used = (size_t)snprintf(text, size, ", '%s': [", name);
    for (size_t d = 0; d < count; d++)
        used += (size_t)snprintf(text + used, size - used, "%s%ld", d ? ", " : "", list[d]);
    snprintf(text + used, size - used, "]");
}

static void describe(char text[512], const char *kind, const struct setting *s, bool biased)
{
    char stride[96], before[96], after[96], dilation[96];
    write_list(stride, sizeof stride, "stride", s->spatial, s->stride);
    write_list(before, sizeof before, "before", s->spatial, s->before);
    write_list(after, sizeof after, "after", s->spatial, s->after);
    write_list(dilation, sizeof dilation, "dilation", s->spatial, s->dilation);
    snprintf(text, 512, "{'%s': ['a', 'b'%s]%s%s%s%s, 'groups': %zu}", kind, biased ? ", 'c'" : "",
             stride, before, after, dilation, s->groups);
}

/* transposed: sizes of a transposed convolution. False: nothing would be left. */
static bool choose(struct chance *chance, struct setting *s, bool transposed)
{
    *s = (struct setting){.spatial = chance_whole(chance, 1, 3)};
    s->groups = chance_whole(chance, 0, 1) ? 1 : chance_whole(chance, 1, 6);
    bool wide = s->spatial == 1 && !chance_whole(chance, 0, 7);
    size_t each = wide ? 257 : chance_whole(chance, 0, 2) ? 1 : small(chance);
    s->in = s->groups * each;
    s->out = s->groups * (chance_whole(chance, 0, 2) ? 1 : small(chance));
    if (s->spatial == 1 && !wide && !chance_whole(chance, 0, 3))
        s->out = s->groups * chance_whole(chance, 24, 70);
    for (size_t d = 0; d < s->spatial; d++) {
        s->size[d] = wide ? chance_whole(chance, 1, 3) : chance_whole(chance, 1, 6);
        s->taps[d] = chance_whole(chance, 1, 4);
        s->stride[d] = (long)chance_whole(chance, 1, 3);
        s->dilation[d] = (long)chance_whole(chance, 1, 3);
        s->before[d] = (long)chance_whole(chance, 0, 4) - 1;
        s->after[d] = (long)chance_whole(chance, 0, 4) - 1;
        long reach = s->dilation[d] * ((long)s->taps[d] - 1) + 1, size = (long)s->size[d];
        long room = s->before[d] + size + s->after[d] - reach;
        s->made[d] = room < 0 ? 0 : room / s->stride[d] + 1;
        if (transposed) s->made[d] = (size - 1) * s->stride[d] + reach - s->before[d] - s->after[d];
        if (s->made[d] < 1) return false;
    }
    return true;
}

/* x at [channel, position], 0 outside. */
static double seen(const struct setting *s, const struct array *x, size_t channel,
                   const long *position)
{
    long index[4] = {(long)channel};
    for (size_t d = 0; d < s->spatial; d++) {
        if (position[d] < 0 || position[d] >= (long)s->size[d]) return 0;
        index[1 + d] = position[d];
    }
    return x->at[array_flat(x, index)];
}

static double convolved(const struct setting *s, const struct array *a, const long *at)
{
    size_t each = s->in / s->groups, group = (size_t)at[0] / (s->out / s->groups);
    double sum = 0;
    for (size_t w = 0; w < a[1].count; w++) {
        long tap[5], position[3];
        array_split(&a[1], w, tap); /* o, c, t... */
        if (tap[0] != at[0]) continue;
        for (size_t d = 0; d < s->spatial; d++)
            position[d] = at[1 + d] * s->stride[d] + tap[2 + d] * s->dilation[d] - s->before[d];
        sum += a[1].at[w] * seen(s, &a[0], group * each + (size_t)tap[1], position);
    }
    return sum;
}

/* What x sends to this place of the result: the other way round than the definition says it. */
static double sent(const struct setting *s, const struct array *a, const long *at)
{
    size_t each = s->out / s->groups;
    double sum = 0;
    for (size_t w = 0; w < a[1].count; w++) {
        long tap[5]; /* c, o in the group, t... */
        array_split(&a[1], w, tap);
        size_t group = (size_t)tap[0] / (s->in / s->groups);
        if ((long)(group * each) + tap[1] != at[0]) continue;
        size_t positions = a[0].count / s->in;
        for (size_t p = 0; p < positions; p++) {
            long from[4];
            bool hits = true;
            array_split(&a[0], (size_t)tap[0] * positions + p, from);
            for (size_t d = 0; d < s->spatial; d++)
                hits &= from[1 + d] * s->stride[d] + tap[2 + d] * s->dilation[d] - s->before[d] ==
                        at[1 + d];
            if (hits) sum += a[1].at[w] * a[0].at[(size_t)tap[0] * positions + p];
        }
    }
    return sum;
}

static void check_conv(const char *kind, uint64_t seed, bool transposed)
{
    struct chance chance = {seed};
    for (int trial = 0; trial < (transposed ? TRIALS / 2 : TRIALS);) {
        struct setting s;
        if (!choose(&chance, &s, transposed)) continue;
        bool biased = trial++ % 2;
        size_t x_size[4] = {s.in}, y_size[4] = {s.out}, w_size[5] = {s.out, s.in / s.groups};
        if (transposed) w_size[0] = s.in, w_size[1] = s.out / s.groups;
        for (size_t d = 0; d < s.spatial; d++) {
            x_size[1 + d] = s.size[d];
            w_size[2 + d] = s.taps[d];
            y_size[1 + d] = (size_t)s.made[d];
        }
        struct array a[3] = {array_random(&chance, 1 + s.spatial, x_size),
                             array_random(&chance, 2 + s.spatial, w_size),
                             array_random(&chance, 1, &s.out)};
        struct array y = array_new(1 + s.spatial, y_size);
        for (size_t i = 0; i < y.count; i++) {
            long at[MOST_RANK];
            array_split(&y, i, at);
            y.at[i] = (transposed ? sent(&s, a, at) : convolved(&s, a, at)) +
                      (biased ? a[2].at[at[0]] : 0);
        }
        char text[512];
        describe(text, kind, &s, biased);
        check_instruction(text, biased ? 3 : 2, a, trial % 3 ? 6 : 0, &y, BOUND);
        for (int k = 0; k < 3; k++) array_free(&a[k]);
        array_free(&y);
    }
}

TEST(program_products, conv) { check_conv("conv", 3, false); }
TEST(program_products, conv_transpose) { check_conv("conv_transpose", 4, true); }

/* Where no tap reaches, the result is +0 + bias, which is +0 for -0. */
TEST(program_products, conv_transpose_of_nothing)
{
    const size_t sizes[][3] = {{1, 2}, {1, 1, 1}, {1}};
    for (size_t stride = 2; stride < 100; stride += 40) {
        char text[128];
        snprintf(text, sizeof text, "{'conv_transpose': ['a', 'b', 'c'], 'stride': [%zu]}", stride);
        struct array a[3] = {array_new(2, sizes[0]), array_new(3, sizes[1]),
                             array_new(1, sizes[2])};
        a[0].at[0] = a[0].at[1] = a[1].at[0] = 1, a[2].at[0] = -0.0;
        struct array y = run_instruction(text, 3, a, 6);
        CHECK(y.count == stride + 1, "%zu elements", y.count);
        for (size_t i = 0; i < y.count; i++)
            CHECK(y.at[i] == (i % stride ? 0 : 1) && !signbit(y.at[i]), "element %zu is %g", i,
                  y.at[i]);
        for (int k = 0; k < 3; k++) array_free(&a[k]);
        array_free(&y);
    }
}

/* The sizes of an attention: leading dimensions, heads and fewer of them, queries, keys. */
struct heads {
    size_t lead, q[3], k[3], m, n, d, e;
};

static struct heads choose_heads(struct chance *chance)
{
    struct heads h = {.lead = chance_whole(chance, 0, 3)};
    for (size_t i = 0; i < h.lead; i++) {
        h.k[i] = small(chance);
        h.q[i] = i + 1 == h.lead ? h.k[i] * chance_whole(chance, 1, 3) : h.k[i];
    }
    h.m = size_of(chance), h.n = chance_whole(chance, 0, 20) ? small(chance) : 1100;
    h.d = small(chance), h.e = size_of(chance);
    if (h.n == 1100) h.m = 2, h.e = 3;
    return h;
}

static struct array head_array(struct chance *chance, size_t lead, const size_t *sizes, size_t a,
                               size_t b)
{
    size_t size[5];
    for (size_t i = 0; i < lead; i++) size[i] = sizes[i];
    size[lead] = a, size[lead + 1] = b;
    return array_random(chance, lead + 2, size);
}

/* y(at) for the mask kinds 0 (none), 1 (add), 2 (keep). */
static double attended(const struct heads *h, const struct array *a, const long *at, int mask,
                       bool causal, double scale)
{
    double most = -INFINITY, total = 0, sum = 0, score[1200];
    long q[5], k[5];
    for (size_t i = 0; i < h->lead; i++) q[i] = at[i], k[i] = at[i] / (long)(h->q[i] / h->k[i]);
    q[h->lead] = at[h->lead];
    for (size_t j = 0; j < h->n; j++) {
        k[h->lead] = (long)j;
        score[j] = 0;
        for (size_t p = 0; p < h->d; p++) {
            q[h->lead + 1] = k[h->lead + 1] = (long)p;
            score[j] += scale * a[0].at[array_flat(&a[0], q)] * a[1].at[array_flat(&a[1], k)];
        }
        double m = mask ? a[3].at[(size_t)at[h->lead] * h->n + j] : 0;
        if (mask == 1) score[j] += m;
        if ((mask == 2 && m == 0) || (causal && (long)j > at[h->lead])) score[j] = -INFINITY;
        most = fmax(most, score[j]);
    }
    if (most == -INFINITY) return 0;
    for (size_t j = 0; j < h->n; j++) {
        k[h->lead] = (long)j, k[h->lead + 1] = at[h->lead + 1];
        total += exp(score[j] - most);
        sum += exp(score[j] - most) * a[2].at[array_flat(&a[2], k)];
    }
    return sum / total;
}

TEST(program_products, attention)
{
    struct chance chance = {5};
    for (int trial = 0; trial < TRIALS; trial++) {
        struct heads h = choose_heads(&chance);
        int mask = trial % 3;
        bool causal = trial % 4 == 3, scaled = trial % 5 < 3;
        size_t mask_size[2] = {h.m, h.n};
        struct array a[4] = {
            head_array(&chance, h.lead, h.q, h.m, h.d), head_array(&chance, h.lead, h.k, h.n, h.d),
            head_array(&chance, h.lead, h.k, h.n, h.e), array_random(&chance, 2, mask_size)};
        for (size_t i = 0; i < a[3].count && mask == 2; i++) a[3].at[i] = a[3].at[i] > 0;
        struct array y = head_array(&chance, h.lead, h.q, h.m, h.e);
        for (size_t i = 0; i < y.count; i++) {
            long at[MOST_RANK];
            array_split(&y, i, at);
            y.at[i] = attended(&h, a, at, mask, causal, scaled ? 1.75 : 1 / sqrt((double)h.d));
        }
        char text[256];
        snprintf(text, sizeof text, "{'attention': ['a', 'b', 'c'%s], 'causal': %s%s%s}",
                 mask ? ", 'd'" : "", causal ? "true" : "false", scaled ? ", 'scale': 1.75" : "",
                 mask == 2 ? ", 'mask': 'keep'" : "");
        check_instruction(text, mask ? 4 : 3, a, 0, &y, BOUND);
        for (int i = 0; i < 4; i++) array_free(&a[i]);
        array_free(&y);
    }
}
