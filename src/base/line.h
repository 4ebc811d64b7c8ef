/* SPDX-License-Identifier: MIT */
/* Text that is shown to a reader is one line of printable characters: a control character would end
 * the line or begin a terminal's sequence. These are the bytes below ' ', 0x7F, and U+0080 to
 * U+009F, which UTF-8 writes as 0xC2 and one byte. */
#ifndef QUELL_BASE_LINE_H
#define QUELL_BASE_LINE_H

#include <stdbool.h>
#include <stddef.h>

/* Whether text[0..length) has no control character. */
bool quell_is_line(const char *text, size_t length);

/* Every byte of a control character becomes '?'. */
void quell_make_line(char *text);

#endif
