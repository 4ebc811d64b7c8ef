/* SPDX-License-Identifier: MIT */
#include "finite.h"
#include "together.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#define SETS 64
#define SET 1024 /* elements in a set, at most */

#define LOG_BEYOND 6.907755278982137 /* log 1000 */

/* Returns whether all sums over sets of values are finite. A sum with a term that is not finite is
 * not finite, so the test finds all such values at little cost. A sum of finite values may overflow
 * too, so that the caller has to look closer. */
static bool sums_are_finite(const struct quell_kernels *kernels, const float *values, size_t count)
{
    float out[SETS];
    struct quell_sums sums = {.x = values, .out = out};
    for (size_t left = count; left; left -= sums.sets * sums.count) {
        sums.count = sums.step = left < SET ? left : SET;
        sums.sets = left / sums.count < SETS ? left / sums.count : SETS;
        kernels->sum_rows(&sums);
        for (size_t s = 0; s < sums.sets; s++)
            if (!isfinite(out[s])) return false;
        sums.x += sums.sets * sums.count;
    }
    return true;
}

size_t quell_first_not_finite(const struct quell_kernels *kernels, const float *values,
                              size_t count)
{
    size_t i = 0;
    if (sums_are_finite(kernels, values, count)) return count;
    while (i < count && isfinite(values[i])) i++;
    return i;
}

const char *quell_not_finite_text(float value)
{
    return isnan(value) ? "nan" : value > 0 ? "inf" : "-inf";
}

void quell_watch_given(struct quell_watch *watch, const float *x, size_t index, size_t dim,
                       uint64_t first, size_t before)
{
    char said[120];
    snprintf(said, sizeof said, "x[%zu][%zu] is %s%s", before + index / dim, index % dim,
             quell_not_finite_text(x[index]),
             watch->transitions ? " before the first transition" : "");
    quell_watch_fail_at(
        watch, QUELL_NOT_FINITE,
        &(struct quell_place){first + index / dim, QUELL_BEFORE_ALL, 0, index % dim}, said);
}

static size_t size_of(const struct quell_tile *tile) { return tile->rows * tile->elements; }

static struct quell_place place_of(const struct quell_tile *tile, size_t row)
{
    return (struct quell_place){tile->first + row, tile->transition, tile->operation,
                                tile->element};
}

static void fail_row(struct quell_tile *tile, size_t row, const char *said)
{
    const struct quell_place place = place_of(tile, row);
    quell_watch_fail_at(&tile->job->watch, QUELL_NOT_FINITE, &place, said);
}

/* Stops the run because of value i of the tile. `before` and `after` go around the value and the
 * index of its element in the message. */
static void fail(struct quell_tile *tile, const float *values, size_t i, const char *before,
                 const char *after)
{
    char said[200];
    snprintf(said, sizeof said, "%s%s in element %zu%s", before, quell_not_finite_text(values[i]),
             tile->element + i % tile->elements, after);
    fail_row(tile, i / tile->elements, said);
}

void quell_tile_check_given(struct quell_tile *tile)
{
    const struct quell_job *job = tile->job;
    const float *x = tile->registers[QUELL_STATE];
    size_t i = quell_first_not_finite(tile->job->kernels, x, size_of(tile));
    if (i == size_of(tile)) return;
    size_t row = tile->row + i / tile->elements, element = tile->element + i % tile->elements;
    quell_watch_given(&tile->job->watch, job->x, row * job->dim + element, job->dim,
                      job->draw.first, job->before);
}

/* Denoisers whose law is known are not checked at each evaluation, which would cost as much as
 * their own work. For finite x they return finite values, except values too large for a float. */
static bool is_checked(const quell_denoiser *denoiser) { return !denoiser->type->draw; }

/* Returns whether the value is the NaN that was put there before a function of the host was called,
 * which has not overwritten it (function.c). */
static bool is_left(const quell_denoiser *denoiser, float value)
{
    uint32_t bits;
    memcpy(&bits, &value, sizeof bits);
    return denoiser->host && bits == UINT32_MAX;
}

/* Adds a row's conditions to the message, because they may be the cause: ", for the conditions
 * energy = -5". */
static void add_conditions(struct quell_fault *fault, const struct quell_tile *tile)
{
    const quell_denoiser *denoiser = tile->job->sampler->denoiser;
    const struct quell_told *told = &tile->job->told;
    for (size_t k = 0; k < denoiser->conditions && told->values[k]; k++) {
        const float *values = told->values[k] + (tile->row + fault->row) * told->stride[k];
        size_t used = strlen(fault->said), room = sizeof fault->said - used;
        const char *between = k ? ", " : ", for the conditions ", *name = denoiser->taken[k].name;
        float least = values[0], most = values[0];
        for (size_t i = 1; i < denoiser->taken[k].size; i++) {
            least = values[i] < least ? values[i] : least;
            most = values[i] > most ? values[i] : most;
        }
        if (least < most)
            snprintf(fault->said + used, room, "%s%.40s from %g to %g", between, name,
                     (double)least, (double)most);
        else
            snprintf(fault->said + used, room, "%s%.40s = %g", between, name, (double)least);
    }
}

