/* SPDX-License-Identifier: MIT */
/* What --json prints: one object on stdout, as it is made. */
#ifndef QUELL_CLI_REPORT_H
#define QUELL_CLI_REPORT_H

#include <stdint.h>
#include "base/json_write.h"

/* Begins the object. Numbers have nine digits; with all 17 they read back to the same bits. */
struct quell_json_writer report_begin(void);
struct quell_json_writer report_begin_exact(void);

/* Ends it; returns an exit code. */
int report_end(struct quell_json_writer *writer);

/* Writes a count. Many readers of JSON would round one beyond 2^63 - 1, so that is written as a
 * text. */
void report_count(struct quell_json_writer *writer, const char *name, uint64_t count);

/* Writes a digest, as 16 hexadecimal digits. */
void report_digest(struct quell_json_writer *writer, const char *name, uint64_t digest);

/* Writes the shape of samples: their number, and `rank` sizes. */
void report_shape(struct quell_json_writer *writer, uint64_t count, size_t rank,
                  const size_t *shape);

#endif
