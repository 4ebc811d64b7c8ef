/* SPDX-License-Identifier: MIT */
/* Computes the points of Winograd's algorithm, and transforms the weights, once and in double: they
 * are rounded to float32 only at the end. */
#include "programs/kinds/winograd.h"

#include <string.h>

#define MOST_SIZE (2 * QUELL_MOST_PAIRS + 2)

/* The points with small errors among numbers of few bits, whose powers and products are exact. */
static const double points[QUELL_MOST_PAIRS + 1][QUELL_MOST_PAIRS] = {
    {0}, {1}, {0.625, 1.5}, {0.5, 1, 2}};

/* Sets the coefficients of the product of z - a^2 over all points except one, without the leading
 * coefficient. */
static void set_product(size_t pairs, size_t left_out, float *to)
{
    double c[QUELL_MOST_PAIRS + 1] = {1};
    size_t degree = 0;
    for (size_t i = 0; i < pairs; i++) {
        if (i == left_out) continue;
        double square = points[pairs][i] * points[pairs][i];
        for (size_t j = ++degree; j > 0; j--) c[j] = c[j - 1] - square * c[j];
        c[0] *= -square;
    }
    for (size_t j = 0; j < degree; j++) to[j] = (float)c[j];
}

struct quell_winograd_points quell_winograd_points(size_t tile)
{
    struct quell_winograd_points x = {.pairs = tile / 2};
    set_product(x.pairs, SIZE_MAX, x.all);
    for (size_t i = 0; i < x.pairs; i++) {
        double power = 1;
        set_product(x.pairs, i, x.other[i]);
        for (size_t j = 0; j < tile; j++, power *= points[x.pairs][i]) x.power[j][i] = (float)power;
    }
    return x;
}

/* Sets the reciprocals of the products of a point's distances to the others: for 0 and for each
 * pair. */
static void set_factors(size_t pairs, double *factor)
{
    for (size_t i = 0; i <= pairs; i++) {
        double a = i ? points[pairs][i - 1] : 0, distance = i ? 2 * a * a : 1;
        for (size_t k = 0; k < pairs; k++)
            if (k + 1 != i) distance *= a * a - points[pairs][k] * points[pairs][k];
        factor[i] = 1 / distance;
    }
}

/* The weights of a panel of output channels and one input channel. */
typedef double lanes[QUELL_PANEL];

/* Transforms three taps: g[0], g[step] and g[2 * step]. */
static void weigh(size_t pairs, const double *factor, lanes *g, size_t step, lanes *to)
{
    const double *g0 = g[0], *g1 = g[step], *g2 = g[2 * step];
    for (size_t l = 0; l < QUELL_PANEL; l++) to[0][l] = g0[l] * factor[0];
    for (size_t i = 0; i < pairs; i++) {
        double a = points[pairs][i], by = factor[1 + i], *more = to[1 + 2 * i], *less = more;
        less = to[2 + 2 * i];
        for (size_t l = 0; l < QUELL_PANEL; l++) {
            double even = g0[l] + a * a * g2[l], odd = a * g1[l];
            more[l] = (even + odd) * by;
            less[l] = (even - odd) * by;
        }
    }
    memcpy(to[2 * pairs + 1], g2, sizeof *to);
}

/* Reads the weights of `outputs` output channels and an input channel, as [tap][output]. */
static void read_lanes(const struct quell_winograd *x, const float *w, size_t outputs, lanes *g)
{
    memset(g, 0, 9 * sizeof *g);
    for (size_t o = 0; o < outputs; o++, w += x->inputs * 9)
        for (size_t t = 0; t < 9; t++) g[t][o] = (double)w[t];
}

void quell_winograd_pack(const struct quell_winograd *x, const float *w, float *to)
{
    lanes g[9], columns[MOST_SIZE][3], row[MOST_SIZE];
    double factor[QUELL_MOST_PAIRS + 1];
    size_t pairs = x->tile / 2, plane = x->inputs * QUELL_PANEL;
    set_factors(pairs, factor);
    for (size_t o = 0; o < x->outputs; o += QUELL_PANEL, to += x->size * x->size * plane)
        for (size_t c = 0; c < x->inputs; c++) {
            size_t left = x->outputs - o;
            read_lanes(x, w + (o * x->inputs + c) * 9, left < QUELL_PANEL ? left : QUELL_PANEL, g);
            for (size_t j = 0; j < 3; j++) {
                weigh(pairs, factor, g + j, 3, row);
                for (size_t i = 0; i < x->size; i++) memcpy(columns[i][j], row[i], sizeof *row);
            }
            for (size_t i = 0; i < x->size; i++) {
                weigh(pairs, factor, columns[i], 1, row);
                for (size_t j = 0; j < x->size; j++) {
                    float *at = to + (i * x->size + j) * plane + c * QUELL_PANEL;
                    for (size_t l = 0; l < QUELL_PANEL; l++) at[l] = (float)row[j][l];
                }
            }
        }
}

size_t quell_winograd_packed_floats(const struct quell_winograd *x)
{
    size_t panels = (x->outputs + QUELL_PANEL - 1) / QUELL_PANEL;
    return panels * QUELL_PANEL * x->inputs * x->size * x->size;
}

size_t quell_winograd_packed_place(const struct quell_winograd *x, size_t i)
{
    size_t frequencies = x->size * x->size, f = i % frequencies, c = i / frequencies % x->inputs;
    size_t o = i / frequencies / x->inputs;
    return ((o / QUELL_PANEL * frequencies + f) * x->inputs + c) * QUELL_PANEL + o % QUELL_PANEL;
}
