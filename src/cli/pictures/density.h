/* SPDX-License-Identifier: MIT */
/* A density of samples in the plane, as a histogram of fixed size. */
#ifndef QUELL_CLI_PICTURES_DENSITY_H
#define QUELL_CLI_PICTURES_DENSITY_H

#include <stddef.h>
#include "io/output.h"

struct density;

quell_status density_create(struct density **density);

/* Adds x[rows][2]. The first 100 000 samples determine the range of the axes. */
quell_status density_add(struct density *density, size_t rows, const float *x);

quell_status density_write(struct density *density, struct quell_output *output);

void density_free(struct density *density);

#endif
