/* SPDX-License-Identifier: MIT */
#include "cli/pictures/png.h"
#include "base/fail.h"
#include "base/memory.h"

#include <png.h>
#include <setjmp.h>
#include <stdlib.h>

struct quell_png {
    struct quell_output *output;
    quell_status status;
    png_structp png;
    png_infop info;
    size_t left; /* rows that have not been added yet */
    size_t across;
};

static void put(png_structp png, png_bytep data, size_t bytes)
{
    struct quell_png *own = png_get_io_ptr(png);
    own->status = quell_output_write(own->output, data, bytes);
    if (own->status) png_error(png, "not written");
}

static void flush(png_structp png) { (void)png; }

/* Replaces the default handler of libpng, which prints; the status of the output is enough here. */
static void give_up(png_structp png, png_const_charp message)
{
    (void)message;
    png_longjmp(png, 1);
}

static void ignore(png_structp png, png_const_charp message)
{
    (void)png;
    (void)message;
}

static quell_status fail(const struct quell_png *png)
{
    return png->status
               ? png->status
               : quell_fail(QUELL_NO_MEMORY, "%s: no memory for the PNG", png->output->path);
}

/* On an error libpng jumps to setjmp from within its calls. Only `png`, which does not change, is
 * used after that. */
static quell_status begin(struct quell_png *png, size_t width, size_t height, size_t channels)
{
    static const int types[] = {PNG_COLOR_TYPE_GRAY, PNG_COLOR_TYPE_GRAY_ALPHA, PNG_COLOR_TYPE_RGB,
                                PNG_COLOR_TYPE_RGB_ALPHA};
    png->png = png_create_write_struct(PNG_LIBPNG_VER_STRING, NULL, give_up, ignore);
    png->info = png->png ? png_create_info_struct(png->png) : NULL;
    if (!png->info || setjmp(png_jmpbuf(png->png))) return fail(png);
    png_set_write_fn(png->png, png, put, flush);
    png_set_IHDR(png->png, png->info, (png_uint_32)width, (png_uint_32)height, 8,
                 types[channels - 1], PNG_INTERLACE_NONE, PNG_COMPRESSION_TYPE_DEFAULT,
                 PNG_FILTER_TYPE_DEFAULT);
    png_write_info(png->png, png->info);
    return QUELL_OK;
}

quell_status quell_png_begin(struct quell_png **png, struct quell_output *output, size_t width,
                             size_t height, size_t channels)
{
    struct quell_png *made = quell_new(1, sizeof *made);
    if (!made) return quell_fail(QUELL_NO_MEMORY, "%s: no memory for the PNG", output->path);
    made->output = output;
    made->left = height;
    made->across = width * channels;
    quell_status status = begin(made, width, height, channels);
    if (status)
        quell_png_free(made);
    else
        *png = made;
    return status;
}

quell_status quell_png_add(struct quell_png *png, size_t rows, const unsigned char *pixels)
{
    if (setjmp(png_jmpbuf(png->png))) return fail(png);
    for (size_t row = 0; row < rows; row++) png_write_row(png->png, pixels + row * png->across);
    png->left -= rows;
    if (!png->left) png_write_end(png->png, png->info);
    return QUELL_OK;
}

void quell_png_free(struct quell_png *png)
{
    if (!png) return;
    png_destroy_write_struct(&png->png, &png->info);
    free(png);
}

quell_status quell_png_write(struct quell_output *output, size_t width, size_t height,
                             size_t channels, const unsigned char *pixels)
{
    struct quell_png *png = NULL;
    quell_status status = quell_png_begin(&png, output, width, height, channels);
    if (!status) status = quell_png_add(png, height, pixels);
    quell_png_free(png);
    return status;
}
