/* SPDX-License-Identifier: MIT */
/* Allocates the memory of a run, and finds the memory of each tile and worker. */
#include "tile.h"
#include "base/fail.h"
#include "base/memory.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

static size_t align(size_t bytes) { return quell_round_up(bytes, QUELL_CACHE_LINE); }

/* The memory begins with the registers (tile-major) and the noise of each worker. Then follows the
 * denoiser's scratch memory, for as many workers as evaluate at the same time. */
quell_status quell_job_allocate(struct quell_job *job, unsigned registers, bool evaluates)
{
    const quell_denoiser *denoiser = job->sampler->denoiser;
    const struct quell_layout *layout = &job->layout;
    size_t tile = layout->rows * layout->elements, floats = 0;
    size_t evaluators = job->workers < layout->tiles ? job->workers : layout->tiles;
    if (!layout->op_major) floats = (registers - 1) * align(tile * sizeof(float)) / sizeof(float);
    floats += QUELL_TILE_NOISE;
    if (evaluates) job->per_scratch = quell_denoiser_scratch_size(denoiser, layout->rows);
    job->constants_at = job->per_scratch;
    if (evaluates) job->per_scratch += quell_denoiser_constants_size(denoiser);
    job->kept_at = job->per_scratch;
    if (evaluates) job->per_scratch += quell_denoiser_kept_size(denoiser, layout->rows);
    job->per_worker = align(floats * sizeof(float));
    size_t bytes;
    if (!quell_multiply(job->workers, job->per_worker, &job->scratch_at) &&
        !quell_multiply(evaluators, job->per_scratch, &bytes) &&
        bytes <= SIZE_MAX - job->scratch_at)
        job->memory = quell_new_untouched(1, job->scratch_at + bytes);
    job->shares = quell_new(job->workers, sizeof *job->shares);
    if (job->watch.progress) {
        job->watch.workers = job->workers;
        job->watch.counters = quell_new(job->workers, sizeof *job->watch.counters);
    }
    if (!job->memory || !job->shares || (job->watch.progress && !job->watch.counters))
        return quell_fail(QUELL_NO_MEMORY, "run: no memory for %zu workers of %zu bytes",
                          job->workers, job->per_worker + job->per_scratch);
    if (!layout->op_major || registers < 2) return QUELL_OK;
    size_t batch;
    if (!quell_multiply(job->draw.count, job->dim, &batch) &&
        !quell_multiply(batch, registers - 1, &batch))
        job->batch = quell_new(batch, sizeof(float));
    if (job->batch) return QUELL_OK;
    return quell_fail(QUELL_NO_MEMORY, "run: no memory for %u registers of the whole batch",
                      registers - 1);
}

quell_status quell_job_gather_crews(struct quell_job *job, size_t helpers, int64_t spin)
{
    size_t crews = job->layout.tiles, bytes;
    job->helpers = helpers;
    if (job->per_help < QUELL_TILE_NOISE * sizeof(float))
        job->per_help = QUELL_TILE_NOISE * sizeof(float);
    job->per_help = align(job->per_help);
    if (!quell_multiply(crews * helpers, job->per_help, &bytes))
        job->help = quell_new_untouched(1, bytes);
    job->crews = quell_new(crews, sizeof *job->crews);
    if (!job->help || !job->crews)
        return quell_fail(QUELL_NO_MEMORY, "run: no memory for %zu helpers of %zu bytes",
                          crews * helpers, job->per_help);
    for (size_t i = 0; i < crews; i++) quell_crew_begin(&job->crews[i], helpers + 1, spin);
    return QUELL_OK;
}

quell_status quell_job_find_streams(struct quell_job *job)
{
    const quell_draw *draw = &job->draw;
    const uint64_t *indices = draw->indices;
    if (draw->seeds && !draw->indices) {
        indices = job->indices = quell_new(draw->count, sizeof *job->indices);
        if (!job->indices)
            return quell_fail(QUELL_NO_MEMORY, "run: no memory for %zu indices", draw->count);
        for (size_t i = 0; i < draw->count; i++) job->indices[i] = draw->first;
    }
    job->streams =
        (struct quell_streams){draw->seed, draw->first, draw->seeds, indices, job->before};
    job->told.seeds = job->against.seeds = draw->seeds;
    job->told.indices = job->against.indices = indices;
    return QUELL_OK;
}

void quell_job_release(struct quell_job *job)
{
    free(job->indices);
    free(job->crews);
    free(job->help);
    free(job->memory);
    free(job->shares);
    free(job->watch.counters);
    free(job->batch);
}

void quell_job_touch(struct quell_job *job, size_t worker)
{
    if (job->shares[worker].touched) return;
    job->shares[worker].touched = true;
    memset(job->memory + worker * job->per_worker, 0, job->per_worker);
    if (worker < job->layout.tiles)
        memset(job->memory + job->scratch_at + worker * job->per_scratch, 0, job->per_scratch);
}

void quell_tile_take_noise(struct quell_tile *tile, float *memory)
{
    for (size_t j = 0; j < QUELL_MAX_NOISES; j++)
        tile->noise[j] = memory + j * QUELL_NOISE_ROOM(QUELL_CHUNK);
    tile->node = tile->noise[QUELL_MAX_NOISES - 1] + QUELL_NOISE_ROOM(QUELL_CHUNK);
}

struct quell_tile quell_tile_take(struct quell_job *job, size_t worker, size_t i)
{
    const struct quell_layout *pass = &job->pass;
    size_t row = i / pass->across * pass->rows, element = i % pass->across * pass->elements;
    size_t rows = job->draw.count - row, elements = job->dim - element;
    struct quell_tile tile = {
        .job = job,
        .worker = worker,
        .row = row,
        .first = job->draw.first + row,
        .rows = rows < pass->rows ? rows : pass->rows,
        .element = element,
        .elements = elements < pass->elements ? elements : pass->elements,
        .transition = job->transition,
    };
    char *memory = job->memory + worker * job->per_worker;
    size_t offset = row * job->dim + element, size = align(pass->rows * pass->elements * 4);
    if (worker < job->layout.tiles) {
        char *scratch = job->memory + job->scratch_at + worker * job->per_scratch;
        tile.scratch = scratch;
        tile.constants = scratch + job->constants_at;
        tile.kept = scratch + job->kept_at;
    }
    tile.registers[QUELL_STATE] = job->x + offset;
    for (unsigned r = 1; job->plan && r < job->plan->registers; r++) {
        if (job->batch) {
            tile.registers[r] = job->batch + (r - 1) * job->draw.count * job->dim + offset;
        } else {
            tile.registers[r] = (float *)(void *)memory;
            memory += size;
        }
    }
    quell_tile_take_noise(&tile, (float *)(void *)memory);
    return tile;
}
