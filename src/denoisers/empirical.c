/* SPDX-License-Identifier: MIT */
/* The empirical denoiser: X is one of N points, so
 *
 *     E[X | x_t] = sum_j w_j y_j,   w = softmax_j(-|x_t - alpha y_j|^2 / (2 sigma^2)).
 *
 * Points are taken in blocks, and samples in panels of QUELL_PANEL. For each block and panel a
 * product gives the logits, the online softmax makes them weights, and a second product adds up
 * the weighted points, so that nothing of size N x samples is ever stored. Points are centred
 * block by block, which takes away what is common to them and would cancel; the points themselves
 * are kept as they came.
 *
 * As a product a logit is alpha x'.y' / sigma^2 - alpha^2 |y'|^2 / (2 sigma^2), with x' = x_t -
 * alpha m, y' = y - m. Where the noise is low, both parts are large, their roundings too, and only
 * a few points matter. So each sample has a bound on the error of its logits; where that is too
 * large, the products only choose the points that may matter, and those logits are worked out in
 * double from the differences. No choice depends on other samples, the tile or the instruction set.
 */
#include "base/fail.h"
#include "base/maths.h"
#include "base/memory.h"
#include "denoisers/denoiser.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#define POINTS 128 /* of a block; part of the promise about bits, as sums are cut there */
#define PANEL QUELL_PANEL
#define GAP 8 /* points without weight that end a run of the second product */

/* Twice the rounding error of a float, on a random walk of `dim` steps no longer than the product
 * of the norms, is seldom exceeded; this is four times that. */
#define ROUNDING 0x1p-22
#define TOLERANCE 1e-2 /* in a logit, above which it is worked out again */
#define NEGLIGIBLE 16  /* exp(-16) of the greatest weight, for all neglected points together */

struct empirical {
    quell_denoiser base;
    size_t count, stride; /* points; floats from one point of a block to the next */
    float *points, *centre;
    double *half;   /* |y'|^2 / 2 of each point */
    double longest; /* the greatest |y'| */
};

/* The samples of a panel. exact: the greatest logit as worked out in double, -|x - alpha y|^2 /
 * (2 sigma^2). best: the greatest as the product gives it; points that fall short of it by more
 * than `reach` do not matter. */
struct panel {
    _Alignas(QUELL_CACHE_LINE) size_t rows;
    const float *x;
    float *inputs; /* alpha x' / sigma^2, [dim][PANEL] */
    float *sums;   /* [rows][stride] */
    float maximum[PANEL], total[PANEL], rescale[PANEL], best[PANEL], reach[PANEL];
    double exact[PANEL];
    bool refined[PANEL];
};

/* One worker's scratch memory. */
struct work {
    float *block;    /* y', [POINTS][stride] */
    float *score;    /* [POINTS][PANEL] */
    float *constant; /* alpha^2 |y'|^2 / (2 sigma^2), [POINTS] */
    struct panel *panels;
    float *matrices; /* the panels' own */
};

static size_t rounded(size_t count, size_t to) { return (count + to - 1) / to * to; }

static size_t panel_floats(const struct empirical *empirical)
{
    return empirical->base.dim * PANEL + empirical->stride * PANEL;
}

static size_t scratch_size(const quell_denoiser *denoiser, size_t rows)
{
    const struct empirical *empirical = (const struct empirical *)denoiser;
    size_t panels = rounded(rows, PANEL) / PANEL;
    size_t floats = POINTS * (empirical->stride + PANEL + 1) + panels * panel_floats(empirical);
    return sizeof(float) * floats + panels * sizeof(struct panel);
}

static struct work lay_out(const struct empirical *empirical, const struct quell_evaluation *e)
{
    struct work work;
    work.block = e->scratch;
    work.score = work.block + POINTS * empirical->stride;
    work.constant = work.score + POINTS * PANEL;
    work.panels = (struct panel *)(work.constant + POINTS);
    work.matrices = (float *)(work.panels + rounded(e->rows, PANEL) / PANEL);
    return work;
}

/* Column i of the panel's inputs, and how far the sample's logits can be trusted. */
static void begin_sample(const struct empirical *empirical, const struct quell_evaluation *e,
                         struct panel *panel, size_t i)
{
    size_t dim = empirical->base.dim;
    double scale = e->alpha / (e->sigma * e->sigma), squares = 0;
    for (size_t d = 0; d < dim; d++) {
        double x = (double)panel->x[i * dim + d] - e->alpha * (double)empirical->centre[d];
        panel->inputs[d * PANEL + i] = (float)(scale * x);
        squares += x * x;
    }
    double longest = empirical->longest;
    double bound =
        ROUNDING * scale * longest * ((sqrt((double)dim) + 2) * sqrt(squares) + e->alpha * longest);
    panel->refined[i] = !(bound <= TOLERANCE);
    panel->reach[i] = (float)(2 * bound + NEGLIGIBLE + quell_log((double)empirical->count));
}

