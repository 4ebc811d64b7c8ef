/* SPDX-License-Identifier: MIT */
/* The empirical denoiser's data, and its computations for one panel of samples and one block of
 * points (empirical_panel.c). */
#ifndef QUELL_DENOISERS_EMPIRICAL_H
#define QUELL_DENOISERS_EMPIRICAL_H

#include "base/memory.h"
#include "denoisers/denoiser.h"

/* The number of points in a block. The bits depend on it, because sums are split there, so it must
 * not change. */
#define QUELL_BLOCK_POINTS 128

struct quell_empirical {
    quell_denoiser base;
    size_t count, apart;    /* number of points; floats from one point to the next */
    size_t stride;          /* floats from one sample's sums to the next */
    float *points, *centre; /* y' = y - m in float, and the mean m */
    int8_t *rest;           /* the rounding error of y', in 128ths of its last digit */
    double *half;           /* |y'|^2 / 2 of each point */
    double longest;         /* the greatest |y'| */
};

/* Returns a 128th of the last digit of a float, or 0 for subnormal numbers. */
static inline double quell_empirical_grain(float y)
{
    union {
        float y;
        uint32_t bits;
    } power = {y};
    power.bits &= 0x7F800000;
    return (double)power.y * 0x1p-30;
}

/* The samples of a panel. `exact` is the greatest logit so far, -|x - alpha y|^2 / (2 sigma^2)
 * computed in double, and `best` is the greatest logit that the product gave. Points with a logit
 * below best - reach are neglected. */
struct quell_panel {
    _Alignas(QUELL_CACHE_LINE) size_t rows, step;
    const float *x;
    float *inputs; /* alpha x' / sigma^2: [dim][step]; step is 1 for one row, else QUELL_PANEL */
    float *sums;   /* [rows][stride] */
    float maximum[QUELL_PANEL], total[QUELL_PANEL], rescale[QUELL_PANEL], best[QUELL_PANEL],
        reach[QUELL_PANEL];
    double exact[QUELL_PANEL];
    bool refined[QUELL_PANEL];
};

/* Returns element d of point p as the caller gave it, to 2^-31 of y', and for most elements
 * exactly. */
static inline double quell_empirical_value(const struct quell_empirical *empirical, size_t p,
                                           size_t d)
{
    size_t at = p * empirical->apart + d;
    double rest = empirical->rest[at] * quell_empirical_grain(empirical->points[at]);
    return (double)empirical->centre[d] + ((double)empirical->points[at] + rest);
}

/* One worker's scratch memory. */
struct quell_empirical_work {
    float *score;    /* [QUELL_BLOCK_POINTS][QUELL_PANEL] */
    float *constant; /* alpha^2 |y'|^2 / (2 sigma^2), [QUELL_BLOCK_POINTS] */
    struct quell_panel *panels;
    float *matrices; /* memory for the panels' matrices */
};

/* Fills a panel with the samples first, first + 1, ... of the evaluation, as many as exist and fit.
 * `matrices` is memory for the panel's inputs and sums. */
void quell_panel_begin(struct quell_panel *panel, const struct quell_empirical *empirical,
                       const struct quell_evaluation *evaluation, size_t first, float *matrices);

/* Adds the points first, ..., first + points - 1 to the panel's sums. */
void quell_panel_take(struct quell_panel *panel, const struct quell_empirical *empirical,
                      const struct quell_evaluation *evaluation,
                      const struct quell_empirical_work *work, size_t first, size_t points);

/* Writes the posterior means of the panel's samples. */
void quell_panel_write(const struct quell_panel *panel, const struct quell_empirical *empirical,
                       float *out);

#endif
