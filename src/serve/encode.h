/* SPDX-License-Identifier: MIT */
/* Samples as the bytes of an answer. */
#ifndef QUELL_SERVE_ENCODE_H
#define QUELL_SERVE_ENCODE_H

#include "cli/pictures/plot.h"
#include "io/npy.h"
#include "serve/ask.h"

/* An answer as far as it is written: opaque. */
struct serve_encoding;

/* Bytes of an answer: bytes[size], in memory for `room`. */
struct serve_text {
    char *bytes;
    size_t size, room;
};

/* Begins an answer with `count` of what `subject` shows, which must last until its end. Fails with
 * QUELL_BAD_ARGUMENT for a picture of what has none, else with QUELL_NO_MEMORY. */
quell_status serve_encoding_begin(struct serve_encoding **encoding, enum serve_format format,
                                  const struct subject *subject, size_t count);

/* Writes a slice of what follows from the first `rows` samples, x[rows]; *more: whether there is
 * more of that. rows never falls, and what was there stays. A slice takes a few milliseconds. */
quell_status serve_encoding_add(struct serve_encoding *encoding, size_t rows, const float *x,
                                bool *more);

/* Ends it, once all rows have been added, in slices as well. */
quell_status serve_encoding_end(struct serve_encoding *encoding, bool *more);

/* Takes what is written so far, and gives memory for more: text, which is empty, has it then. */
void serve_encoding_take(struct serve_encoding *encoding, struct serve_text *text);

/* NULL is allowed. */
void serve_encoding_free(struct serve_encoding *encoding);

/* Writes what comes before the floats of an answer in NumPy's format, or raw. Returns its bytes. */
size_t serve_encode_header(char header[QUELL_NPY_HEADER], enum serve_format format,
                           const struct subject *subject, size_t count);

/* All of this at once: *bytes[*size], to be freed. */
quell_status serve_encode(enum serve_format format, const struct subject *subject, size_t count,
                          const float *x, char **bytes, size_t *size);

/* Refuses a format that such samples do not have. */
quell_status serve_encode_check(enum serve_format format, const struct subject *subject);

#endif
