/* SPDX-License-Identifier: MIT */
#ifndef QUELL_CLI_PICTURES_PNG_H
#define QUELL_CLI_PICTURES_PNG_H

#include <stddef.h>
#include "io/output.h"

/* A PNG that is written row by row. */
struct quell_png;

/* Begins a PNG of height x width pixels with 1 to 4 channels of a byte each (grey, grey and alpha,
 * RGB, RGBA). The output must outlive *png, and is not closed. On success the caller frees *png. */
quell_status quell_png_begin(struct quell_png **png, struct quell_output *output, size_t width,
                             size_t height, size_t channels);

/* Writes the next rows, pixels[rows][width][channels]. The PNG is complete after the last row. */
quell_status quell_png_add(struct quell_png *png, size_t rows, const unsigned char *pixels);

/* NULL is allowed. */
void quell_png_free(struct quell_png *png);

/* Writes all of pixels[height][width][channels]. */
quell_status quell_png_write(struct quell_output *output, size_t width, size_t height,
                             size_t channels, const unsigned char *pixels);

#endif
