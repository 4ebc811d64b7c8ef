/* SPDX-License-Identifier: MIT */
/* Pictures of samples, drawn while the samples are made: a density for samples in the plane, a grid
 * of the first ones for images. */
#ifndef QUELL_CLI_PICTURES_PLOT_H
#define QUELL_CLI_PICTURES_PLOT_H

#include <quell/status.h>
#include <stdbool.h>
#include <stddef.h>
#include "io/output.h"

struct plot;

/* What a sample shows: its shape, and whether it is an image. */
struct subject {
    size_t rank;
    const size_t *shape;
    int image;
};

/* Returns what a picture of such samples shows, "density" or "images"; NULL if there is none. */
const char *plot_kind(const struct subject *subject);

/* Whether a picture of such samples has parts that later samples do not change. */
bool plot_comes_in_parts(const struct subject *subject);

/* Creates the plot of `count` samples of which there is one. */
quell_status plot_create(struct plot **plot, const struct subject *subject, size_t count);

/* Adds the next rows of samples. */
quell_status plot_add(struct plot *plot, size_t rows, const float *x);

quell_status plot_write(struct plot *plot, struct quell_output *output);

/* Writes a part of what no row that is still to be added changes; *more: whether there is more of
 * that. It is never all: the last bytes are for plot_write_some. */
quell_status plot_write_ready(struct plot *plot, struct quell_output *output, bool *more);

/* Writes a part of it, of a large picture what takes about a twentieth of a second; *more: whether
 * there is more to write, to the same output. */
quell_status plot_write_some(struct plot *plot, struct quell_output *output, bool *more);

/* NULL is allowed. */
void plot_free(struct plot *plot);

#endif
