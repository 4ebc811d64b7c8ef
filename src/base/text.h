/* SPDX-License-Identifier: MIT */
/* Text that is written piece by piece to a buffer of the caller's. What does not fit is left out,
 * but counted, so that the caller learns how large a buffer has to be. */
#ifndef QUELL_BASE_TEXT_H
#define QUELL_BASE_TEXT_H

#include <stdarg.h>
#include <stddef.h>

/* length: of the whole text, without the 0 at the end. */
struct quell_text {
    char *buffer;
    size_t size, length;
};

/* buffer may be NULL: the text is then only counted. */
struct quell_text quell_text_new(char *buffer, size_t size);

/* Writes as printf does, in the C locale. */
__attribute__((format(printf, 2, 3))) void quell_say(struct quell_text *text, const char *format,
                                                     ...);
void quell_say_list(struct quell_text *text, const char *format, va_list arguments);

#endif
