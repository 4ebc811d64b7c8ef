/* SPDX-License-Identifier: MIT */
/* The noise against the normal law: Kolmogorov-Smirnov, moments, tails, and no correlation between
 * neighbours, streams, samples or seeds. A million draws, or a hundred million with QUELL_LONG. The
 * seeds are fixed, so a bound of five standard deviations never fails by chance. */
#include "effort.h"
#include "harness.h"
#include "isas.h"

#include <math.h>
#include <quell/noise.h>
#include <stdlib.h>
#include <string.h>

#define BINS (1 << 18)
#define BATCH 65536
#define LAGS 9

struct law {
    double count, power[5], lag[LAGS], square_lag[LAGS], beyond[6];
    uint32_t bins[BINS];
};

static double below(double x) { return 0.5 * erfc(-x * sqrt(0.5)); }

static void add_one(struct law *law, double x)
{
    double p = 1;
    for (size_t i = 0; i < 5; i++, p *= x) law->power[i] += p;
    size_t bin = (size_t)(below(x) * BINS);
    law->bins[bin < BINS ? bin : BINS - 1]++;
    for (int s = 0; s < 6; s++) law->beyond[s] += fabs(x) > s;
}

static void add(struct law *law, const float *x, size_t count)
{
    for (size_t i = 0; i < count; i++) add_one(law, (double)x[i]);
    for (size_t i = 0; i + LAGS <= count; i++)
        for (size_t l = 1; l < LAGS; l++) {
            double a = (double)x[i], b = (double)x[i + l];
            law->lag[l] += a * b;
            law->square_lag[l] += (a * a - 1) * (b * b - 1);
        }
    law->count += (double)count;
}

/* The largest distance between the law and the draws at the ends of the bins. */
static double kolmogorov(const struct law *law)
{
    double seen = 0, worst = 0;
    for (size_t b = 0; b < BINS; b++) {
        seen += law->bins[b];
        worst = fmax(worst, fabs(seen / law->count - (double)(b + 1) / BINS));
    }
    return worst * sqrt(law->count);
}

/* |estimate - truth| in standard deviations of one draw over the root of their number. */
static double deviations(const struct law *law, double sum, double truth, double deviation)
{
    return fabs(sum / law->count - truth) / deviation * sqrt(law->count);
}

static void judge(const struct law *law, const char *what)
{
    static const double moment[] = {1, 0, 1, 0, 3}, twice[] = {0, 1, 2, 15, 96};
    for (size_t i = 1; i < 5; i++)
        CHECK(deviations(law, law->power[i], moment[i], sqrt(twice[i])) < 5, "%s: moment %zu is %g",
              what, i, law->power[i] / law->count);
    for (int s = 1; s < 6; s++) {
        double p = 2 * below(-s);
        CHECK(deviations(law, law->beyond[s], p, sqrt(p)) < 5, "%s: %g beyond %d, not %g", what,
              law->beyond[s], s, p * law->count);
    }
    for (size_t l = 1; l < LAGS; l++) {
        CHECK(deviations(law, law->lag[l], 0, 1) < 5, "%s: correlation at lag %zu", what, l);
        CHECK(deviations(law, law->square_lag[l], 0, 2) < 5, "%s: of squares at lag %zu", what, l);
    }
    /* P(K > 1.95) = 0.001 */
    CHECK(kolmogorov(law) < 1.95, "%s: Kolmogorov-Smirnov statistic %g", what, kolmogorov(law));
}

static const struct quell_kernels *widest(void)
{
    const struct quell_kernels *last = NULL;
    for (const struct quell_kernels *k = isa_after(NULL); k; k = isa_after(k)) last = k;
    return last;
}

static double draws(void) { return (double)by_effort(200000, 1000000, 100000000); }

TEST(noise_law, one_long_sample)
{
    static struct law law;
    static float x[BATCH];
    struct quell_noise_at at = {2026, 3, QUELL_STREAM_INIT, 0, 0};
    memset(&law, 0, sizeof law);
    for (; law.count < draws(); at.block += BATCH / 4) {
        widest()->normals(&at, BATCH / 4, x);
        add(&law, x, BATCH);
    }
    judge(&law, "one sample");
}

/* Small samples, as in the plane: the pairs of neighbouring samples. */
TEST(noise_law, many_small_samples)
{
    static struct law law;
    static float x[BATCH];
    struct quell_noise_at at = {2026, 0xFFFFFF00, 17, 0, 1};
    memset(&law, 0, sizeof law);
    for (; law.count < draws(); at.sample += BATCH / 2) {
        widest()->normal_pairs(&at, BATCH / 2, x);
        add(&law, x, BATCH);
    }
    judge(&law, "small samples");
}

/* Element by element, the draws of neighbouring streams, samples and seeds side by side: lag 1 is
 * then between them. */
static void interleave(struct law *law, struct quell_noise_at a, struct quell_noise_at b)
{
    static float x[BATCH], y[BATCH], both[2 * BATCH];
    memset(law, 0, sizeof *law);
    for (; law->count < draws(); a.block += BATCH / 4, b.block += BATCH / 4) {
        widest()->normals(&a, BATCH / 4, x);
        widest()->normals(&b, BATCH / 4, y);
        for (size_t i = 0; i < BATCH; i++) both[2 * i] = x[i], both[2 * i + 1] = y[i];
        add(law, both, 2 * BATCH);
    }
}

TEST(noise_law, neighbours_do_not_know_each_other)
{
    static struct law law;
    const struct quell_noise_at one = {1, 1, 1, 0, 0};
    interleave(&law, one, (struct quell_noise_at){2, 1, 1, 0, 0});
    judge(&law, "seeds");
    interleave(&law, one, (struct quell_noise_at){1, 2, 1, 0, 0});
    judge(&law, "samples");
    interleave(&law, one, (struct quell_noise_at){1, 1, 2, 0, 0});
    judge(&law, "streams");
    interleave(&law, one, (struct quell_noise_at){1, (uint64_t)1 << 32 | 1, 1, 0, 0});
    judge(&law, "samples 2^32 apart");
    interleave(&law, one, (struct quell_noise_at){(uint64_t)1 << 32 | 1, 1, 1, 0, 0});
    judge(&law, "seeds 2^32 apart");
}
