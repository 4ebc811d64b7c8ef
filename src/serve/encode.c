/* SPDX-License-Identifier: MIT */
#include "serve/encode.h"
#include "base/fail.h"
#include "base/json_write.h"
#include "base/memory.h"

#include <stdlib.h>
#include <string.h>

#define MOST_IMAGES 64           /* in a picture, as in the command */
#define NUMBERS ((size_t)4096)   /* how many numbers a slice writes as text */
#define FLOATS ((size_t)1 << 20) /* how many floats a slice copies, or draws in a picture */

struct serve_encoding {
    enum serve_format format;
    const struct subject *subject;
    size_t each;                     /* elements of a sample */
    size_t count;                    /* samples */
    size_t done;                     /* elements that have been written so far */
    struct serve_text text;          /* bytes that have not been taken yet */
    struct quell_json_writer writer; /* for JSON */
    struct plot *plot;               /* for a picture */
    struct quell_output output;      /* for a picture */
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

/* ---- Bytes ---- */

/* Makes room for `more` bytes. The memory at least doubles, so that bytes are not copied too
 * often. */
static bool make_room(struct serve_text *text, size_t more)
{
    if (text->room - text->size >= more) return true;
    size_t room = 2 * text->room > text->size + more ? 2 * text->room : text->size + more;
    char *bytes = realloc(text->bytes, room);
    if (!bytes) return false;
    text->bytes = bytes;
    text->room = room;
    return true;
}

static bool add(struct serve_text *text, const void *bytes, size_t size)
{
    if (!make_room(text, size)) return false;
    memcpy(text->bytes + text->size, bytes, size);
    text->size += size;
    return true;
}

/* ---- Floats: the header of NumPy's format, or none, followed by the floats ---- */

size_t serve_encode_header(char header[QUELL_NPY_HEADER], enum serve_format format,
                           const struct subject *subject, size_t count)
{
    size_t shape[QUELL_NPY_MAX_RANK] = {count};
    memcpy(shape + 1, subject->shape, subject->rank * sizeof *shape);
    return format == SERVE_NPY ? quell_npy_header(header, subject->rank + 1, shape) : 0;
}

static quell_status begin_floats(struct serve_encoding *encoding)
{
    char header[QUELL_NPY_HEADER];
    size_t begin =
        serve_encode_header(header, encoding->format, encoding->subject, encoding->count);
    size_t size = begin + encoding->count * encoding->each * sizeof(float);
    bool made = make_room(&encoding->text, size) && add(&encoding->text, header, begin);
    return made ? QUELL_OK : no_memory();
}

static quell_status add_floats(struct serve_encoding *encoding, size_t end, const float *x)
{
    const float *from = x + encoding->done;
    size_t size = (end - encoding->done) * sizeof *from;
    encoding->done = end;
    return add(&encoding->text, from, size) ? QUELL_OK : no_memory();
}

/* ---- JSON ---- */

static int put(void *user, const char *text, size_t size) { return !add(user, text, size); }

static quell_status begin_json(struct serve_encoding *encoding)
{
    encoding->writer = (struct quell_json_writer){.put = put, .user = &encoding->text, .digits = 9};
    quell_json_begin(&encoding->writer, NULL, '{');
    quell_json_begin(&encoding->writer, "samples", '[');
    return encoding->writer.failed ? no_memory() : QUELL_OK;
}

/* Lists are nested as deep as the shape has dimensions. An element opens the lists in which it is
 * the first, and closes those in which it is the last. */
static void put_element(struct quell_json_writer *writer, const struct subject *subject,
                        size_t each, size_t i, float value)
{
    size_t inner = each;
    for (size_t axis = 0; axis < subject->rank; inner /= subject->shape[axis++])
        if (i % inner == 0) quell_json_begin(writer, NULL, '[');
    quell_json_put_number(writer, NULL, (double)value);
    inner = each;
    for (size_t axis = 0; axis < subject->rank; inner /= subject->shape[axis++])
        if ((i + 1) % inner == 0) quell_json_end(writer, ']');
}

static quell_status add_json(struct serve_encoding *encoding, size_t end, const float *x)
{
    for (; encoding->done < end; encoding->done++)
        put_element(&encoding->writer, encoding->subject, encoding->each, encoding->done,
                    x[encoding->done]);
    return encoding->writer.failed ? no_memory() : QUELL_OK;
}

static quell_status end_json(struct serve_encoding *encoding)
{
    quell_json_end(&encoding->writer, ']');
    quell_json_end(&encoding->writer, '}');
    bool written = add(&encoding->text, "\n", 1) && !encoding->writer.failed;
    return written ? QUELL_OK : no_memory();
}

/* ---- PNG: uses the code of the command ---- */

static quell_status take_png(void *user, const void *bytes, size_t size)
{
    return add(user, bytes, size) ? QUELL_OK : no_memory();
}

static quell_status begin_picture(struct serve_encoding *encoding)
{
    static char name[] = "an answer";
    size_t count = encoding->count < MOST_IMAGES ? encoding->count : MOST_IMAGES;
    encoding->output =
        (struct quell_output){.file = -1, .path = name, .put = take_png, .user = &encoding->text};
    return plot_create(&encoding->plot, encoding->subject, count);
}

/* The plot takes whole samples only. */
static quell_status add_picture(struct serve_encoding *encoding, size_t end, const float *x,
                                bool *more)
{
    size_t row = encoding->done / encoding->each, rows = end / encoding->each - row;
    quell_status status = plot_add(encoding->plot, rows, x + row * encoding->each);
    encoding->done = end;
    if (status || *more) return status;
    return plot_write_ready(encoding->plot, &encoding->output, more);
}

/* ---- All formats ---- */

void serve_encoding_free(struct serve_encoding *encoding)
{
    if (!encoding) return;
    plot_free(encoding->plot);
    free(encoding->text.bytes);
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
    made->count = count;
    if (format == SERVE_JSON) return begin_json(made);
    return format == SERVE_PNG ? begin_picture(made) : begin_floats(made);
}

/* How many elements a slice has. A picture takes whole samples only. */
static size_t slice(const struct serve_encoding *encoding)
{
    if (encoding->format == SERVE_JSON) return NUMBERS;
    if (encoding->format != SERVE_PNG) return FLOATS;
    return FLOATS < encoding->each ? encoding->each : FLOATS / encoding->each * encoding->each;
}

quell_status serve_encoding_add(struct serve_encoding *encoding, size_t rows, const float *x,
                                bool *more)
{
    size_t there = rows * encoding->each, end = encoding->done + slice(encoding);
    *more = end < there;
    if (!*more) end = there;
    if (encoding->format == SERVE_JSON) return add_json(encoding, end, x);
    if (encoding->format == SERVE_PNG) return add_picture(encoding, end, x, more);
    return add_floats(encoding, end, x);
}

quell_status serve_encoding_end(struct serve_encoding *encoding, bool *more)
{
    *more = false;
    if (encoding->format == SERVE_JSON) return end_json(encoding);
    if (encoding->format != SERVE_PNG) return QUELL_OK;
    return plot_write_some(encoding->plot, &encoding->output, more);
}

void serve_encoding_take(struct serve_encoding *encoding, struct serve_text *text)
{
    struct serve_text empty = *text;
    *text = encoding->text;
    encoding->text = empty;
}

quell_status serve_encode_check(enum serve_format format, const struct subject *subject)
{
    if (format != SERVE_PNG || plot_kind(subject)) return QUELL_OK;
    return quell_fail(QUELL_BAD_ARGUMENT, "format=png: only images, and samples with 2 elements, "
                                          "have a picture; ask for npy, raw or json");
}

quell_status serve_encode(enum serve_format format, const struct subject *subject, size_t count,
                          const float *x, char **bytes, size_t *size)
{
    struct serve_encoding *encoding = NULL;
    struct serve_text text = {NULL, 0, 0};
    bool more = true;
    quell_status status = serve_encoding_begin(&encoding, format, subject, count);
    while (!status && more) status = serve_encoding_add(encoding, count, x, &more);
    for (more = true; !status && more;) status = serve_encoding_end(encoding, &more);
    if (!status) serve_encoding_take(encoding, &text);
    serve_encoding_free(encoding);
    *bytes = text.bytes;
    *size = text.size;
    return status;
}
