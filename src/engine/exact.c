/* SPDX-License-Identifier: MIT */
/* Draws exact samples. Every sample has its own noise, so tiles and threads do not change the
 * bits. */
#include "exact.h"
#include "isa.h"
#include "noise.h"
#include "sampler.h"
#include "threads.h"
#include "base/fail.h"
#include "base/floats.h"
#include "base/memory.h"

#include <stdatomic.h>
#include <stdlib.h>

enum stream { NORMALS, CHOICES, PERTURBATION };

struct drawing {
    const quell_denoiser *denoiser;
    const struct quell_kernels *kernels;
    const quell_draw *what;
    float factors[2]; /* alpha, sigma */
    float *x;
    /* Rows of a tile, floats of its noise, bytes of its scratch memory. */
    size_t rows, room, scratch;
    char *memory;
    atomic_size_t next;
};

static size_t per_worker(const struct drawing *drawing)
{
    return 2 * drawing->room * sizeof(float) + drawing->scratch;
}

/* Fills choice[] with one number in [0, 1) for each sample, with 53 random bits. */
static void fill_choices(const struct drawing *drawing, uint64_t first, size_t rows, double *choice)
{
    struct quell_noise_at at = {drawing->what->seed, first, CHOICES, 0, 1};
    for (size_t row = 0; row < rows; row++, at.sample++) {
        uint32_t words[4];
        drawing->kernels->philox(&at, 1, words);
        choice[row] = (double)(((uint64_t)words[0] << 32 | words[1]) >> 11) * 0x1p-53;
    }
}

static void fill_noise(const struct drawing *drawing, enum stream stream, uint64_t first,
                       size_t rows, float *out)
{
    size_t dim = drawing->denoiser->dim;
    quell_noise_fill(drawing->kernels, drawing->what->seed, stream, first, rows, dim, 0, dim, out);
}

static void draw_tile(const struct drawing *drawing, size_t row, size_t rows, char *memory)
{
    float *noise[2] = {(float *)(void *)memory, (float *)(void *)memory + drawing->room};
    double choice[QUELL_CHUNK];
    uint64_t first = drawing->what->first + row;
    size_t dim = drawing->denoiser->dim;
    struct quell_law_draw draw = {drawing->kernels, rows, choice, noise[0],
                                  noise[1] + drawing->room};
    fill_noise(drawing, NORMALS, first, rows, noise[0]);
    fill_choices(drawing, first, rows, choice);
    drawing->denoiser->type->draw(drawing->denoiser, &draw);
    fill_noise(drawing, PERTURBATION, first, rows, noise[1]);
    const float *in[2] = {noise[0], noise[1]};
    drawing->kernels->combine(drawing->x + row * dim, rows * dim, 2, drawing->factors, in);
}

static void work(void *data, size_t worker)
{
    struct drawing *drawing = data;
    size_t count = drawing->what->count, rows = drawing->rows;
    QUELL_OWN_FLOATS;
    for (size_t row; (row = rows * atomic_fetch_add(&drawing->next, 1)) < count;)
        draw_tile(drawing, row, count - row < rows ? count - row : rows,
                  drawing->memory + worker * per_worker(drawing));
}

static void lay_out(struct drawing *drawing)
{
    const quell_denoiser *denoiser = drawing->denoiser;
    size_t lines = QUELL_CACHE_LINE / sizeof(float);
    drawing->rows = denoiser->type->rows ? denoiser->type->rows : quell_chunk_rows(denoiser->dim);
    drawing->room = quell_round_up(QUELL_NOISE_ROOM(drawing->rows * denoiser->dim), lines);
    if (denoiser->type->scratch_size)
        drawing->scratch = denoiser->type->scratch_size(denoiser, drawing->rows);
    drawing->scratch = quell_round_up(drawing->scratch, QUELL_CACHE_LINE);
}

quell_status quell_exact(const quell_denoiser *denoiser, const quell_draw *what,
                         const quell_run *run, double alpha, double sigma, float *x)
{
    struct drawing drawing = {.denoiser = denoiser, .what = what, .x = x};
    drawing.factors[0] = (float)alpha;
    drawing.factors[1] = (float)sigma;
    if (!denoiser->type->draw)
        return quell_fail(QUELL_UNSUPPORTED,
                          "the law of a %s denoiser is not known, so there are no exact samples "
                          "of it: take a Gaussian, a mixture or a data set",
                          denoiser->type->kind);
    quell_status status = quell_isa_choose(run->isa, &drawing.kernels);
    if (status) return status;
    lay_out(&drawing);
    size_t workers = run->threads ? run->threads : quell_threads_default();
    size_t tiles = what->count / drawing.rows + 1;
    if (workers > tiles) workers = tiles;
    drawing.memory = quell_new(workers, per_worker(&drawing));
    if (!drawing.memory) return quell_fail(QUELL_NO_MEMORY, "no memory for exact samples");
    status = quell_threads_run(workers, false, work, &drawing);
    free(drawing.memory);
    return status;
}
