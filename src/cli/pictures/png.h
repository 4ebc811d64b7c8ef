/* SPDX-License-Identifier: MIT */
#ifndef QUELL_CLI_PICTURES_PNG_H
#define QUELL_CLI_PICTURES_PNG_H

#include <stddef.h>
#include "io/output.h"

/* A PNG that is written row by row. */
struct quell_png;

/* Begins one of height x width pixels of 1 to 4 channels of a byte (grey, grey and alpha, RGB,
 * RGBA). The output must last as long, and stays open. On success *png is to be freed. */
quell_status quell_png_begin(struct quell_png **png, struct quell_output *output, size_t width,
                             size_t height, size_t channels);

/* Writes the next rows, pixels[rows][width][channels]; with the last one the PNG is whole. */
quell_status quell_png_add(struct quell_png *png, size_t rows, const unsigned char *pixels);

/* NULL is allowed. */
void quell_png_free(struct quell_png *png);

/* Writes all of pixels[height][width][channels]. */
quell_status quell_png_write(struct quell_output *output, size_t width, size_t height,
                             size_t channels, const unsigned char *pixels);

#endif
