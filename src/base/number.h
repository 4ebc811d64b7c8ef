/* SPDX-License-Identifier: MIT */
/* Numbers as text, whatever the host's locale: "0.5" is never "0,5". */
#ifndef QUELL_BASE_NUMBER_H
#define QUELL_BASE_NUMBER_H

#include <stdarg.h>
#include <stddef.h>

/* vsnprintf and snprintf in the C locale. They return the length of the whole text, 0 on
 * failure. */
size_t quell_format(char *buffer, size_t size, const char *format, va_list arguments);
__attribute__((format(printf, 3, 4))) size_t quell_print(char *buffer, size_t size,
                                                         const char *format, ...);

/* The text of a number in six digits, or in as many more as it takes to read back the same number,
 * so that a number that is nearly 1 is not shown as 1. */
#define QUELL_NUMBER_TEXT 32
const char *quell_number_text(double value, char text[QUELL_NUMBER_TEXT]);

/* The same text as an argument of a message; it lasts until the end of the surrounding block. */
#define QUELL_SAID(value) quell_number_text(value, (char[QUELL_NUMBER_TEXT]){0})

/* Reads all of text[0..length) as a double. The character after it must not belong to a number, as
 * ',' or the final '\0' do not. Returns 0, or -1 if the text is not a number; "inf" is one, "nan"
 * is not. */
int quell_parse_double(const char *text, size_t length, double *value);

/* Returns the number that a text begins with, or 0; beyond the largest double it is infinite. It is
 * rounded by the caller's mode, which is not changed here because there may be millions of
 * numbers. */
double quell_leading_double(const char *text);

#endif
