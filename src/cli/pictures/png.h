/* SPDX-License-Identifier: MIT */
#ifndef QUELL_CLI_PICTURES_PNG_H
#define QUELL_CLI_PICTURES_PNG_H

#include <stddef.h>
#include "io/output.h"

/* Writes pixels[height][width][channels], 1 to 4 channels of a byte (grey, grey and alpha, RGB,
 * RGBA), as a PNG. The output stays open. */
quell_status quell_png_write(struct quell_output *output, size_t width, size_t height,
                             size_t channels, const unsigned char *pixels);

#endif
