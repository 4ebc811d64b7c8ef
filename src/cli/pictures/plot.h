/* SPDX-License-Identifier: MIT */
/* Pictures of samples, drawn while the samples are made: for samples in the plane a picture of
 * their density, for images a grid of the first of them. */
#ifndef QUELL_CLI_PICTURES_PLOT_H
#define QUELL_CLI_PICTURES_PLOT_H

#include <quell/status.h>
#include <stdbool.h>
#include <stddef.h>
#include "io/output.h"

struct plot;

/* The shape of a sample, and whether it is an image. */
struct subject {
    size_t rank;
    const size_t *shape;
    int image;
};

/* Returns the kind of picture for such samples, "density" or "images"; NULL if there is none. */
const char *plot_kind(const struct subject *subject);

/* Whether a picture of such samples can be written in parts, which later samples do not change. */
bool plot_comes_in_parts(const struct subject *subject);

/* Creates the plot of `count` samples, for which plot_kind is not NULL. */
quell_status plot_create(struct plot **plot, const struct subject *subject, size_t count);

/* Adds the next rows of samples. */
quell_status plot_add(struct plot *plot, size_t rows, const float *x);

quell_status plot_write(struct plot *plot, struct quell_output *output);

/* Writes a part of the picture that samples added later will not change. *more: whether there is
 * more of that. It never writes all: plot_write_some writes the last bytes. */
quell_status plot_write_ready(struct plot *plot, struct quell_output *output, bool *more);

/* Writes a part of the picture, at most about a twentieth of a second's work. *more: whether there
 * is more to write; call it again with the same output. */
quell_status plot_write_some(struct plot *plot, struct quell_output *output, bool *more);

/* NULL is allowed. */
void plot_free(struct plot *plot);

#endif
