/* SPDX-License-Identifier: MIT */
#include "finite.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#define BLOCK 512

/* Whether one of the values is not finite: its exponent has all bits. The loop has no other end, so
 * that compilers make vectors of it. */
static bool any_not_finite(const float *values, size_t count)
{
    const uint32_t exponent = UINT32_C(0x7f800000);
    uint32_t any = 0;
    for (size_t i = 0; i < count; i++) {
        uint32_t bits;
        memcpy(&bits, &values[i], sizeof bits);
        any |= (bits & exponent) == exponent;
    }
    return any;
}

size_t quell_first_not_finite(const float *values, size_t count)
{
    for (size_t i = 0; i < count; i += BLOCK) {
        size_t block = count - i < BLOCK ? count - i : BLOCK;
        if (!any_not_finite(values + i, block)) continue;
        while (isfinite(values[i])) i++;
        return i;
    }
    return count;
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
    quell_watch_fail(watch, QUELL_NOT_FINITE, first + index / dim, QUELL_BEFORE_ALL, said);
}

static size_t size_of(const struct quell_tile *tile) { return tile->rows * tile->elements; }

/* Stops the run for value i of the tile. words: around the value and the number of the element. */
static void fail(struct quell_tile *tile, const float *values, size_t i, const char *before,
                 const char *after)
{
    char said[200];
    snprintf(said, sizeof said, "%s%s in element %zu%s", before, quell_not_finite_text(values[i]),
             tile->element + i % tile->elements, after);
    quell_watch_fail(&tile->job->watch, QUELL_NOT_FINITE, tile->first + i / tile->elements,
                     tile->transition, said);
}

void quell_tile_check_given(struct quell_tile *tile)
{
    const struct quell_job *job = tile->job;
    const float *x = tile->registers[QUELL_STATE];
    size_t i = quell_first_not_finite(x, size_of(tile));
    if (i == size_of(tile)) return;
    size_t row = tile->row + i / tile->elements, element = tile->element + i % tile->elements;
    quell_watch_given(&tile->job->watch, job->x, row * job->dim + element, job->dim,
                      job->draw.first, job->before);
}

/* The denoisers whose law is known need no check at each evaluation, which would cost as much as
 * their own work: of finite x they return finite values, but for those too large for a float. */
static bool is_checked(const quell_denoiser *denoiser) { return !denoiser->type->draw; }

static struct quell_fault fault_of(const struct quell_tile *tile, const float *values, size_t i,
                                   const char *after)
{
    struct quell_fault fault = {true, i / tile->elements, ""};
    snprintf(fault.said, sizeof fault.said, "the denoiser (%s) returned %s in element %zu%s",
             quell_denoiser_kind(tile->job->sampler->denoiser), quell_not_finite_text(values[i]),
             tile->element + i % tile->elements, after);
    return fault;
}

struct quell_fault quell_tile_find_fault(const struct quell_tile *tile,
                                         const struct quell_tile_mean *mean)
{
    size_t size = size_of(tile), i;
    if ((i = quell_first_not_finite(mean->out, size)) < size)
        return fault_of(tile, mean->out, i, "");
    if (mean->variance && (i = quell_first_not_finite(mean->variance, size)) < size)
        return fault_of(tile, mean->variance, i, " of its variance");
    return (struct quell_fault){false, 0, ""};
}

static void fail_at(struct quell_tile *tile, const struct quell_fault *fault)
{
    quell_watch_fail(&tile->job->watch, QUELL_NOT_FINITE, tile->first + fault->row,
                     tile->transition, fault->said);
}

void quell_tile_check_mean(struct quell_tile *tile, const struct quell_tile_mean *mean)
{
    if (!is_checked(tile->job->sampler->denoiser)) return;
    struct quell_fault fault = quell_tile_find_fault(tile, mean);
    if (fault.found) fail_at(tile, &fault);
}

void quell_tile_check_step(struct quell_tile *tile, const struct quell_fault *fault)
{
    const float *x = tile->registers[QUELL_STATE];
    size_t i = quell_first_not_finite(x, size_of(tile));
    if (i == size_of(tile)) return;
    if (fault->found)
        fail_at(tile, fault);
    else
        fail(tile, x, i, "the step function left ", "");
}

/* The other registers that an operation reads are as they were. Of these only a denoiser's output
 * can be what is not finite, because each operation checks what it writes. */
void quell_tile_not_finite(struct quell_tile *tile, const struct quell_op *op)
{
    const float *out = tile->registers[op->out];
    size_t size = size_of(tile), i = quell_first_not_finite(out, size);
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