static void begin_panel(const struct empirical *empirical, const struct quell_evaluation *e,
                        struct panel *panel, size_t first, float *matrices)
{
    size_t dim = empirical->base.dim;
    panel->rows = e->rows - first < PANEL ? e->rows - first : PANEL;
    panel->x = e->x + first * dim;
    panel->inputs = matrices;
    panel->sums = matrices + dim * PANEL;
    memset(panel->inputs, 0, dim * PANEL * sizeof(float));
    memset(panel->sums, 0, panel->rows * empirical->stride * sizeof(float));
    for (size_t i = 0; i < PANEL; i++) {
        panel->maximum[i] = panel->best[i] = -INFINITY;
        panel->exact[i] = -INFINITY;
        panel->total[i] = 0;
        panel->refined[i] = false;
    }
    for (size_t i = 0; i < panel->rows; i++) begin_sample(empirical, e, panel, i);
}

/* The points from `first` on, centred, and what their logits have of their own. */
static void fill_block(const struct empirical *empirical, const struct quell_evaluation *e,
                       const struct work *work, size_t first, size_t points)
{
    static const float difference[2] = {1, -1};
    size_t dim = empirical->base.dim, stride = empirical->stride;
    double scale = e->alpha / e->sigma;
    for (size_t p = 0; p < points; p++) {
        const float *in[2] = {empirical->points + (first + p) * dim, empirical->centre};
        float *row = work->block + p * stride;
        e->kernels->combine(row, dim, 2, difference, in);
        memset(row + dim, 0, (stride - dim) * sizeof *row);
        work->constant[p] = (float)(scale * scale * empirical->half[first + p]);
    }
}

/* score[p][i] = the logit of point p for sample i, as far as the product gives it. */
static void score_block(const struct empirical *empirical, const struct quell_evaluation *e,
                        const struct work *work, struct panel *panel, size_t points)
{
    struct quell_product product = {
        .m = points,
        .n = panel->rows,
        .k = empirical->base.dim,
        .a = work->block,
        .a_row = empirical->stride,
        .a_col = 1,
        .b = panel->inputs,
        .b_row = PANEL,
        .c = work->score,
        .c_row = PANEL,
    };
    e->kernels->product(&product);
    float *best = panel->best;
    for (size_t p = 0; p < points; p++) {
        float *score = work->score + p * PANEL, constant = work->constant[p];
        for (size_t i = 0; i < PANEL; i++) {
            score[i] -= constant;
            best[i] = score[i] > best[i] ? score[i] : best[i];
        }
    }
}

/* -|x - alpha y|^2 / (2 sigma^2), eight sums side by side. */
static double exact_logit(const struct quell_evaluation *e, size_t dim, const float *x,
                          const float *y)
{
    double sums[8] = {0};
    size_t d = 0;
    for (; d + 8 <= dim; d += 8)
        for (size_t i = 0; i < 8; i++) {
            double difference = (double)x[d + i] - e->alpha * (double)y[d + i];
            sums[i] += difference * difference;
        }
    for (; d < dim; d++) {
        double difference = (double)x[d] - e->alpha * (double)y[d];
        sums[d % 8] += difference * difference;
    }
    double total =
        ((sums[0] + sums[1]) + (sums[2] + sums[3])) + ((sums[4] + sums[5]) + (sums[6] + sums[7]));
    return -total / (2 * e->sigma * e->sigma);
}

/* Works the logits of sample i out again where they may matter; they are then relative to the
 * greatest of all so far, and earlier sums are on the scale `maximum`. */
static void refine(const struct empirical *empirical, const struct quell_evaluation *e,
                   const struct work *work, struct panel *panel, size_t i, size_t first,
                   size_t points)
{
    size_t dim = empirical->base.dim;
    double logits[POINTS], before = panel->exact[i], greatest = before;
    float limit = panel->best[i] - panel->reach[i];
    for (size_t p = 0; p < points; p++) {
        logits[p] = -INFINITY;
        if (!(work->score[p * PANEL + i] >= limit)) continue;
        logits[p] = exact_logit(e, dim, panel->x + i * dim, empirical->points + (first + p) * dim);
        if (logits[p] > greatest) greatest = logits[p];
    }
    for (size_t p = 0; p < points; p++) work->score[p * PANEL + i] = (float)(logits[p] - greatest);
    panel->exact[i] = greatest;
    panel->maximum[i] = (float)(before - greatest);
}

