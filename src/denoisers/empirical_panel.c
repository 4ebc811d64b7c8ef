/* SPDX-License-Identifier: MIT */
/* The empirical denoiser's computations for one panel of samples and one block of points.
 *
 * A product computes a logit as alpha x'.y' / sigma^2 - alpha^2 |y'|^2 / (2 sigma^2), with
 * x' = x_t - alpha m, y' = y - m. If the noise is low, both terms are large, and so are their
 * rounding errors, while only a few points matter. So each sample has a bound on the error of its
 * logits. If the bound is too large, the products only select the points that may matter, and the
 * logits of these points are computed in double from the differences. No choice depends on other
 * samples, the tile or the instruction set. */
#include "denoisers/empirical.h"
#include "base/maths.h"

#include <math.h>
#include <string.h>

#define GAP 8 /* points without weight that end a run of points */

/* Errors rarely exceed twice a float's rounding error, on a random walk of `dim` steps no longer
 * than the product of the norms. This is four times that. */
#define ROUNDING 0x1p-22
#define TOLERANCE 2e-3 /* the error of a logit above which it is computed again */
/* The weights of all neglected points sum to exp(-16) of the greatest weight. */
#define NEGLIGIBLE 16

/* Fills in column i of the panel's inputs, and the bound on the error of the sample's logits. */
static void begin_sample(const struct quell_empirical *empirical, const struct quell_evaluation *e,
                         struct quell_panel *panel, size_t i)
{
    size_t dim = empirical->base.dim;
    double scale = e->alpha / (e->sigma * e->sigma), squares = 0;
    for (size_t d = 0; d < dim; d++) {
        double x = (double)panel->x[i * dim + d] - e->alpha * (double)empirical->centre[d];
        panel->inputs[d * panel->step + i] = (float)(scale * x);
        squares += x * x;
    }
    double longest = empirical->longest;
    double bound =
        ROUNDING * scale * longest * ((sqrt((double)dim) + 2) * sqrt(squares) + e->alpha * longest);
    panel->refined[i] = !(bound <= TOLERANCE);
    panel->reach[i] = (float)(2 * bound + NEGLIGIBLE + quell_log((double)empirical->count));
}

void quell_panel_begin(struct quell_panel *panel, const struct quell_empirical *empirical,
                       const struct quell_evaluation *e, size_t first, float *matrices)
{
    size_t dim = empirical->base.dim;
    panel->rows = e->rows - first < QUELL_PANEL ? e->rows - first : QUELL_PANEL;
    panel->step = panel->rows == 1 ? 1 : QUELL_PANEL;
    panel->x = e->x + first * dim;
    panel->inputs = matrices;
    panel->sums = matrices + dim * QUELL_PANEL;
    memset(panel->inputs, 0, dim * QUELL_PANEL * sizeof(float));
    memset(panel->sums, 0, panel->rows * empirical->stride * sizeof(float));
    for (size_t i = 0; i < QUELL_PANEL; i++) {
        panel->maximum[i] = panel->best[i] = -INFINITY;
        panel->exact[i] = -INFINITY;
        panel->total[i] = 0;
        panel->refined[i] = false;
    }
    for (size_t i = 0; i < panel->rows; i++) begin_sample(empirical, e, panel, i);
}

/* Sets score[p][i] to the logit of point p for sample i, as the product computes it. */
static void score_block(const struct quell_empirical *empirical, const struct quell_evaluation *e,
                        const struct quell_empirical_work *work, struct quell_panel *panel,
                        size_t first, size_t points)
{
    struct quell_product product = {
        .m = points,
        .n = panel->rows,
        .k = empirical->base.dim,
        .a = empirical->points + first * empirical->apart,
        .a_row = empirical->apart,
        .a_col = 1,
        .b = panel->inputs,
        .b_row = panel->step,
        .c = work->score,
        .c_row = QUELL_PANEL,
    };
    e->kernels->product(&product);
    float *best = panel->best;
    for (size_t p = 0; p < points; p++) {
        float *score = work->score + p * QUELL_PANEL, constant = work->constant[p];
        for (size_t i = 0; i < QUELL_PANEL; i++) {
            score[i] -= constant;
            best[i] = score[i] > best[i] ? score[i] : best[i];
        }
    }
}

/* Returns -|x - alpha y|^2 / (2 sigma^2) for point p, computed as eight sums side by side. */
static double exact_logit(const struct quell_empirical *empirical, const struct quell_evaluation *e,
                          const float *x, size_t p)
{
    double sums[8] = {0};
    for (size_t d = 0; d < empirical->base.dim; d++) {
        double difference = (double)x[d] - e->alpha * quell_empirical_value(empirical, p, d);
        sums[d % 8] += difference * difference;
    }
    double total =
        ((sums[0] + sums[1]) + (sums[2] + sums[3])) + ((sums[4] + sums[5]) + (sums[6] + sums[7]));
    return -total / (2 * e->sigma * e->sigma);
}

