/* SPDX-License-Identifier: MIT */
/* What --json prints: one object, by jansson. */
#ifndef QUELL_CLI_REPORT_H
#define QUELL_CLI_REPORT_H

#include <jansson.h>
#include <stdint.h>

/* A text, null for NULL. JSON is UTF-8 and file names need not be: where one is not, each byte
 * that is no ASCII becomes U+FFFD. */
json_t *report_text(const char *text);

/* A count. jansson's integers end at 2^63 - 1; a larger one, which many readers of JSON would
 * round anyway, is given as a text of its digits. */
json_t *report_count(uint64_t count);

/* Prints the object to stdout and gives it back; NULL, as json_pack returns it, is no memory.
 * Returns an exit code. */
int report_print(json_t *object);

/* The same, with all 17 digits of every number: it reads back to the same bits. */
int report_print_exact(json_t *object);

#endif