static bool has_weight(const float *score, size_t rows)
{
    int any = 0;
    for (size_t i = 0; i < rows; i++) any |= !(score[i] == 0);
    return any;
}

/* sums += the weighted points [begin, end) of the block. */
static void add_points(const struct empirical *empirical, const struct quell_evaluation *e,
                       const struct work *work, struct panel *panel, size_t begin, size_t end)
{
    struct quell_product product = {
        .m = panel->rows,
        .n = empirical->base.dim,
        .k = end - begin,
        .a = work->score + begin * PANEL,
        .a_row = 1,
        .a_col = PANEL,
        .b = work->block + begin * empirical->stride,
        .b_row = empirical->stride,
        .b_panel = PANEL,
        .c = panel->sums,
        .c_row = empirical->stride,
        .accumulate = 1,
    };
    e->kernels->product(&product);
}

/* Points whose weight is 0 for every sample of the panel are left out where there are some in a
 * row: they change no bits (adding 0 y does nothing but to the sign of a zero). */
static void add_block(const struct empirical *empirical, const struct quell_evaluation *e,
                      const struct work *work, struct panel *panel, size_t points)
{
    size_t begin = 0, end = 0; /* of the run at hand; end: after its last point with weight */
    for (size_t p = 0; p < points; p++) {
        if (!has_weight(work->score + p * PANEL, panel->rows)) continue;
        if (p - end >= GAP) {
            if (end > begin) add_points(empirical, e, work, panel, begin, end);
            begin = p;
        }
        end = p + 1;
    }
    if (end > begin) add_points(empirical, e, work, panel, begin, end);
}

static void rescale_sums(const struct empirical *empirical, struct panel *panel)
{
    for (size_t i = 0; i < panel->rows; i++) {
        float *sum = panel->sums + i * empirical->stride, rescale = panel->rescale[i];
        if (rescale == 1.0f) continue;
        for (size_t d = 0; d < empirical->base.dim; d++) sum[d] *= rescale;
    }
}

static void take_block(const struct empirical *empirical, const struct quell_evaluation *e,
                       const struct work *work, struct panel *panel, size_t first, size_t points)
{
    score_block(empirical, e, work, panel, points);
    for (size_t i = 0; i < panel->rows; i++)
        if (panel->refined[i]) refine(empirical, e, work, panel, i, first, points);
    struct quell_softmax softmax = {points, work->score, panel->maximum, panel->total,
                                    panel->rescale};
    e->kernels->softmax(&softmax);
    rescale_sums(empirical, panel);
    add_block(empirical, e, work, panel, points);
}

static void write_panel(const struct empirical *empirical, const struct panel *panel, float *out)
{
    size_t dim = empirical->base.dim;
    for (size_t i = 0; i < panel->rows; i++) {
        const float *sum = panel->sums + i * empirical->stride;
        float inverse = 1.0f / panel->total[i];
        for (size_t d = 0; d < dim; d++) out[i * dim + d] = empirical->centre[d] + sum[d] * inverse;
    }
}

static int evaluate(const quell_denoiser *denoiser, const struct quell_evaluation *e)
{
    const struct empirical *empirical = (const struct empirical *)denoiser;
    struct work work = lay_out(empirical, e);
    size_t panels = rounded(e->rows, PANEL) / PANEL;
    /* Where rows are few, the product leaves half of the scores as they are: let it be numbers. */
    memset(work.score, 0, POINTS * PANEL * sizeof(float));
    for (size_t i = 0; i < panels; i++)
        begin_panel(empirical, e, work.panels + i, i * PANEL,
                    work.matrices + i * panel_floats(empirical));
    for (size_t first = 0; first < empirical->count; first += POINTS) {
        size_t left = empirical->count - first, points = left < POINTS ? left : POINTS;
        fill_block(empirical, e, &work, first, points);
        for (size_t i = 0; i < panels; i++)
            take_block(empirical, e, &work, work.panels + i, first, points);
    }
    for (size_t i = 0; i < panels; i++)
        write_panel(empirical, work.panels + i, e->out + i * PANEL * denoiser->dim);
    return 0;
}

static void destroy(quell_denoiser *denoiser)
{
    struct empirical *empirical = (struct empirical *)denoiser;
    free(empirical->points);
    free(empirical->centre);
    free(empirical->half);
}