/* Computes those logits of sample i again that may matter. They are then relative to the greatest
 * logit so far, and earlier sums are rescaled to `maximum`. */
static void refine(const struct quell_empirical *empirical, const struct quell_evaluation *e,
                   const struct quell_empirical_work *work, struct quell_panel *panel, size_t i,
                   size_t first, size_t points)
{
    size_t dim = empirical->base.dim;
    double logits[QUELL_BLOCK_POINTS], before = panel->exact[i], greatest = before;
    float limit = panel->best[i] - panel->reach[i];
    for (size_t p = 0; p < points; p++) {
        logits[p] = -INFINITY;
        if (!(work->score[p * QUELL_PANEL + i] >= limit)) continue;
        logits[p] = exact_logit(empirical, e, panel->x + i * dim, first + p);
        if (logits[p] > greatest) greatest = logits[p];
    }
    for (size_t p = 0; p < points; p++)
        work->score[p * QUELL_PANEL + i] = (float)(logits[p] - greatest);
    panel->exact[i] = greatest;
    panel->maximum[i] = (float)(before - greatest);
}

static bool has_weight(const float *score, size_t rows)
{
    int any = 0;
    for (size_t i = 0; i < rows; i++) any |= !(score[i] == 0);
    return any;
}

/* Adds the weighted points [begin, end) of the block to the sums. */
static void add_points(const struct quell_empirical *empirical, const struct quell_evaluation *e,
                       const struct quell_empirical_work *work, struct quell_panel *panel,
                       size_t first, size_t begin, size_t end)
{
    struct quell_product product = {
        .m = panel->rows,
        .n = empirical->base.dim,
        .k = end - begin,
        .a = work->score + begin * QUELL_PANEL,
        .a_row = 1,
        .a_col = QUELL_PANEL,
        .b = empirical->points + (first + begin) * empirical->apart,
        .b_row = empirical->apart,
        .b_panel = QUELL_PANEL,
        .c = panel->sums,
        .c_row = empirical->stride,
        .accumulate = 1,
    };
    e->kernels->product(&product);
}

/* Skips runs of points whose weight is 0 for every sample of the panel. That changes no bits:
 * adding 0 y changes nothing but the sign of a zero. */
static void add_block(const struct quell_empirical *empirical, const struct quell_evaluation *e,
                      const struct quell_empirical_work *work, struct quell_panel *panel,
                      size_t first, size_t points)
{
    size_t begin = 0, end = 0; /* the current run; `end` is after its last point with weight */
    for (size_t p = 0; p < points; p++) {
        if (!has_weight(work->score + p * QUELL_PANEL, panel->rows)) continue;
        if (p - end >= GAP) {
            if (end > begin) add_points(empirical, e, work, panel, first, begin, end);
            begin = p;
        }
        end = p + 1;
    }
    if (end > begin) add_points(empirical, e, work, panel, first, begin, end);
}

static void rescale_sums(const struct quell_empirical *empirical, struct quell_panel *panel)
{
    for (size_t i = 0; i < panel->rows; i++) {
        float *sum = panel->sums + i * empirical->stride, rescale = panel->rescale[i];
        if (rescale == 1.0f) continue;
        for (size_t d = 0; d < empirical->base.dim; d++) sum[d] *= rescale;
    }
}

void quell_panel_take(struct quell_panel *panel, const struct quell_empirical *empirical,
                      const struct quell_evaluation *e, const struct quell_empirical_work *work,
                      size_t first, size_t points)
{
    score_block(empirical, e, work, panel, first, points);
    for (size_t i = 0; i < panel->rows; i++)
        if (panel->refined[i]) refine(empirical, e, work, panel, i, first, points);
    struct quell_softmax softmax = {points, work->score, panel->maximum, panel->total,
                                    panel->rescale};
    e->kernels->softmax(&softmax);
    rescale_sums(empirical, panel);
    add_block(empirical, e, work, panel, first, points);
}

void quell_panel_write(const struct quell_panel *panel, const struct quell_empirical *empirical,
                       float *out)
{
    size_t dim = empirical->base.dim;
    for (size_t i = 0; i < panel->rows; i++) {
        const float *sum = panel->sums + i * empirical->stride;
        float inverse = 1.0f / panel->total[i];
        for (size_t d = 0; d < dim; d++) out[i * dim + d] = empirical->centre[d] + sum[d] * inverse;
    }
}
