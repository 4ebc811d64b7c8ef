/* SPDX-License-Identifier: MIT */
/* The empirical denoiser: X is one of N points, so
 *
 *     E[X | x_t] = sum_j w_j y_j,   w = softmax_j(-|x_t - alpha y_j|^2 / (2 sigma^2)).
 *
 * Points are processed in blocks, and samples in panels of QUELL_PANEL. For each block and panel
 * one product computes the logits, the online softmax turns them into weights, and a second product
 * adds up the weighted points, so that nothing of size N x samples is ever stored. Points are
 * stored as differences from their mean, because what they have in common would cancel in the
 * logits. The rounding error of each difference is stored too, for the logits that need it
 * (empirical_panel.c). */
#include "denoisers/empirical.h"
#include "base/fail.h"
#include "base/floats.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

static size_t panel_floats(const struct quell_empirical *empirical)
{
    return empirical->base.dim * QUELL_PANEL + empirical->stride * QUELL_PANEL;
}

static size_t scratch_size(const quell_denoiser *denoiser, size_t rows)
{
    const struct quell_empirical *empirical = (const struct quell_empirical *)denoiser;
    size_t panels = quell_round_up(rows, QUELL_PANEL) / QUELL_PANEL;
    size_t floats = QUELL_BLOCK_POINTS * (QUELL_PANEL + 1) + panels * panel_floats(empirical);
    return sizeof(float) * floats + panels * sizeof(struct quell_panel);
}

static struct quell_empirical_work lay_out(const struct quell_evaluation *e)
{
    struct quell_empirical_work work;
    work.score = e->scratch;
    work.constant = work.score + QUELL_BLOCK_POINTS * QUELL_PANEL;
    work.panels = (struct quell_panel *)(work.constant + QUELL_BLOCK_POINTS);
    work.matrices = (float *)(work.panels + quell_round_up(e->rows, QUELL_PANEL) / QUELL_PANEL);
    return work;
}

/* Computes the term of the logits that depends on the point alone, for the points from `first`
 * on. */
static void fill_constants(const struct quell_empirical *empirical,
                           const struct quell_evaluation *e, float *constant, size_t first,
                           size_t points)
{
    double scale = e->alpha / e->sigma;
    for (size_t p = 0; p < points; p++)
        constant[p] = (float)(scale * scale * empirical->half[first + p]);
}

static int evaluate(const quell_denoiser *denoiser, const struct quell_evaluation *e)
{
    const struct quell_empirical *empirical = (const struct quell_empirical *)denoiser;
    struct quell_empirical_work work = lay_out(e);
    size_t panels = quell_round_up(e->rows, QUELL_PANEL) / QUELL_PANEL;
    /* The product fills only the columns of existing rows. The others are cleared, so that the
     * softmax never reads uninitialised NaNs. */
    memset(work.score, 0, QUELL_BLOCK_POINTS * QUELL_PANEL * sizeof(float));
    for (size_t i = 0; i < panels; i++)
        quell_panel_begin(work.panels + i, empirical, e, i * QUELL_PANEL,
                          work.matrices + i * panel_floats(empirical));
    for (size_t first = 0; first < empirical->count; first += QUELL_BLOCK_POINTS) {
        size_t left = empirical->count - first,
               points = left < QUELL_BLOCK_POINTS ? left : QUELL_BLOCK_POINTS;
        fill_constants(empirical, e, work.constant, first, points);
        for (size_t i = 0; i < panels; i++)
            quell_panel_take(work.panels + i, empirical, e, &work, first, points);
    }
    for (size_t i = 0; i < panels; i++)
        quell_panel_write(work.panels + i, empirical, e->out + i * QUELL_PANEL * denoiser->dim);
    return 0;
}

static void draw(const quell_denoiser *denoiser, const struct quell_law_draw *draw)
{
    const struct quell_empirical *empirical = (const struct quell_empirical *)denoiser;
    size_t dim = denoiser->dim;
    for (size_t row = 0; row < draw->rows; row++) {
        size_t point = (size_t)(draw->choice[row] * (double)empirical->count);
        for (size_t d = 0; d < dim; d++)
            draw->x[row * dim + d] = (float)quell_empirical_value(empirical, point, d);
    }
}

static void destroy(quell_denoiser *denoiser)
{
    struct quell_empirical *empirical = (struct quell_empirical *)denoiser;
    free(empirical->points);
    free(empirical->rest);
    free(empirical->centre);
    free(empirical->half);
}

/* Refuses a point of the schedule at which the logits do not fit a float. */
static quell_status check(const quell_denoiser *denoiser, const quell_point *point)
{
    double alpha = point->alpha, sigma = point->sigma;
    const struct quell_empirical *empirical = (const struct quell_empirical *)denoiser;
    double scale = alpha / sigma * (1 + empirical->longest);
    if (sigma > 0 && scale < 1e15 && scale / sigma < 1e30) return QUELL_OK;
    return quell_fail(QUELL_BAD_ARGUMENT,
                      "empirical: sigma is %g at alpha %g, too small for points up to %g from "
                      "their mean",
                      sigma, alpha, empirical->longest);
}

