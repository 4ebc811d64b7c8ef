/* SPDX-License-Identifier: MIT */
/* The statistics of `quell compare`, against naive loops and laws whose distance is known. */
#include "harness.h"
#include "models.h"
#include "distance/distance.h"
#include "distance/sort.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

static const _Atomic sig_atomic_t never;

static float *normals(uint64_t seed, size_t count)
{
    float *x = calloc(count, sizeof *x);
    MUST(quell_noise(seed, 0, 0, 0, count, x));
    return x;
}

/* The distance from a to b, with the projections computed in that many threads. */
static struct quell_distance distance(const float *a, const float *b, size_t dim, size_t count,
                                      size_t threads)
{
    struct quell_measure measure;
    struct quell_portrait first, second;
    MUST(quell_measure_begin(&measure, dim, count, threads, &never));
    MUST(quell_portrait_begin(&first, &measure));
    MUST(quell_portrait_begin(&second, &measure));
    MUST(quell_portrait_take(&first, &measure, a));
    MUST(quell_portrait_take(&second, &measure, b));
    struct quell_distance found = quell_portrait_distance(&measure, &first, &second);
    quell_portrait_free(&first);
    quell_portrait_free(&second);
    quell_measure_free(&measure);
    return found;
}

static void check_close(double found, double expected, double tolerance, const char *what)
{
    CHECK(fabs(found - expected) <= tolerance * fabs(expected), "%s: %.9g, not %.9g", what, found,
          expected);
}

TEST(distance, sort)
{
    enum { COUNT = 5000 };
    float *values = normals(3, COUNT), spare[COUNT];
    memcpy(values, (float[]){0.0f, -0.0f, 3e38f, -3e38f, 1e-44f, -1e-44f, 1, 1, -1, -1},
           10 * sizeof *values);
    double before = 0, after = 0;
    for (size_t i = 0; i < COUNT; i++) before += (double)values[i] * 0x1p-128;
    quell_sort_floats(values, spare, COUNT);
    for (size_t i = 0; i < COUNT; i++) after += (double)values[i] * 0x1p-128;
    for (size_t i = 1; i < COUNT; i++)
        CHECK(values[i - 1] <= values[i], "%zu: %g, %g", i, (double)values[i - 1],
              (double)values[i]);
    CHECK(fabs(after - before) < 1e-12, "other numbers than there were");
    free(values);
}

static int by_value(const void *left, const void *right)
{
    double a = *(const double *)left, b = *(const double *)right;
    return (a > b) - (a < b);
}

static void project(const float *x, const double *direction, size_t dim, size_t count, double *out)
{
    for (size_t i = 0; i < count; i++) {
        out[i] = 0;
        for (size_t k = 0; k < dim; k++)
            out[i] += (double)x[i * dim + k] * direction[k * QUELL_DIRECTIONS];
    }
}

/* The definition, direction by direction. */
static double naive_wasserstein(const struct quell_measure *measure, const float *a, const float *b)
{
    size_t count = measure->count;
    double *left = calloc(count, sizeof *left), *right = calloc(count, sizeof *right), sum = 0;
    for (size_t d = 0; d < QUELL_DIRECTIONS; d++) {
        project(a, measure->directions + d, measure->dim, count, left);
        project(b, measure->directions + d, measure->dim, count, right);
        qsort(left, count, sizeof *left, by_value);
        qsort(right, count, sizeof *right, by_value);
        for (size_t i = 0; i < count; i++) sum += pow(left[i] - right[i], 2);
    }
    free(left);
    free(right);
    return sqrt(sum / (double)count / QUELL_DIRECTIONS);
}

static double mean_of(const float *x, size_t dim, size_t count, size_t k)
{
    double sum = 0;
    for (size_t i = 0; i < count; i++) sum += (double)x[i * dim + k];
    return sum / (double)count;
}

static double covariance_of(const float *x, size_t dim, size_t count, size_t j, size_t k)
{
    double sum = 0, a = mean_of(x, dim, count, j), b = mean_of(x, dim, count, k);
    for (size_t i = 0; i < count; i++)
        sum += ((double)x[i * dim + j] - a) * ((double)x[i * dim + k] - b);
    return sum / (double)count;
}

static struct quell_distance naive_moments(const float *a, const float *b, size_t dim, size_t count)
{
    double mean = 0, trace = 0, error = 0, norm = 0;
    for (size_t j = 0; j < dim; j++) {
        mean += pow(mean_of(a, dim, count, j) - mean_of(b, dim, count, j), 2);
        trace += covariance_of(b, dim, count, j, j);
        for (size_t k = 0; k < dim; k++) {
            double left = covariance_of(a, dim, count, j, k);
            double right = covariance_of(b, dim, count, j, k);
            error += pow(left - right, 2);
            norm += pow(right, 2);
        }
    }
    return (struct quell_distance){0, sqrt(mean / trace), sqrt(error / norm)};
}

