/* SPDX-License-Identifier: MIT */
#include "cli/pictures/plot.h"
#include "base/fail.h"
#include "base/memory.h"
#include "cli/pictures/density.h"
#include "cli/pictures/image_grid.h"

#include <stdlib.h>

struct plot {
    struct density *density;
    struct grid *grid;
};

static size_t channels_of(const struct subject *subject)
{
    return subject->rank == 3 ? subject->shape[2] : 1;
}

static int has_grid(const struct subject *subject)
{
    size_t channels = channels_of(subject);
    return subject->image && subject->rank >= 2 &&
           (channels == 1 || channels == 3 || channels == 4);
}

const char *plot_kind(const struct subject *subject)
{
    size_t elements = 1;
    for (size_t i = 0; i < subject->rank; i++) elements *= subject->shape[i];
    if (has_grid(subject)) return "images";
    return elements == 2 ? "density" : NULL;
}

bool plot_comes_in_parts(const struct subject *subject) { return has_grid(subject); }

quell_status plot_create(struct plot **plot, const struct subject *subject, size_t count)
{
    struct plot *made = quell_new(1, sizeof *made);
    if (!made) return quell_fail(QUELL_NO_MEMORY, "no memory for the plot");
    quell_status status = has_grid(subject) ? grid_create(&made->grid, count, subject->shape[0],
                                                          subject->shape[1], channels_of(subject))
                                            : density_create(&made->density);
    if (status)
        plot_free(made);
    else
        *plot = made;
    return status;
}

quell_status plot_add(struct plot *plot, size_t rows, const float *x)
{
    if (plot->density) return density_add(plot->density, rows, x);
    grid_add(plot->grid, rows, x);
    return QUELL_OK;
}

/* A density has no part that is ready early: the colour of every pixel depends on all samples. */
quell_status plot_write_ready(struct plot *plot, struct quell_output *output, bool *more)
{
    *more = false;
    return plot->grid ? grid_write_ready(plot->grid, output, more) : QUELL_OK;
}

quell_status plot_write_some(struct plot *plot, struct quell_output *output, bool *more)
{
    *more = false;
    return plot->density ? density_write(plot->density, output)
                         : grid_write_some(plot->grid, output, more);
}

quell_status plot_write(struct plot *plot, struct quell_output *output)
{
    bool more = true;
    quell_status status = QUELL_OK;
    while (!status && more) status = plot_write_some(plot, output, &more);
    return status;
}

void plot_free(struct plot *plot)
{
    if (!plot) return;
    density_free(plot->density);
    grid_free(plot->grid);
    free(plot);
}