/* Digests the points as they were given; everything else follows from them. */
static void digest(const quell_denoiser *denoiser, struct quell_digest *sum)
{
    const struct quell_empirical *empirical = (const struct quell_empirical *)denoiser;
    size_t dim = denoiser->dim;
    quell_digest_whole(sum, empirical->count);
    quell_digest_floats(sum, empirical->centre, dim);
    for (size_t p = 0; p < empirical->count; p++) {
        quell_digest_floats(sum, empirical->points + p * empirical->apart, dim);
        quell_digest_add(sum, empirical->rest + p * empirical->apart, dim);
    }
}

static const struct quell_denoiser_class type = {.kind = "empirical",
                                                 .needs_noise = true,
                                                 .rows = 2 * QUELL_PANEL,
                                                 .scratch_size = scratch_size,
                                                 .evaluate = evaluate,
                                                 .destroy = destroy,
                                                 .check = check,
                                                 .draw = draw,
                                                 .digest = digest};

static quell_status set_centre(struct quell_empirical *empirical, const float *points)
{
    size_t dim = empirical->base.dim;
    double *sums = quell_new(dim, sizeof *sums);
    if (!sums) return quell_fail(QUELL_NO_MEMORY, "empirical: no memory for the mean");
    for (size_t p = 0; p < empirical->count; p++)
        for (size_t d = 0; d < dim; d++) sums[d] += (double)points[p * dim + d];
    /* Adding 0 turns -0 into +0. */
    for (size_t d = 0; d < dim; d++)
        empirical->centre[d] = (float)(sums[d] / (double)empirical->count) + 0.0f;
    free(sums);
    return QUELL_OK;
}

/* Writes the difference y', rounded, to *point, and its rounding error to *rest. */
static void set_point(double difference, float *point, int8_t *rest)
{
    *point = (float)difference;
    double grain = quell_empirical_grain(*point);
    *rest =
        (int8_t)(grain > 0 && isfinite(grain) ? rint((difference - (double)*point) / grain) : 0);
}

static quell_status set_points(struct quell_empirical *empirical, const float *points)
{
    size_t dim = empirical->base.dim;
    for (size_t p = 0; p < empirical->count; p++) {
        size_t at = p * empirical->apart;
        double squares = 0;
        for (size_t d = 0; d < dim; d++) {
            double difference = (double)points[p * dim + d] - (double)empirical->centre[d];
            set_point(difference, &empirical->points[at + d], &empirical->rest[at + d]);
            squares += (double)empirical->points[at + d] * (double)empirical->points[at + d];
        }
        if (!isfinite(squares))
            return quell_fail(QUELL_BAD_ARGUMENT,
                              "empirical: point %zu is not finite or too far from the mean", p);
        empirical->half[p] = 0.5 * squares;
        empirical->longest = fmax(empirical->longest, sqrt(squares));
    }
    return QUELL_OK;
}

static quell_status fill(struct quell_empirical *empirical, const float *points)
{
    size_t dim = empirical->base.dim;
    /* Products read beyond the end. */
    size_t floats = empirical->count * empirical->apart + QUELL_LANES;
    empirical->points = quell_new(floats, sizeof(float));
    empirical->rest = quell_new(floats, 1);
    empirical->centre = quell_new(dim, sizeof(float));
    empirical->half = quell_new(empirical->count, sizeof(double));
    if (!empirical->points || !empirical->rest || !empirical->centre || !empirical->half)
        return quell_fail(QUELL_NO_MEMORY, "empirical: no memory for %zu points of %zu",
                          empirical->count, dim);
    for (size_t i = 0; i < empirical->count * dim; i++)
        if (!isfinite(points[i]))
            return quell_fail(QUELL_BAD_ARGUMENT, "empirical: points[%zu][%zu] is not finite",
                              i / dim, i % dim);
    quell_status status = set_centre(empirical, points);
    return status ? status : set_points(empirical, points);
}

quell_status quell_denoiser_from_points(quell_denoiser **denoiser, size_t count, size_t dim,
                                        const float *points)
{
    QUELL_OWN_FLOATS;
    size_t entries;
    quell_status status = quell_denoiser_arguments(denoiser, dim);
    if (status) return status;
    if (count < 1)
        return quell_fail(QUELL_BAD_ARGUMENT, "empirical: count is 0, must be at least 1");
    if (!points) return quell_fail(QUELL_BAD_ARGUMENT, "empirical: points is NULL");
    if (quell_multiply(count, dim, &entries) || entries > SIZE_MAX / 1024)
        return quell_fail(QUELL_NO_MEMORY, "empirical: no memory for %zu points of %zu", count,
                          dim);
    struct quell_empirical *empirical = quell_denoiser_new(&type, sizeof *empirical, dim);
    if (!empirical) return quell_fail(QUELL_NO_MEMORY, "empirical: no memory for a denoiser");
    empirical->count = count;
    empirical->stride = quell_round_up(dim, QUELL_LANES);
    /* If the distance of rows were a power of two, they would share a few sets of the first-level
     * cache. */
    if (empirical->stride % 256 == 0) empirical->stride += QUELL_LANES;
    /* Short points are stored without gaps: rounding their length up would multiply the memory. */
    empirical->apart = 4 * dim < 3 * empirical->stride ? dim : empirical->stride;
    status = fill(empirical, points);
    if (status)
        quell_denoiser_free(&empirical->base);
    else
        *denoiser = &empirical->base;
    return status;
}
