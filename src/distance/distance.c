/* SPDX-License-Identifier: MIT */
#include "distance/distance.h"
#include "base/fail.h"
#include "base/memory.h"
#include "distance/sort.h"
#include "engine/threads.h"

#include <math.h>
#include <stdbool.h>
#include <quell/noise.h>
#include <stdint.h>
#include <stdlib.h>

#define DIRECTION_SEED 0x646972656374696fu /* a seed that no run is likely to have */
#define LANES 16

/* Fills in a direction. Normal numbers, scaled to length 1, have no preferred direction. */
static quell_status fill_direction(struct quell_measure *measure, size_t direction, float *normals)
{
    double squares = 0;
    quell_status status = quell_noise(DIRECTION_SEED, 0, direction, 0, measure->dim, normals);
    if (status) return status;
    for (size_t k = 0; k < measure->dim; k++) squares += (double)normals[k] * (double)normals[k];
    for (size_t k = 0; k < measure->dim; k++)
        measure->directions[k * QUELL_DIRECTIONS + direction] = (double)normals[k] / sqrt(squares);
    return QUELL_OK;
}

quell_status quell_measure_begin(struct quell_measure *measure, size_t dim, size_t count,
                                 size_t threads, const _Atomic sig_atomic_t *stop)
{
    *measure = (struct quell_measure){.dim = dim, .count = count, .threads = threads, .stop = stop};
    measure->directions = quell_new(dim, QUELL_DIRECTIONS * sizeof(double));
    float *normals = quell_new(dim, sizeof *normals);
    quell_status status = QUELL_OK;
    if (!measure->directions || !normals)
        status = quell_fail(QUELL_NO_MEMORY, "no memory for directions of %zu elements", dim);
    for (size_t i = 0; i < QUELL_DIRECTIONS && !status; i++)
        status = fill_direction(measure, i, normals);
    free(normals);
    return status;
}

void quell_measure_free(struct quell_measure *measure) { free(measure->directions); }

quell_status quell_portrait_begin(struct quell_portrait *portrait,
                                  const struct quell_measure *measure)
{
    portrait->lines = quell_new(measure->count, QUELL_DIRECTIONS * sizeof(float));
    if (portrait->lines) return QUELL_OK;
    return quell_fail(QUELL_NO_MEMORY, "no memory to compare %zu samples", measure->count);
}

void quell_portrait_free(struct quell_portrait *portrait) { free(portrait->lines); }

/* The data that workers share. Worker w of W does the parts with the numbers w, w + W, ... */
struct task {
    struct quell_portrait *portrait;
    const struct quell_measure *measure;
    const float *x;
    float *spare;   /* [workers][count] */
    float *columns; /* the values of which the moments are: [features][count] */
    size_t features;
};

static size_t workers(const struct quell_measure *measure)
{
    return measure->threads < QUELL_DIRECTIONS ? measure->threads : QUELL_DIRECTIONS;
}

static quell_status share(struct task *task, void (*body)(void *data, size_t worker))
{
    if (*task->measure->stop) return QUELL_OK;
    return quell_threads_run(workers(task->measure), false, body, task);
}

static void project(void *data, size_t worker)
{
    const struct task *task = data;
    const struct quell_measure *measure = task->measure;
    for (size_t i = worker; i < measure->count; i += workers(measure)) {
        double sums[QUELL_DIRECTIONS] = {0};
        for (size_t k = 0; k < measure->dim; k++) {
            double value = (double)task->x[i * measure->dim + k];
            const double *row = measure->directions + k * QUELL_DIRECTIONS;
            for (size_t d = 0; d < QUELL_DIRECTIONS; d++) sums[d] += value * row[d];
        }
        for (size_t d = 0; d < QUELL_DIRECTIONS; d++)
            task->portrait->lines[d * measure->count + i] = (float)sums[d];
    }
}

static void transpose(void *data, size_t worker)
{
    const struct task *task = data;
    size_t count = task->measure->count, dim = task->measure->dim;
    for (size_t k = worker; k < dim; k += workers(task->measure))
        for (size_t i = 0; i < count; i++) task->columns[k * count + i] = task->x[i * dim + k];
}

/* sum_i (a_i - a') (b_i - b') in LANES partial sums; without b, sum_i (a_i - a'). */
static double sum(const float *a, double a_centre, const float *b, double b_centre, size_t count)
{
    double sums[LANES] = {0}, total = 0;
    for (size_t i = 0; i < count; i++) {
        double left = (double)a[i] - a_centre;
        sums[i % LANES] += b ? left * ((double)b[i] - b_centre) : left;
    }
    for (size_t lane = 0; lane < LANES; lane++) total += sums[lane];
    return total;
}

