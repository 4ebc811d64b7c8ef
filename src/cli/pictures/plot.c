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

static size_t channels_of(const quell_model *model)
{
    return quell_model_rank(model) == 3 ? quell_model_shape(model)[2] : 1;
}

static int has_grid(const quell_model *model)
{
    size_t channels = channels_of(model);
    return quell_model_image(model) && quell_model_rank(model) >= 2 &&
           (channels == 1 || channels == 3 || channels == 4);
}

const char *plot_kind(const quell_model *model)
{
    if (has_grid(model)) return "images";
    return quell_denoiser_dim(quell_model_denoiser(model)) == 2 ? "density" : NULL;
}

quell_status plot_create(struct plot **plot, const quell_model *model, size_t count)
{
    struct plot *made = quell_new(1, sizeof *made);
    if (!made) return quell_fail(QUELL_NO_MEMORY, "no memory for the plot");
    quell_status status = has_grid(model)
                              ? grid_create(&made->grid, count, quell_model_shape(model)[0],
                                            quell_model_shape(model)[1], channels_of(model))
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

quell_status plot_write(struct plot *plot, struct quell_output *output)
{
    return plot->density ? density_write(plot->density, output) : grid_write(plot->grid, output);
}

void plot_free(struct plot *plot)
{
    if (!plot) return;
    density_free(plot->density);
    grid_free(plot->grid);
    free(plot);
}
