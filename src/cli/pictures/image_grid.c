/* SPDX-License-Identifier: MIT */
/* A grid of up to 64 images on about 800 x 800 pixels, where each pixel of an image becomes a
 * square of whole pixels. If images are large, there are fewer of them, so that no side exceeds
 * 4096. Images are kept as they come, one byte for each value; rows of pixels are made of them when
 * they are written. */
#include "cli/pictures/image_grid.h"
#include "base/fail.h"
#include "base/memory.h"
#include "cli/pictures/png.h"

#include <stdlib.h>
#include <string.h>

#define MOST_IMAGES 64
#define TARGET_SIDE 800
#define MOST_SIDE 4096
#define GAP 2
#define SLICE ((size_t)1 << 18) /* about how many bytes are written at a time */

struct grid {
    size_t count, filled; /* images: places for them, and those that have been added */
    size_t columns, lines;
    size_t height, width, channels, zoom;
    size_t across, down;   /* the size of the picture in pixels */
    size_t written;        /* rows of pixels that have been written */
    unsigned char *shades; /* [filled][height][width][channels]: the images */
    unsigned char *row;    /* [across][channels]: a row of pixels */
    struct quell_png *png;
};

static size_t larger(size_t a, size_t b) { return a > b ? a : b; }
static size_t smaller(size_t a, size_t b) { return a < b ? a : b; }

static void arrange(struct grid *grid)
{
    size_t side = larger(grid->height, grid->width);
    size_t fit = larger(1, MOST_SIDE / (side + GAP));
    grid->count = smaller(grid->count, fit < 8 ? fit * fit : MOST_IMAGES);
    grid->columns = grid->lines = 1; /* without images, the picture has room for one */
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
    made->row = quell_new(made->across, channels);
    made->shades = quell_new(made->count ? made->count : 1, height * width * channels);
    if (!made->row || !made->shades) {
        grid_free(made);
        return quell_fail(QUELL_NO_MEMORY, "no memory for the plot");
    }
    *grid = made;
    return QUELL_OK;
}

void grid_free(struct grid *grid)
{
    if (!grid) return;
    quell_png_free(grid->png);
    free(grid->row);
    free(grid->shades);
    free(grid);
}

static unsigned char shade(float value)
{
    double level = 127.5 * ((double)value + 1.0) + 0.5;
    return level < 0.0 ? 0 : level > 255.0 ? 255 : (unsigned char)level;
}

void grid_add(struct grid *grid, size_t rows, const float *x)
{
    size_t each = grid->height * grid->width * grid->channels;
    for (size_t row = 0; row < rows && grid->filled < grid->count; row++, grid->filled++)
        for (size_t i = 0; i < each; i++)
            grid->shades[grid->filled * each + i] = shade(x[row * each + i]);
}

/* Makes the pixels of one row of an image, from pixel `left` of the picture's row on. */
static void make_part(const struct grid *grid, size_t image, size_t row, size_t left)
{
    size_t channels = grid->channels, bytes = grid->width * channels;
    const unsigned char *from = grid->shades + (image * grid->height + row) * bytes;
    unsigned char *to = grid->row + left * channels;
    for (size_t column = 0; column < grid->width; column++, from += channels)
        for (size_t i = 0; i < grid->zoom; i++, to += channels) memcpy(to, from, channels);
}

static void make_row(const struct grid *grid, size_t down)
{
    size_t side = grid->height * grid->zoom + GAP, line = down / side, within = down % side;
    memset(grid->row, 0, grid->across * grid->channels);
    if (within < GAP || line == grid->lines) return;
    for (size_t column = 0; column < grid->columns; column++) {
        size_t image = line * grid->columns + column;
        if (image == grid->filled) return;
        make_part(grid, image, (within - GAP) / grid->zoom,
                  GAP + column * (grid->width * grid->zoom + GAP));
    }
}

/* Writes rows of pixels before row `end`, but no more than a slice. */
static quell_status write_to(struct grid *grid, struct quell_output *output, size_t end, bool *more)
{
    size_t rows = SLICE / (grid->across * grid->channels) + 1;
    quell_status status = QUELL_OK;
    if (!grid->png)
        status = quell_png_begin(&grid->png, output, grid->across, grid->down, grid->channels);
    for (; !status && rows && grid->written < end; rows--, grid->written++) {
        make_row(grid, grid->written);
        status = quell_png_add(grid->png, 1, grid->row);
    }
    *more = !status && grid->written < end;
    return status;
}

quell_status grid_write_ready(struct grid *grid, struct quell_output *output, bool *more)
{
    size_t lines = grid->filled == grid->count ? grid->lines : grid->filled / grid->columns;
    size_t end = lines * (grid->height * grid->zoom + GAP);
    *more = false;
    return end > grid->written ? write_to(grid, output, end, more) : QUELL_OK;
}

quell_status grid_write_some(struct grid *grid, struct quell_output *output, bool *more)
{
    return write_to(grid, output, grid->down, more);
}
