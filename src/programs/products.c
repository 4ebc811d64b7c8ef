/* SPDX-License-Identifier: MIT */
#include "programs/products.h"
#include "programs/sums.h"

#include <string.h>

/* The numbers of rows of A and columns of B that are computed at a time: with a block of 128 they
 * stay in the second-level cache. */
#define MOST_ROWS 192
#define MOST_COLUMNS (3 * QUELL_PANEL)

static size_t least(size_t a, size_t b) { return a < b ? a : b; }

/* The size of what is computed at a time: rows and columns of the result, and the length of a
 * block. */
struct room {
    size_t rows, columns, block;
    float *a, *b, *c;
};

static struct room sizes_for(size_t m, size_t n, size_t k)
{
    size_t panels = (least(n, MOST_COLUMNS) + QUELL_PANEL - 1) / QUELL_PANEL;
    return (struct room){.rows = least(m, MOST_ROWS),
                         .columns = panels * QUELL_PANEL,
                         .block = least(k, quell_block_of(k))};
}

size_t quell_products_floats(size_t m, size_t n, size_t k)
{
    struct room room = sizes_for(m, n, k);
    return room.columns * (room.block + room.rows) + room.rows * room.block;
}

static struct room room_for(const struct quell_products *x)
{
    struct room room = sizes_for(x->m, x->n, x->k);
    room.b = x->scratch;
    room.c = room.b + room.columns * room.block;
    room.a = room.c + room.columns * room.rows;
    return room;
}

/* Adds c to some rows and columns of out. */
static void add(const struct quell_products *x, const struct room *room, size_t i, size_t rows,
                size_t j, size_t columns)
{
    for (size_t r = 0; r < rows; r++) {
        float *out = x->out + (i + r) * x->out_row + j;
        const float *c = room->c + r * room->columns;
        for (size_t q = 0; q < columns; q++) out[q] += c[q];
    }
}

/* Adds the block of p from `from` on to some rows, whose part of A is in the room. Returns false if
 * the rest is no longer needed. `work` counts multiply-adds since that was last checked. */
static bool add_block(const struct quell_products *x, const struct quell_kernels *kernels,
                      const struct room *room, size_t i, size_t rows, size_t from, size_t count,
                      size_t *work)
{
    struct quell_product product = {.m = rows,
                                    .k = count,
                                    .a = room->a,
                                    .a_row = count,
                                    .a_col = 1,
                                    .b = room->b,
                                    .b_row = QUELL_PANEL,
                                    .b_panel = count * QUELL_PANEL,
                                    .c = room->c,
                                    .c_row = room->columns};
    for (size_t j = 0; j < x->n; j += room->columns) {
        product.n = least(x->n - j, room->columns);
        for (size_t q = 0; q < product.n; q += QUELL_PANEL) {
            struct quell_part part = {from, count, j + q, least(product.n - q, QUELL_PANEL)};
            float *panel = room->b + q * count;
            if (part.columns < QUELL_PANEL) memset(panel, 0, count * QUELL_PANEL * sizeof *panel);
            x->right(x->user, &part, panel);
        }
        kernels->product(&product);
        add(x, room, i, rows, j, product.n);
        *work += rows * product.n * count;
        if (!x->over || *work < QUELL_LONG_DOTS) continue;
        *work = 0;
        if (x->over(x->asked)) return false;
    }
    return true;
}

static void finish(const struct quell_products *x)
{
    for (size_t i = 0; i < x->m && x->bias; i++)
        for (size_t j = 0; j < x->n; j++) x->out[i * x->out_row + j] += x->bias[x->by_row ? i : j];
}

void quell_products_run(const struct quell_products *x, const struct quell_kernels *kernels)
{
    struct room room = room_for(x);
    size_t work = 0;
    for (size_t i = 0; i < x->m; i++)
        for (size_t j = 0; j < x->n; j++) x->out[i * x->out_row + j] = 0;
    for (size_t i = 0; i < x->m; i += room.rows)
        for (size_t from = 0; from < x->k; from += room.block) {
            struct quell_part part = {i, least(x->m - i, room.rows), from,
                                      least(x->k - from, room.block)};
            x->left(x->user, &part, room.a);
            if (!add_block(x, kernels, &room, i, part.rows, from, part.columns, &work)) return;
        }
    finish(x);
}
