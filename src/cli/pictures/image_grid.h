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

/* Writes some more rows of pixels, of images that have been added, but never the last row of the
 * picture. *more: whether there are more such rows. */
quell_status grid_write_ready(struct grid *grid, struct quell_output *output, bool *more);

/* Writes some more rows of pixels, about a quarter of a megabyte, whether or not all images have
 * been added. *more: whether there are more rows. */
quell_status grid_write_some(struct grid *grid, struct quell_output *output, bool *more);

void grid_free(struct grid *grid);

#endif
