/* SPDX-License-Identifier: MIT */
/* Runs the norm-based Langevin correction on a tile (samplers/pc.c), row by row:
 *
 *     out += a r^2 eps + b r z,   r^2 = D / (w |eps|^2 + (1 - w) D),   w = min(1, D / 100),
 *
 * where |eps| is the norm of the row; or r = |z| / |eps|, as published. With w = 1 a step is long
 * where |eps| is small, which makes the law wider: that of N(0, 1) by the factor (D + 2) / D. |z|^2
 * in place of D widens it by as much again, and in one or two dimensions 1 / |eps|^2 has no mean.
 * With the weight w on the row's own norm the excess is 2 w / D, 2% at most.
 *
 * The noise z is drawn twice, the first time for its norm: that is cheaper than storing it. */
#include "finite.h"
#include "norm.h"

#include <math.h>

/* Moves to the next piece of one row; returns 0 at its end. Begin with `elements` 0. */
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

static double square_of_noise(struct quell_tile *tile, size_t row,
                              const struct quell_source *source)
{
    struct quell_sum squares = {{0}};
    for (struct quell_piece piece = {.row = row, .rows = 1}; next_piece(tile, &piece);) {
        quell_tile_draw(tile, &piece, source, tile->noise[0]);
        add_squares(&squares, piece.element, piece.elements, tile->noise[0]);
    }
    return quell_sum_total(&squares);
}

static double ratio_of(struct quell_tile *tile, size_t row, const struct quell_op *op,
                       const struct quell_source *source, const float *eps)
{
    struct quell_sum squares = {{0}};
    add_squares(&squares, 0, tile->elements, eps);
    double own = quell_sum_total(&squares), dim = (double)tile->elements, above = dim;
    double part = dim < 100 ? dim / 100 : 1, below = part * own + (1 - part) * dim;
    if (op->number) above = square_of_noise(tile, row, source), below = own;
    return below > 0 ? sqrt(above / below) : 0;
}

void quell_tile_langevin(struct quell_tile *tile, const struct quell_plan *plan,
                         const struct quell_op *op)
{
    struct quell_source source = quell_tile_source(&plan->name[op->stream[0]]);
    int bad = 0;
    for (size_t row = 0; row < tile->rows; row++) {
        float *out = tile->registers[op->out] + row * tile->elements;
        const float *eps = tile->registers[op->in[0]] + row * tile->elements;
        double r = ratio_of(tile, row, op, &source, eps);
        const float c[] = {0, (float)(op->coefficient[0] * r * r), (float)(op->coefficient[1] * r)};
        for (struct quell_piece piece = {.row = row, .rows = 1}; next_piece(tile, &piece);) {
            const float *in[] = {out + piece.element, eps + piece.element, tile->noise[0]};
            quell_tile_draw(tile, &piece, &source, tile->noise[0]);
            bad |= tile->job->kernels->update(out + piece.element, piece.elements, 3, c, in);
        }
    }
    if (bad) quell_tile_not_finite(tile, op);
}
