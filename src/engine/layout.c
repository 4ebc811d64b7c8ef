/* SPDX-License-Identifier: MIT */
#include "layout.h"

/* The number of rows in a call of the caller's denoiser, so that a network's products are wide
 * enough. If more rows fill a tile, a call has as many. */
#define FUNCTION_ROWS 256

/* If samples are larger than this and few, they are run op-major, so that all threads have work. */
#define LARGE_SAMPLE 16384

static size_t ceil_div(size_t a, size_t b) { return a / b + (a % b != 0); }

static size_t least(size_t a, size_t b) { return a < b ? a : b; }

static size_t at_least_one(size_t a) { return a ? a : 1; }

static struct quell_layout rows_of(size_t rows, size_t dim, size_t count)
{
    return (struct quell_layout){
        .rows = rows, .elements = dim, .across = 1, .tiles = ceil_div(count, rows)};
}

struct quell_layout quell_layout_elements(size_t dim, size_t count, size_t tile)
{
    size_t rows = tile ? tile : QUELL_TILE_ELEMENTS / dim;
    if (rows >= 1 && (tile || dim <= QUELL_TILE_ELEMENTS))
        return rows_of(least(rows, count), dim, count);
    size_t across = ceil_div(dim, QUELL_TILE_ELEMENTS);
    return (struct quell_layout){
        .rows = 1, .elements = QUELL_TILE_ELEMENTS, .across = across, .tiles = across * count};
}

/* Returns the denoiser's preferred number of rows, or fewer, so that there are as many tiles as
 * workers. */
static size_t whole_rows(const quell_denoiser *denoiser, size_t count, size_t workers)
{
    size_t preferred = denoiser->rows;
    if (!preferred) {
        size_t fill = QUELL_TILE_ELEMENTS / denoiser->dim;
        preferred = least(fill > FUNCTION_ROWS ? fill : FUNCTION_ROWS,
                          8 * QUELL_TILE_ELEMENTS / denoiser->dim);
    }
    return at_least_one(least(preferred, ceil_div(count, workers)));
}

struct quell_layout quell_layout_plan(const quell_denoiser *denoiser, size_t count, size_t workers,
                                      size_t helpers, size_t tile, enum quell_cut cut)
{
    if (cut == QUELL_ONE_SAMPLE) return rows_of(1, denoiser->dim, count);
    bool fits = cut == QUELL_ANY_PART || denoiser->dim <= QUELL_TILE_ELEMENTS;
    if (!denoiser->whole_batch && denoiser->type->elementwise && fits)
        return quell_layout_elements(denoiser->dim, count, tile);
    size_t rows = denoiser->whole_batch ? count
                  : tile                ? least(tile, count)
                                        : whole_rows(denoiser, count, workers);
    struct quell_layout layout = rows_of(rows, denoiser->dim, count);
    layout.op_major = denoiser->whole_batch ||
                      (layout.tiles < workers && denoiser->dim >= LARGE_SAMPLE && !helpers);
    return layout;
}
