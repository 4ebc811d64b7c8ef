/* SPDX-License-Identifier: MIT */
#include "serve/encode.h"
#include "base/fail.h"
#include "base/json_write.h"
#include "io/npy.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#define MOST_IMAGES 64 /* of a picture, as in the command */

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

/* The header, which raw floats have none of, and the floats behind it. */
static quell_status encode_floats(const char *header, size_t length, const float *x, size_t floats,
                                  char **bytes, size_t *size)
{
    *size = length + floats * sizeof *x;
    *bytes = malloc(*size ? *size : 1);
    if (!*bytes) return no_memory();
    memcpy(*bytes, header, length);
    memcpy(*bytes + length, x, floats * sizeof *x);
    return QUELL_OK;
}

static quell_status encode_npy(const struct subject *subject, size_t count, const float *x,
                               char **bytes, size_t *size)
{
    char header[QUELL_NPY_HEADER];
    size_t shape[QUELL_NPY_MAX_RANK] = {count};
    memcpy(shape + 1, subject->shape, subject->rank * sizeof *shape);
    size_t length = quell_npy_header(header, subject->rank + 1, shape);
    return encode_floats(header, length, x, count * elements(subject), bytes, size);
}

static int put(void *user, const char *text, size_t size)
{
    return fwrite(text, 1, size, user) < size;
}

/* Lists of lists, as the shape has them. */
static const float *put_values(struct quell_json_writer *writer, const char *name, size_t rank,
                               const size_t *shape, const float *x)
{
    quell_json_begin(writer, name, '[');
    for (size_t i = 0; i < shape[0]; i++)
        if (rank > 1)
            x = put_values(writer, NULL, rank - 1, shape + 1, x);
        else
            quell_json_put_number(writer, NULL, (double)*x++);
    quell_json_end(writer, ']');
    return x;
}

static quell_status encode_json(const struct subject *subject, size_t count, const float *x,
                                char **bytes, size_t *size)
{
    size_t shape[QUELL_NPY_MAX_RANK] = {count};
    memcpy(shape + 1, subject->shape, subject->rank * sizeof *shape);
    FILE *file = open_memstream(bytes, size);
    if (!file) return no_memory();
    struct quell_json_writer writer = {.put = put, .user = file, .digits = 9};
    quell_json_begin(&writer, NULL, '{');
    put_values(&writer, "samples", subject->rank + 1, shape, x);
    quell_json_end(&writer, '}');
    bool failed = writer.failed;
    failed = fputc('\n', file) == EOF || failed;
    failed = fclose(file) || failed;
    if (!failed) return QUELL_OK;
    free(*bytes);
    return no_memory();
}

/* Reads all of a file in memory. */
static quell_status read_all(int file, char **bytes, size_t *size)
{
    off_t end = lseek(file, 0, SEEK_END);
    *bytes = end > 0 ? malloc((size_t)end) : NULL;
    if (!*bytes) return no_memory();
    *size = (size_t)end;
    if (pread(file, *bytes, *size, 0) == (ssize_t)*size) return QUELL_OK;
    free(*bytes);
    return no_memory();
}

/* A PNG is written by the code of the command, which writes to files: this one is in memory. */
static quell_status encode_png(const struct subject *subject, size_t count, const float *x,
                               char **bytes, size_t *size)
{
    struct plot *plot = NULL;
    struct quell_output output = {.file = memfd_create("answer", MFD_CLOEXEC)};
    if (output.file < 0) return no_memory();
    quell_status status = plot_create(&plot, subject, count < MOST_IMAGES ? count : MOST_IMAGES);
    if (!status) status = plot_add(plot, count, x);
    if (!status) status = plot_write(plot, &output);
    if (!status) status = read_all(output.file, bytes, size);
    plot_free(plot);
    close(output.file);
    return status;
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
    switch (format) {
    case SERVE_NPY:
        return encode_npy(subject, count, x, bytes, size);
    case SERVE_JSON:
        return encode_json(subject, count, x, bytes, size);
    case SERVE_PNG:
        return encode_png(subject, count, x, bytes, size);
    case SERVE_RAW:
    case SERVE_FORMATS:
        break;
    }
    return encode_floats("", 0, x, count * elements(subject), bytes, size);
}
