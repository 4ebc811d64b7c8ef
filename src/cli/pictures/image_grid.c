/* SPDX-License-Identifier: MIT */
/* A grid of up to 64 images on about 800 x 800 pixels, where each pixel of an image is a square of
 * whole pixels. Of large images there are fewer, so that no side exceeds 4096. Images are copied
 * into the picture as they come. */
#include "cli/pictures/image_grid.h"
#include "base/fail.h"
#include "base/memory.h"
#include "cli/pictures/png.h"

#include <stdlib.h>

#define MOST_IMAGES 64
#define TARGET_SIDE 800
#define MOST_SIDE 4096
#define GAP 2
#define SLICE ((size_t)1 << 20) /* bytes that are written at a time */

struct grid {
    size_t count, filled, columns, lines;
    size_t height, width, channels, zoom;
    size_t across, down; /* of the picture */
    unsigned char *pixels;
    struct quell_png *png;
    size_t written; /* rows of pixels */
};

static size_t larger(size_t a, size_t b) { return a > b ? a : b; }
static size_t smaller(size_t a, size_t b) { return a < b ? a : b; }

static void arrange(struct grid *grid)
{
    size_t side = larger(grid->height, grid->width);
    size_t fit = larger(1, MOST_SIDE / (side + GAP));
    grid->count = smaller(grid->count, fit < 8 ? fit * fit : MOST_IMAGES);
    grid->columns = grid->lines = 1; /* of no image, the room for one */
    while (grid->columns * grid->columns < grid->count) grid->columns++;
    if (grid->count) grid->lines = (grid->count + grid->columns - 1) / grid->columns;
    grid->zoom = larger(1, (TARGET_SIDE / grid->columns - GAP) / side);
    grid->across = grid->columns * (grid->width * grid->zoom + GAP) + GAP;
    grid->down = grid->lines * (grid->height * grid->zoom + GAP) + GAP;
}

quell_status grid_create(struct grid **grid, size_t count, size_t height, size_t width,
                         size_t channels)
{
    struct grid *made = quell_new(1, sizeof *made);
    if (!made) return quell_fail(QUELL_NO_MEMORY, "no memory for the plot");
    made->count = count;
    made->height = height;
    made->width = width;
    made->channels = channels;
    arrange(made);
    size_t bytes;
    if (!quell_multiply(made->across, made->down, &bytes))
        made->pixels = quell_new(bytes, channels);
    if (!made->pixels) {
        free(made);
        return quell_fail(QUELL_NO_MEMORY, "no memory for the plot");
    }
    *grid = made;
    return QUELL_OK;
}

void grid_free(struct grid *grid)
{
    if (!grid) return;
    quell_png_free(grid->png);
    free(grid->pixels);
    free(grid);
}

static unsigned char shade(float value)
{
    double level = 127.5 * ((double)value + 1.0) + 0.5;
    return level < 0.0 ? 0 : level > 255.0 ? 255 : (unsigned char)level;
}

static void add_image(struct grid *grid, const float *image)
{
    size_t zoom = grid->zoom, channels = grid->channels;
    size_t left = GAP + grid->filled % grid->columns * (grid->width * zoom + GAP);
    size_t top = GAP + grid->filled / grid->columns * (grid->height * zoom + GAP);
    for (size_t row = 0; row < grid->height * zoom; row++) {
        unsigned char *line = grid->pixels + ((top + row) * grid->across + left) * channels;
        const float *from = image + row / zoom * grid->width * channels;
        for (size_t column = 0; column < grid->width * zoom; column++)
            for (size_t c = 0; c < channels; c++)
                line[column * channels + c] = shade(from[column / zoom * channels + c]);
    }
    grid->filled++;
}

void grid_add(struct grid *grid, size_t rows, const float *x)
{
    for (size_t row = 0; row < rows && grid->filled < grid->count; row++)
        add_image(grid, x + row * grid->height * grid->width * grid->channels);
}

quell_status grid_write_some(struct grid *grid, struct quell_output *output, bool *more)
{
    size_t line = grid->across * grid->channels;
    size_t rows = smaller(grid->down - grid->written, SLICE / line + 1);
    quell_status status = QUELL_OK;
    if (!grid->png)
        status = quell_png_begin(&grid->png, output, grid->across, grid->down, grid->channels);
    if (!status) status = quell_png_add(grid->png, rows, grid->pixels + grid->written * line);
    grid->written += rows;
    *more = !status && grid->written < grid->down;
    return status;
}
