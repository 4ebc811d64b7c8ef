/* SPDX-License-Identifier: MIT */
/* Text for a reader is one line of printable characters in UTF-8. Three things are kept out of it:
 * a control character, which would end the line or begin a terminal's escape sequence; a character
 * that is not shown or that reverses the order of others (U+202E), which would let one name look
 * like another; and bytes that are not UTF-8, which the names of files may have. */
#ifndef QUELL_BASE_LINE_H
#define QUELL_BASE_LINE_H

#include <stdbool.h>
#include <stddef.h>

/* The bytes of the character at `text` if it is one that must not be shown as it is, else 0. */
size_t quell_hidden_length(const char *text);

/* Whether a text has no such character. */
bool quell_is_line(const char *text);

/* Replaces each byte of such a character, and each byte that is not UTF-8, by '?'. */
void quell_make_line(char *text);

/* Writes text[0..length) as a line of at most size - 1 bytes. If it is longer, the middle is left
 * out: the beginning says where a message comes from, the end why, and long file names stand
 * between them. A text that is no longer than that may overlap `line`. */
void quell_fit_line(char *line, size_t size, const char *text, size_t length);

#endif