/* With more elements than directions, the moments are those of the projections. */
static struct quell_distance naive(const float *a, const float *b, size_t dim, size_t count)
{
    struct quell_measure measure;
    struct quell_distance expected;
    MUST(quell_measure_begin(&measure, dim, count, 1, &never));
    if (dim <= QUELL_DIRECTIONS) {
        expected = naive_moments(a, b, dim, count);
    } else {
        double *line = calloc(count, sizeof *line);
        float *left = calloc(count * QUELL_DIRECTIONS, sizeof *left);
        float *right = calloc(count * QUELL_DIRECTIONS, sizeof *right);
        for (size_t d = 0; d < QUELL_DIRECTIONS; d++) {
            project(a, measure.directions + d, dim, count, line);
            for (size_t i = 0; i < count; i++) left[i * QUELL_DIRECTIONS + d] = (float)line[i];
            project(b, measure.directions + d, dim, count, line);
            for (size_t i = 0; i < count; i++) right[i * QUELL_DIRECTIONS + d] = (float)line[i];
        }
        expected = naive_moments(left, right, QUELL_DIRECTIONS, count);
        free(line);
        free(left);
        free(right);
    }
    expected.wasserstein = naive_wasserstein(&measure, a, b);
    quell_measure_free(&measure);
    return expected;
}

TEST(distance, naive)
{
    static const size_t dims[] = {1, 2, 5, 64, 70};
    for (size_t n = 0; n < sizeof dims / sizeof *dims; n++) {
        size_t dim = dims[n], count = 211;
        float *a = normals(1, dim * count), *b = normals(2, dim * count);
        for (size_t i = 0; i < dim * count; i++) b[i] = 0.3f + (float)(1 + i % dim) * b[i];
        struct quell_distance found = distance(a, b, dim, count, 1),
                              expected = naive(a, b, dim, count);
        struct quell_distance threads = distance(a, b, dim, count, 5);
        check_close(found.wasserstein, expected.wasserstein, 1e-6, "distance");
        check_close(found.mean, expected.mean, 1e-6, "mean");
        check_close(found.covariance, expected.covariance, 1e-6, "covariance");
        CHECK(!memcmp(&found, &threads, sizeof found), "%zu: other bits from threads", dim);
        free(a);
        free(b);
    }
}

/* Between N(m, s^2 I) and N(0, I): projections are N(m . u, s^2) and N(0, 1), so that
 * W^2 = mean over u of (m . u)^2 + (s - 1)^2; both moments are known. */
TEST(distance, gaussians)
{
    enum { DIM = 2, COUNT = 200000 };
    static const double shift[DIM] = {0.5, -1.25}, spread = 1.5;
    float *a = normals(1, DIM * COUNT), *b = normals(2, DIM * COUNT);
    for (size_t i = 0; i < DIM * COUNT; i++) a[i] = (float)(shift[i % DIM] + spread * (double)a[i]);
    struct quell_measure measure;
    MUST(quell_measure_begin(&measure, DIM, COUNT, 1, &never));
    double squares = 0;
    for (size_t d = 0; d < QUELL_DIRECTIONS; d++) {
        double u = measure.directions[d], v = measure.directions[QUELL_DIRECTIONS + d];
        CHECK(fabs(u * u + v * v - 1) < 1e-12, "a direction is not of length 1");
        squares += pow(shift[0] * u + shift[1] * v, 2) / QUELL_DIRECTIONS;
    }
    struct quell_distance found = distance(a, b, DIM, COUNT, 2);
    check_close(found.wasserstein, sqrt(squares + pow(spread - 1, 2)), 0.01, "distance");
    check_close(found.mean, sqrt((0.25 + 1.5625) / (double)DIM), 0.01, "mean");
    check_close(found.covariance, spread * spread - 1, 0.02, "covariance");
    found = distance(b, b, DIM, COUNT, 2);
    struct quell_portrait portrait;
    MUST(quell_portrait_begin(&portrait, &measure));
    MUST(quell_portrait_take(&portrait, &measure, a));
    check_close(quell_portrait_spread(&measure, &portrait), spread, 0.01, "spread");
    quell_portrait_free(&portrait);
    CHECK(found.wasserstein == 0 && found.mean == 0 && found.covariance == 0, "from itself");
    quell_measure_free(&measure);
    free(a);
    free(b);
}
