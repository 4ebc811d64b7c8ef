/* SPDX-License-Identifier: MIT */
/* A grid of images: the first samples side by side. */
#ifndef QUELL_CLI_PICTURES_IMAGE_GRID_H
#define QUELL_CLI_PICTURES_IMAGE_GRID_H

#include <stdbool.h>
#include <stddef.h>
#include "io/output.h"

struct grid;

/* Creates a grid of up to `count` images of height x width x channels (1, 3 or 4). */
quell_status grid_create(struct grid **grid, size_t count, size_t height, size_t width,
                         size_t channels);

/* Adds x[rows][height][width][channels], in [-1, 1]; images beyond the grid are ignored. */
void grid_add(struct grid *grid, size_t rows, const float *x);

/* Writes some rows of pixels more, of those whose images are there, but never the last one; *more:
 * whether there are others of these. */
quell_status grid_write_ready(struct grid *grid, struct quell_output *output, bool *more);

/* Writes some rows of pixels more, about a quarter of a million bytes, as if no image were to come;
 * *more: whether others are left. */
quell_status grid_write_some(struct grid *grid, struct quell_output *output, bool *more);

void grid_free(struct grid *grid);

#endif
