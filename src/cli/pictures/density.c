/* SPDX-License-Identifier: MIT */
/* The picture of a density. Its range contains all of the first samples except for a few outliers,
 * with a margin, and has the same length on both axes. The first samples are kept until there are
 * enough of them to choose the range, so that it does not depend on the batches. The counts are
 * smoothed by a Gaussian whose width shrinks as samples come in (a kernel density estimate). A
 * colour map whose lightness rises evenly shows the square root of the density, so that weak parts
 * are visible. The only function of the C library that a pixel depends on is sqrt, so that replicas
 * of a server give the same picture on any machine. */
#include "cli/pictures/density.h"
#include "base/fail.h"
#include "base/maths.h"
#include "base/memory.h"
#include "cli/pictures/png.h"

#include <math.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#define SIDE 800
#define REACH 16 /* the range of the smoothing to either side, in pixels */
#define MOST_LOOKED_AT 100000
#define OUTLIERS 0.002

struct density {
    bool ranged;                     /* the range has been chosen */
    size_t held;                     /* samples in `first` */
    float first[2 * MOST_LOOKED_AT]; /* the first samples, until the range has been chosen */
    double middle[2], half;
    uint64_t count;
    double bins[SIDE][SIDE];
};

quell_status density_create(struct density **density)
{
    *density = quell_new(1, sizeof **density);
    return *density ? QUELL_OK : quell_fail(QUELL_NO_MEMORY, "no memory for the plot");
}

void density_free(struct density *density) { free(density); }

static int order(const void *a, const void *b)
{
    float left = *(const float *)a, right = *(const float *)b;
    return (left > right) - (left < right);
}

static void range_axis(struct density *density, int axis, size_t rows, const float *x,
                       float *sorted)
{
    for (size_t i = 0; i < rows; i++) sorted[i] = x[2 * i + (size_t)axis];
    qsort(sorted, rows, sizeof *sorted, order);
    size_t skipped = (size_t)(OUTLIERS * (double)rows);
    double low = (double)sorted[skipped], high = (double)sorted[rows - 1 - skipped];
    density->middle[axis] = 0.5 * (low + high);
    double half = 0.6 * (high - low);
    if (half > density->half) density->half = half;
}

static quell_status find_range(struct density *density)
{
    size_t rows = density->held;
    float *sorted = quell_new(rows, sizeof *sorted);
    if (!sorted) return quell_fail(QUELL_NO_MEMORY, "no memory for the plot");
    range_axis(density, 0, rows, density->first, sorted);
    range_axis(density, 1, rows, density->first, sorted);
    free(sorted);
    double least = 1e-6 * (1.0 + fabs(density->middle[0]) + fabs(density->middle[1]));
    if (density->half < least) density->half = least;
    density->ranged = true;
    return QUELL_OK;
}

static void count_all(struct density *density, size_t rows, const float *x)
{
    double scale = 0.5 * SIDE / density->half;
    for (size_t i = 0; i < rows; i++) {
        double across = 0.5 * SIDE + scale * ((double)x[2 * i] - density->middle[0]);
        double down = 0.5 * SIDE - scale * ((double)x[2 * i + 1] - density->middle[1]);
        if (!(across >= 0 && across < SIDE && down >= 0 && down < SIDE)) continue;
        density->bins[(size_t)down][(size_t)across] += 1.0;
    }
    density->count += rows;
}

static quell_status settle(struct density *density)
{
    if (density->ranged || !density->held) return QUELL_OK;
    quell_status status = find_range(density);
    if (!status) count_all(density, density->held, density->first);
    return status;
}

quell_status density_add(struct density *density, size_t rows, const float *x)
{
    quell_status status = QUELL_OK;
    if (!density->ranged) {
        size_t room = MOST_LOOKED_AT - density->held, part = rows < room ? rows : room;
        memcpy(density->first + 2 * density->held, x, 2 * part * sizeof *x);
        density->held += part;
        if (density->held < MOST_LOOKED_AT) return QUELL_OK;
        status = settle(density);
        rows -= part;
        x += 2 * part;
    }
    if (!status) count_all(density, rows, x);
    return status;
}

/* Computes weights[REACH + d] for each distance d in pixels. */
static void make_kernel(const struct density *density, double weights[2 * REACH + 1])
{
    double width = 5.0 * sqrt(sqrt(1e4 / (double)(density->count + 1))), total = 0.0;
    width = fmin(fmax(width, 0.7), REACH / 3.0);
    for (int d = -REACH; d <= REACH; d++)
        total += weights[REACH + d] = quell_exp(-0.5 * d * d / (width * width));
    for (int i = 0; i <= 2 * REACH; i++) weights[i] /= total;
}

static void smooth_line(double *line, size_t stride, const double weights[2 * REACH + 1])
{
    double wide[SIDE + 2 * REACH] = {0};
    for (size_t i = 0; i < SIDE; i++) wide[REACH + i] = line[i * stride];
    for (size_t i = 0; i < SIDE; i++) {
        double sum = 0.0;
        for (size_t k = 0; k <= 2 * REACH; k++) sum += weights[k] * wide[i + k];
        line[i * stride] = sum;
    }
}

static void smooth(double *bins, const struct density *density)
{
    double weights[2 * REACH + 1];
    make_kernel(density, weights);
    for (size_t i = 0; i < SIDE; i++) smooth_line(bins + i * SIDE, 1, weights);
    for (size_t i = 0; i < SIDE; i++) smooth_line(bins + i, SIDE, weights);
}

/* matplotlib's inferno (CC0) at eleven points, linear in between. */
static void colour(double share, unsigned char *pixel)
{
    static const unsigned char map[11][3] = {{0, 0, 4},      {22, 11, 57},   {66, 10, 104},
                                             {106, 23, 110}, {147, 38, 103}, {188, 55, 84},
                                             {221, 81, 58},  {243, 120, 25}, {252, 165, 10},
                                             {246, 215, 70}, {252, 255, 164}};
    double place = 10.0 * fmin(fmax(share, 0.0), 1.0);
    size_t below = place < 9.0 ? (size_t)place : 9;
    double part = place - (double)below;
    for (size_t c = 0; c < 3; c++)
        pixel[c] = (unsigned char)(0.5 + (1.0 - part) * map[below][c] + part * map[below + 1][c]);
}

static void paint(const double *bins, unsigned char *pixels)
{
    double peak = 0.0;
    for (size_t i = 0; i < (size_t)SIDE * SIDE; i++) peak = fmax(peak, bins[i]);
    for (size_t i = 0; i < (size_t)SIDE * SIDE; i++)
        colour(peak > 0.0 ? sqrt(bins[i] / peak) : 0.0, pixels + 3 * i);
}

quell_status density_write(struct density *density, struct quell_output *output)
{
    quell_status status = settle(density);
    if (status) return status;
    double *bins = quell_new((size_t)SIDE * SIDE, sizeof *bins);
    unsigned char *pixels = quell_new((size_t)SIDE * SIDE, 3);
    if (bins && pixels) {
        for (size_t i = 0; i < (size_t)SIDE * SIDE; i++)
            bins[i] = density->bins[i / SIDE][i % SIDE];
        smooth(bins, density);
        paint(bins, pixels);
        status = quell_png_write(output, SIDE, SIDE, 3, pixels);
    } else {
        status = quell_fail(QUELL_NO_MEMORY, "no memory for the plot");
    }
    free(bins);
    free(pixels);
    return status;
}
