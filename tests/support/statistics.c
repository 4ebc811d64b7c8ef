/* SPDX-License-Identifier: MIT */
#include "statistics.h"

#include <math.h>
#include <stdlib.h>

struct moments moments_of(const double *values, size_t count)
{
    double sum = 0, square = 0, n = (double)count;
    for (size_t i = 0; i < count; i++) sum += values[i];
    for (size_t i = 0; i < count; i++) square += (values[i] - sum / n) * (values[i] - sum / n);
    return (struct moments){sum / n, square / (n - 1)};
}

double mean_score(struct moments found, struct moments law, size_t count)
{
    return (found.mean - law.mean) / sqrt(law.variance / (double)count);
}

double variance_score(struct moments found, struct moments law, size_t count)
{
    return (found.variance / law.variance - 1) / sqrt(2 / (double)(count - 1));
}

static int compare(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

double kolmogorov(double *values, size_t count, struct moments law)
{
    double largest = 0, n = (double)count;
    qsort(values, count, sizeof *values, compare);
    for (size_t i = 0; i < count; i++) {
        double f = erfc((law.mean - values[i]) / sqrt(2 * law.variance)) / 2;
        largest = fmax(largest, fmax(f - (double)i / n, (double)(i + 1) / n - f));
    }
    return sqrt(n) * largest;
}

double chi_square_score(const double *counts, const double *expected, size_t cells)
{
    double sum = 0, freedom = (double)cells - 1;
    for (size_t i = 0; i < cells; i++)
        sum += (counts[i] - expected[i]) * (counts[i] - expected[i]) / expected[i];
    double width = 2 / (9 * freedom);
    return (cbrt(sum / freedom) - (1 - width)) / sqrt(width);
}
