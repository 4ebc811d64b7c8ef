/* SPDX-License-Identifier: MIT */
#include "cli/pictures/png.h"
#include "base/fail.h"

#include <png.h>
#include <setjmp.h>

struct sink {
    struct quell_output *output;
    quell_status status;
};

static void put(png_structp png, png_bytep data, size_t bytes)
{
    struct sink *sink = png_get_io_ptr(png);
    sink->status = quell_output_write(sink->output, data, bytes);
    if (sink->status) png_error(png, "not written");
}

static void flush(png_structp png) { (void)png; }

/* The default handler of libpng prints; here the status of the output says enough. */
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

static void write_image(png_structp png, png_infop info, size_t width, size_t height,
                        size_t channels, const unsigned char *pixels)
{
    static const int types[] = {PNG_COLOR_TYPE_GRAY, PNG_COLOR_TYPE_GRAY_ALPHA, PNG_COLOR_TYPE_RGB,
                                PNG_COLOR_TYPE_RGB_ALPHA};
    png_set_IHDR(png, info, (png_uint_32)width, (png_uint_32)height, 8, types[channels - 1],
                 PNG_INTERLACE_NONE, PNG_COMPRESSION_TYPE_DEFAULT, PNG_FILTER_TYPE_DEFAULT);
    png_write_info(png, info);
    for (size_t row = 0; row < height; row++) png_write_row(png, pixels + row * width * channels);
    png_write_end(png, info);
}

quell_status quell_png_write(struct quell_output *output, size_t width, size_t height,
                             size_t channels, const unsigned char *pixels)
{
    struct sink sink = {output, QUELL_OK};
    png_structp png = png_create_write_struct(PNG_LIBPNG_VER_STRING, NULL, give_up, ignore);
    png_infop info = png ? png_create_info_struct(png) : NULL;
    volatile int failed = !info;
    if (info && !(failed = setjmp(png_jmpbuf(png)))) {
        png_set_write_fn(png, &sink, put, flush);
        write_image(png, info, width, height, channels, pixels);
    }
    png_destroy_write_struct(&png, &info);
    if (sink.status) return sink.status;
    if (failed) return quell_fail(QUELL_NO_MEMORY, "%s: no memory for the PNG", output->path);
    return QUELL_OK;
}
