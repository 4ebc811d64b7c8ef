/* SPDX-License-Identifier: MIT */
/* Turning samples into the bytes of an answer. */
#ifndef QUELL_SERVE_ENCODE_H
#define QUELL_SERVE_ENCODE_H

#include "cli/pictures/plot.h"
#include "io/npy.h"
#include "serve/ask.h"

/* An answer that is being written. */
struct serve_encoding;

/* Bytes of an answer. */
struct serve_text {
    char *bytes;
    size_t size; /* bytes in use */
    size_t room; /* bytes allocated */
};

/* Begins an answer with `count` samples of the shape `subject`, which must outlive the encoding.
 * Fails with QUELL_BAD_ARGUMENT if `format` is a picture and such samples have none, else with
 * QUELL_NO_MEMORY. */
quell_status serve_encoding_begin(struct serve_encoding **encoding, enum serve_format format,
                                  const struct subject *subject, size_t count);

/* Writes one slice, which takes a few milliseconds. `x` holds the first `rows` samples; call this
 * until *more is false, then again when more samples have been drawn. `rows` must not decrease, and
 * samples that were passed before must not change. */
quell_status serve_encoding_add(struct serve_encoding *encoding, size_t rows, const float *x,
                                bool *more);

/* Writes what follows the samples, in slices: call this once all samples have been added, until
 * *more is false. */
quell_status serve_encoding_end(struct serve_encoding *encoding, bool *more);

/* Moves the bytes written so far into `text`. The memory of `text`, whose size must be 0, is reused
 * for the bytes that follow. */
void serve_encoding_take(struct serve_encoding *encoding, struct serve_text *text);

/* NULL is allowed. */
void serve_encoding_free(struct serve_encoding *encoding);

/* Writes what precedes the floats in an answer of the format NumPy or raw. Returns its length in
 * bytes, which is 0 for raw. */
size_t serve_encode_header(char header[QUELL_NPY_HEADER], enum serve_format format,
                           const struct subject *subject, size_t count);

/* Does all of the above at once. The caller frees *bytes, which has *size bytes. */
quell_status serve_encode(enum serve_format format, const struct subject *subject, size_t count,
                          const float *x, char **bytes, size_t *size);

/* Fails with QUELL_BAD_ARGUMENT if samples of this shape cannot be sent in `format`. */
quell_status serve_encode_check(enum serve_format format, const struct subject *subject);

#endif
