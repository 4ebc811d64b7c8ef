/* SPDX-License-Identifier: MIT */
/* Pictures of samples, drawn while the samples are made: a density for samples in the plane, a grid
 * of the first ones for images. */
#ifndef QUELL_CLI_PICTURES_PLOT_H
#define QUELL_CLI_PICTURES_PLOT_H

#include <quell/model.h>
#include <stddef.h>
#include "io/output.h"

struct plot;

/* Returns what a picture of this model shows, "density" or "images"; NULL if it has no picture. */
const char *plot_kind(const quell_model *model);

/* Creates the plot of `count` samples of a model that has one. */
quell_status plot_create(struct plot **plot, const quell_model *model, size_t count);

/* Adds the next rows of samples. */
quell_status plot_add(struct plot *plot, size_t rows, const float *x);

quell_status plot_write(struct plot *plot, struct quell_output *output);

/* NULL is allowed. */
void plot_free(struct plot *plot);

#endif
