/* SPDX-License-Identifier: MIT */
#include "serve/encode.h"
#include "base/fail.h"
#include "base/json_write.h"
#include "base/memory.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#define MOST_IMAGES 64 /* of a picture, as in the command */

/* bytes[used]: of floats, which have room for all, or of the JSON in `file` and `writer`. plot: of
 * a picture, which goes to `output`, in memory, whose file is 0 until then. */
struct serve_encoding {
    enum serve_format format;
    const struct subject *subject;
    size_t each; /* elements of a sample */
    char *bytes;
    size_t used;
    FILE *file;
    struct quell_json_writer writer;
    struct plot *plot;
    struct quell_output output;
};

static quell_status no_memory(void)
{
    return quell_fail(QUELL_NO_MEMORY, "no memory for an answer");
}

static size_t elements(const struct subject *subject)
{
    size_t product = 1;
    for (size_t i = 0; i < subject->rank; i++) product *= subject->shape[i];
    return product;
}

/* ---- Floats: NumPy's header, or none, and the floats behind it ---- */

size_t serve_encode_header(char header[QUELL_NPY_HEADER], enum serve_format format,
                           const struct subject *subject, size_t count)
{
    size_t shape[QUELL_NPY_MAX_RANK] = {count};
    memcpy(shape + 1, subject->shape, subject->rank * sizeof *shape);
    return format == SERVE_NPY ? quell_npy_header(header, subject->rank + 1, shape) : 0;
}

static quell_status begin_floats(struct serve_encoding *encoding, size_t count)
{
    char header[QUELL_NPY_HEADER];
    encoding->used = serve_encode_header(header, encoding->format, encoding->subject, count);
    size_t size = encoding->used + count * encoding->each * sizeof(float);
    encoding->bytes = malloc(size ? size : 1);
    if (!encoding->bytes) return no_memory();
    memcpy(encoding->bytes, header, encoding->used);
    return QUELL_OK;
}

static void add_floats(struct serve_encoding *encoding, size_t rows, const float *x)
{
    size_t size = rows * encoding->each * sizeof *x;
    memcpy(encoding->bytes + encoding->used, x, size);
    encoding->used += size;
}

/* ---- JSON ---- */

static int put(void *user, const char *text, size_t size)
{
    return fwrite(text, 1, size, user) < size;
}

static quell_status begin_json(struct serve_encoding *encoding)
{
    encoding->file = open_memstream(&encoding->bytes, &encoding->used);
    if (!encoding->file) return no_memory();
    encoding->writer = (struct quell_json_writer){.put = put, .user = encoding->file, .digits = 9};
    quell_json_begin(&encoding->writer, NULL, '{');
    quell_json_begin(&encoding->writer, "samples", '[');
    return QUELL_OK;
}

/* Lists within lists, as many as the shape has dimensions. Returns what is behind them. */
static const float *put_values(struct quell_json_writer *writer, size_t rank, const size_t *shape,
                               const float *x)
{
    if (!rank) {
        quell_json_put_number(writer, NULL, (double)*x);
        return x + 1;
    }
    quell_json_begin(writer, NULL, '[');
    for (size_t i = 0; i < shape[0]; i++) x = put_values(writer, rank - 1, shape + 1, x);
    quell_json_end(writer, ']');
    return x;
}

static quell_status add_json(struct serve_encoding *encoding, size_t rows, const float *x)
{
    const struct subject *subject = encoding->subject;
    for (size_t row = 0; row < rows; row++)
        x = put_values(&encoding->writer, subject->rank, subject->shape, x);
    return encoding->writer.failed ? no_memory() : QUELL_OK;
}

static quell_status end_json(struct serve_encoding *encoding)
{
    quell_json_end(&encoding->writer, ']');
    quell_json_end(&encoding->writer, '}');
    bool failed = encoding->writer.failed;
    failed = fputc('\n', encoding->file) == EOF || failed;
    failed = fclose(encoding->file) || failed;
    encoding->file = NULL;
    return failed ? no_memory() : QUELL_OK;
}

/* ---- PNG: the command's code, which writes to files, and this one is in memory ---- */

/* Reads all of a file in memory. */
static quell_status read_all(int file, char **bytes, size_t *size)
{
    off_t end = lseek(file, 0, SEEK_END);
    *bytes = end > 0 ? malloc((size_t)end) : NULL;
    if (!*bytes) return no_memory();
    *size = (size_t)end;
    return pread(file, *bytes, *size, 0) == (ssize_t)*size ? QUELL_OK : no_memory();
}

static quell_status end_picture(struct serve_encoding *encoding, bool *more)
{
    struct quell_output *output = &encoding->output;
    if (!output->file) output->file = memfd_create("answer", MFD_CLOEXEC);
    if (output->file < 0) return no_memory();
    quell_status status = plot_write_some(encoding->plot, output, more);
    if (status || *more) return status;
    return read_all(output->file, &encoding->bytes, &encoding->used);
}

/* ---- All of them ---- */

void serve_encoding_free(struct serve_encoding *encoding)
{
    if (!encoding) return;
    if (encoding->file) fclose(encoding->file);
    plot_free(encoding->plot);
    if (encoding->output.file > 0) close(encoding->output.file);
    free(encoding->bytes);
    free(encoding);
}

quell_status serve_encoding_begin(struct serve_encoding **encoding, enum serve_format format,
                                  const struct subject *subject, size_t count)
{
    struct serve_encoding *made = quell_new(1, sizeof *made);
    if (!made) return no_memory();
    *encoding = made;
    made->format = format;
    made->subject = subject;
    made->each = elements(subject);
    if (format == SERVE_JSON) return begin_json(made);
    if (format == SERVE_PNG)
        return plot_create(&made->plot, subject, count < MOST_IMAGES ? count : MOST_IMAGES);
    return begin_floats(made, count);
}

quell_status serve_encoding_add(struct serve_encoding *encoding, size_t rows, const float *x)
{
    if (encoding->format == SERVE_JSON) return add_json(encoding, rows, x);
    if (encoding->format == SERVE_PNG) return plot_add(encoding->plot, rows, x);
    add_floats(encoding, rows, x);
    return QUELL_OK;
}

quell_status serve_encoding_end(struct serve_encoding *encoding, char **bytes, size_t *size,
                                bool *more)
{
    quell_status status = QUELL_OK;
    *more = false;
    if (encoding->format == SERVE_JSON) status = end_json(encoding);
    if (encoding->format == SERVE_PNG) status = end_picture(encoding, more);
    if (status || *more) return status;
    *bytes = encoding->bytes;
    *size = encoding->used;
    encoding->bytes = NULL;
    return QUELL_OK;
}

quell_status serve_encode_check(enum serve_format format, const struct subject *subject)
{
    if (format != SERVE_PNG || plot_kind(subject)) return QUELL_OK;
    return quell_fail(QUELL_BAD_ARGUMENT, "format=png: there is a picture of images and of samples "
                                          "with 2 elements alone; ask for npy, raw or json");
}

quell_status serve_encode(enum serve_format format, const struct subject *subject, size_t count,
                          const float *x, char **bytes, size_t *size)
{
    struct serve_encoding *encoding = NULL;
    bool more = true;
    quell_status status = serve_encoding_begin(&encoding, format, subject, count);
    if (!status) status = serve_encoding_add(encoding, count, x);
    while (!status && more) status = serve_encoding_end(encoding, bytes, size, &more);
    serve_encoding_free(encoding);
    return status;
}
