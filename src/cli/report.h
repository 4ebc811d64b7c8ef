/* SPDX-License-Identifier: MIT */
/* The report of --json: one object on stdout, written as it is made. */
#ifndef QUELL_CLI_REPORT_H
#define QUELL_CLI_REPORT_H

#include <stdint.h>
#include "base/json_write.h"

/* Begins the report. Numbers have nine digits or, in the second function, 17, with which they read
 * back exactly. */
struct quell_json_writer report_begin(void);
struct quell_json_writer report_begin_exact(void);

/* Ends the report. Returns an exit code. */
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
