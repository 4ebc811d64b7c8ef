/* SPDX-License-Identifier: MIT */
/* Text that is shown to a reader is one line of printable characters in UTF-8: a control character
 * would end the line or begin a terminal's sequence, and other bytes, as names of files may have,
 * cannot be read as text. Control characters are the bytes below ' ', 0x7F, and U+0080 to U+009F,
 * which UTF-8 writes as 0xC2 and one byte. */
#ifndef QUELL_BASE_LINE_H
#define QUELL_BASE_LINE_H

#include <stdbool.h>
#include <stddef.h>

/* Whether text[0..length) has no control character. */
bool quell_is_line(const char *text, size_t length);

/* Replaces each byte of a control character, and each byte that is not UTF-8, by '?'. */
void quell_make_line(char *text);

/* Writes text[0..length) as a line of at most size - 1 bytes. If it is longer, the middle is left
 * out: the beginning says where a message comes from, the end why, and long file names stand
 * between them. A text that is no longer than that may overlap `line`. */
void quell_fit_line(char *line, size_t size, const char *text, size_t length);

#endif