/* Refuses a point at which the logits are no floats. */
static quell_status check(const quell_denoiser *denoiser, double alpha, double sigma)
{
    const struct empirical *empirical = (const struct empirical *)denoiser;
    double scale = alpha / sigma * (1 + empirical->longest);
    if (sigma > 0 && scale < 1e15 && scale / sigma < 1e30) return QUELL_OK;
    return quell_fail(QUELL_BAD_ARGUMENT,
                      "empirical: sigma is %g at alpha %g, too small for points up to %g from "
                      "their mean",
                      sigma, alpha, empirical->longest);
}

static const struct quell_denoiser_class type = {.kind = "empirical",
                                                 .needs_noise = true,
                                                 .rows = 2 * PANEL,
                                                 .scratch_size = scratch_size,
                                                 .evaluate = evaluate,
                                                 .destroy = destroy,
                                                 .check = check};

/* The mean of the points. */
static quell_status set_centre(struct empirical *empirical)
{
    size_t dim = empirical->base.dim;
    double *sums = quell_new(dim, sizeof *sums);
    if (!sums) return quell_fail(QUELL_NO_MEMORY, "empirical: no memory for the mean");
    for (size_t p = 0; p < empirical->count; p++)
        for (size_t d = 0; d < dim; d++) sums[d] += (double)empirical->points[p * dim + d];
    /* Adding 0 makes a -0 a +0. */
    for (size_t d = 0; d < dim; d++)
        empirical->centre[d] = (float)(sums[d] / (double)empirical->count) + 0.0f;
    free(sums);
    return QUELL_OK;
}

static quell_status set_norms(struct empirical *empirical)
{
    size_t dim = empirical->base.dim;
    for (size_t p = 0; p < empirical->count; p++) {
        double squares = 0;
        for (size_t d = 0; d < dim; d++) {
            float value = empirical->points[p * dim + d] - empirical->centre[d];
            squares += (double)value * (double)value;
        }
        if (!isfinite(squares))
            return quell_fail(QUELL_BAD_ARGUMENT,
                              "empirical: point %zu is not finite or too far from the mean", p);
        empirical->half[p] = 0.5 * squares;
        empirical->longest = fmax(empirical->longest, sqrt(squares));
    }
    return QUELL_OK;
}

static quell_status fill(struct empirical *empirical, const float *points)
{
    size_t dim = empirical->base.dim, entries = empirical->count * dim;
    empirical->points = quell_new(entries, sizeof(float));
    empirical->centre = quell_new(dim, sizeof(float));
    empirical->half = quell_new(empirical->count, sizeof(double));
    if (!empirical->points || !empirical->centre || !empirical->half)
        return quell_fail(QUELL_NO_MEMORY, "empirical: no memory for %zu points of %zu",
                          empirical->count, dim);
    for (size_t i = 0; i < entries; i++) {
        if (!isfinite(points[i]))
            return quell_fail(QUELL_BAD_ARGUMENT, "empirical: points[%zu][%zu] is not finite",
                              i / dim, i % dim);
        empirical->points[i] = points[i];
    }
    quell_status status = set_centre(empirical);
    return status ? status : set_norms(empirical);
}

quell_status quell_denoiser_empirical(quell_denoiser **denoiser, size_t count, size_t dim,
                                      const float *points)
{
    size_t entries;
    quell_status status = quell_denoiser_arguments(denoiser, dim);
    if (status) return status;
    if (count < 1)
        return quell_fail(QUELL_BAD_ARGUMENT, "empirical: count is 0, must be at least 1");
    if (!points) return quell_fail(QUELL_BAD_ARGUMENT, "empirical: points is NULL");
    if (quell_multiply(count, dim, &entries) || entries > SIZE_MAX / 1024)
        return quell_fail(QUELL_NO_MEMORY, "empirical: no memory for %zu points of %zu", count,
                          dim);
    struct empirical *empirical = quell_denoiser_new(&type, sizeof *empirical, dim);
    if (!empirical) return quell_fail(QUELL_NO_MEMORY, "empirical: no memory for a denoiser");
    empirical->count = count;
    empirical->stride = rounded(dim, QUELL_LANES);
    /* Rows a power of two apart would share a few sets of the first-level cache. */
    if (empirical->stride % 256 == 0) empirical->stride += QUELL_LANES;
    status = fill(empirical, points);
    if (status)
        quell_denoiser_free(&empirical->base);
    else
        *denoiser = &empirical->base;
    return status;
}