static void take_means(void *data, size_t worker)
{
    const struct task *task = data;
    size_t count = task->measure->count;
    for (size_t j = worker; j < task->features; j += workers(task->measure))
        task->portrait->mean[j] = sum(task->columns + j * count, 0, NULL, 0, count) / (double)count;
}

static void take_covariances(void *data, size_t worker)
{
    const struct task *task = data;
    struct quell_portrait *portrait = task->portrait;
    size_t count = task->measure->count;
    for (size_t j = worker; j < task->features && !*task->measure->stop;
         j += workers(task->measure))
        for (size_t k = 0; k <= j; k++)
            portrait->covariance[j][k] = portrait->covariance[k][j] =
                sum(task->columns + j * count, portrait->mean[j], task->columns + k * count,
                    portrait->mean[k], count) /
                (double)count;
}

static void sort(void *data, size_t worker)
{
    const struct task *task = data;
    size_t count = task->measure->count;
    for (size_t d = worker; d < QUELL_DIRECTIONS && !*task->measure->stop;
         d += workers(task->measure))
        quell_sort_floats(task->portrait->lines + d * count, task->spare + worker * count, count);
}

static size_t features(const struct quell_measure *measure)
{
    return measure->dim < QUELL_DIRECTIONS ? measure->dim : QUELL_DIRECTIONS;
}

/* Sorting comes last, because the moments need the values of one sample in one place. */
static quell_status take(struct task *task, float *transposed)
{
    bool own = task->measure->dim <= QUELL_DIRECTIONS;
    task->columns = own ? transposed : task->portrait->lines;
    quell_status status = share(task, project);
    if (!status && own) status = share(task, transpose);
    if (!status) status = share(task, take_means);
    if (!status) status = share(task, take_covariances);
    if (!status) status = share(task, sort);
    return status;
}

quell_status quell_portrait_take(struct quell_portrait *portrait,
                                 const struct quell_measure *measure, const float *x)
{
    struct task task = {.portrait = portrait, .measure = measure, .x = x};
    size_t own = measure->dim <= QUELL_DIRECTIONS ? measure->dim : 0;
    float *transposed = quell_new(measure->count, own * sizeof *transposed);
    task.spare = quell_new(measure->count, workers(measure) * sizeof *task.spare);
    task.features = features(measure);
    quell_status status =
        transposed && task.spare
            ? take(&task, transposed)
            : quell_fail(QUELL_NO_MEMORY, "no memory to compare %zu samples", measure->count);
    free(transposed);
    free(task.spare);
    return status;
}

static double mean_square(const float *a, const float *b, size_t count)
{
    double sums[LANES] = {0}, total = 0;
    for (size_t i = 0; i < count; i++) {
        double difference = (double)a[i] - (double)b[i];
        sums[i % LANES] += difference * difference;
    }
    for (size_t lane = 0; lane < LANES; lane++) total += sums[lane];
    return total / (double)count;
}

static double square(double value) { return value * value; }

/* If the second set has no spread, there is nothing to be relative to: an error is infinite, unless
 * it is 0. */
static double relative(double error, double size) { return error > 0 ? sqrt(error / size) : 0; }

/* The average of u^T C u over all directions u is tr C / dim. */
double quell_portrait_spread(const struct quell_measure *measure,
                             const struct quell_portrait *portrait)
{
    double trace = 0;
    for (size_t j = 0; j < features(measure); j++) trace += portrait->covariance[j][j];
    return sqrt(trace / (double)features(measure));
}

struct quell_distance quell_portrait_distance(const struct quell_measure *measure,
                                              const struct quell_portrait *a,
                                              const struct quell_portrait *b)
{
    double squares = 0, mean = 0, trace = 0, covariance = 0, norm = 0;
    for (size_t d = 0; d < QUELL_DIRECTIONS; d++)
        squares += mean_square(a->lines + d * measure->count, b->lines + d * measure->count,
                               measure->count);
    for (size_t j = 0; j < features(measure); j++) {
        mean += square(a->mean[j] - b->mean[j]);
        trace += b->covariance[j][j];
        for (size_t k = 0; k < features(measure); k++) {
            covariance += square(a->covariance[j][k] - b->covariance[j][k]);
            norm += square(b->covariance[j][k]);
        }
    }
    return (struct quell_distance){sqrt(squares / QUELL_DIRECTIONS), relative(mean, trace),
                                   relative(covariance, norm)};
}
