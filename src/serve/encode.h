/* SPDX-License-Identifier: MIT */
/* Samples as the bytes of an answer. */
#ifndef QUELL_SERVE_ENCODE_H
#define QUELL_SERVE_ENCODE_H

#include "cli/pictures/plot.h"
#include "serve/ask.h"

/* x[count] of what `subject` shows, as *bytes[*size], to be freed. Fails with QUELL_BAD_ARGUMENT
 * for a picture of what has none, else with QUELL_NO_MEMORY. */
quell_status serve_encode(enum serve_format format, const struct subject *subject, size_t count,
                          const float *x, char **bytes, size_t *size);

/* Refuses a format that such samples do not have. */
quell_status serve_encode_check(enum serve_format format, const struct subject *subject);

#endif