static struct quell_fault fault_of(const struct quell_tile *tile, const float *values, size_t i,
                                   const char *after)
{
    struct quell_fault fault = {true, i / tile->elements, ""};
    const quell_denoiser *denoiser = tile->job->sampler->denoiser;
    bool left = is_left(denoiser, values[i]);
    snprintf(fault.said, sizeof fault.said, "the denoiser (%s) %s%s%s element %zu%s",
             quell_denoiser_kind(denoiser), left ? "did not write" : "returned ",
             left ? "" : quell_not_finite_text(values[i]), left ? "" : " in",
             tile->element + i % tile->elements, after);
    if (!left) add_conditions(&fault, tile);
    return fault;
}

struct quell_fault quell_tile_find_fault(const struct quell_tile *tile,
                                         const struct quell_tile_mean *mean)
{
    const struct quell_kernels *kernels = tile->job->kernels;
    size_t size = size_of(tile), i = quell_first_not_finite(kernels, mean->out, size), k = size;
    if (mean->variance) k = quell_first_not_finite(kernels, mean->variance, size);
    if (i < size && i / tile->elements <= k / tile->elements)
        return fault_of(tile, mean->out, i, "");
    if (k < size) return fault_of(tile, mean->variance, k, " of its variance");
    return (struct quell_fault){false, 0, ""};
}

static void fail_at(struct quell_tile *tile, const struct quell_fault *fault)
{
    fail_row(tile, fault->row, fault->said);
}

/* Returns whether a piece of the denoiser's output has a value that is not finite. */
static int look_at(struct quell_tile *tile, const void *what)
{
    const struct quell_tile_mean *mean = what;
    const struct quell_kernels *kernels = tile->job->kernels;
    size_t count = tile->elements;
    if (tile->sharers < 2) return quell_tile_find_fault(tile, mean).found;
    for (struct quell_piece piece = {0}; quell_tile_next(tile, &piece);) {
        size_t at = piece.row * count + piece.element, n = piece.elements;
        if (quell_first_not_finite(kernels, mean->out + at, n) < n) return 1;
        if (mean->variance && quell_first_not_finite(kernels, mean->variance + at, n) < n) return 1;
    }
    return 0;
}

void quell_tile_check_mean(struct quell_tile *tile, const struct quell_tile_mean *mean)
{
    if (!is_checked(tile->job->sampler->denoiser)) return;
    if (!quell_tile_together(tile, false, look_at, mean)) return;
    struct quell_fault fault = quell_tile_find_fault(tile, mean);
    if (fault.found) fail_at(tile, &fault);
}

void quell_tile_check_step(struct quell_tile *tile, const struct quell_fault *fault)
{
    const float *x = tile->registers[QUELL_STATE];
    size_t i = quell_first_not_finite(tile->job->kernels, x, size_of(tile));
    if (i == size_of(tile)) return;
    if (fault->found)
        fail_at(tile, fault);
    else
        fail(tile, x, i, "the step function left ", "");
}

void quell_tile_check_learned(struct quell_tile *tile, const struct quell_op *op)
{
    if (!tile->job->sampler->method) return;
    const float *v = tile->registers[op->in[0]];
    double width = fabs(op->coefficient[1] - op->coefficient[0]);
    float most = (float)(1 + 2 * LOG_BEYOND / width);
    size_t size = size_of(tile), i = 0;
    int beyond = 0;
    for (size_t k = 0; k < size; k++) beyond |= fabsf(v[k]) > most;
    if (!beyond) return;
    while (!(fabsf(v[i]) > most)) i++;
    char said[200];
    snprintf(said, sizeof said,
             "the denoiser (%s) returned %.6g for its variance in element %zu; must be v in "
             "[-1, 1], not a variance or its logarithm",
             quell_denoiser_kind(tile->job->sampler->denoiser), (double)v[i],
             tile->element + i % tile->elements);
    const struct quell_place place = place_of(tile, i / tile->elements);
    quell_watch_fail_at(&tile->job->watch, QUELL_DENOISER_FAILED, &place, said);
}

/* The inputs of the operation that it has not overwritten still hold what it read. If one of them
 * is not finite, it is an output of the denoiser, because every operation checks what it writes. */
void quell_tile_not_finite(struct quell_tile *tile, const struct quell_op *op)
{
    const float *out = tile->registers[op->out];
    size_t size = size_of(tile), i = quell_first_not_finite(tile->job->kernels, out, size);
    unsigned terms = op->terms ? op->terms : 1;
    if (i == size) i = 0;
    for (unsigned k = 0; k < terms; k++) {
        const float *in = tile->registers[op->in[k]];
        if (op->in[k] == op->out || isfinite(in[i])) continue;
        struct quell_fault fault = fault_of(tile, in, i, "");
        fail_at(tile, &fault);
        return;
    }
    bool certain = op->out == QUELL_STATE || is_checked(tile->job->sampler->denoiser);
    fail(tile, out, i, "the sampler made ", certain ? ", of finite outputs of the denoiser" : "");
}
