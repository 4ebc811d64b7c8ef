/* SPDX-License-Identifier: MIT */
/* The norm-based Langevin correction on a tile (samplers/pc.c), row by row:
 *
 *     out += a r^2 eps + b r z,   r = |z| / |eps|, the norms of the row.
 *
 * The noise z is drawn twice, for its norm and for its use: it is cheaper than memory of its size.
 */
#include "job.h"
#include "norm.h"

#include <math.h>

/* The next piece of one row; 0 at its end. Begin with elements 0. */
static int next_piece(const struct quell_tile *tile, struct quell_piece *piece)
{
    piece->element += piece->elements;
    size_t left = tile->elements - piece->element;
    piece->elements = left < QUELL_CHUNK ? left : QUELL_CHUNK;
    return left > 0;
}

static void add_squares(struct quell_sum *sum, size_t element, size_t count, const float *values)
{
    for (size_t e = 0; e < count; e++)
        quell_sum_add(sum, element + e, (double)values[e] * (double)values[e]);
}

static double ratio_of_norms(struct quell_tile *tile, const struct quell_plan *plan, size_t row,
                             uint32_t stream, const float *eps)
{
    struct quell_sum noises = {{0}}, slopes = {{0}};
    for (struct quell_piece piece = {row, 1, 0, 0}; next_piece(tile, &piece);) {
        quell_tile_draw(tile, plan, &piece, stream, tile->noise[0]);
        add_squares(&noises, piece.element, piece.elements, tile->noise[0]);
    }
    add_squares(&slopes, 0, tile->elements, eps);
    double below = quell_sum_total(&slopes);
    return below > 0 ? sqrt(quell_sum_total(&noises) / below) : 0;
}

void quell_tile_langevin(struct quell_tile *tile, const struct quell_plan *plan,
                         const struct quell_op *op)
{
    int bad = 0;
    for (size_t row = 0; row < tile->rows; row++) {
        float *out = tile->registers[op->out] + row * tile->elements;
        const float *eps = tile->registers[op->in[0]] + row * tile->elements;
        double r = ratio_of_norms(tile, plan, row, op->stream[0], eps);
        const float c[] = {0, (float)(op->coefficient[0] * r * r), (float)(op->coefficient[1] * r)};
        for (struct quell_piece piece = {row, 1, 0, 0}; next_piece(tile, &piece);) {
            const float *in[] = {out + piece.element, eps + piece.element, tile->noise[0]};
            quell_tile_draw(tile, plan, &piece, op->stream[0], tile->noise[0]);
            bad |= tile->job->kernels->update(out + piece.element, piece.elements, 3, c, in);
        }
    }
    if (bad) quell_tile_not_finite(tile, tile->registers[op->out]);
}
