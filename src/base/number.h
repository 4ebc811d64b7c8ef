/* SPDX-License-Identifier: MIT */
/* Numbers as text, whatever the host's locale: "0.5" is never "0,5". */
#ifndef QUELL_BASE_NUMBER_H
#define QUELL_BASE_NUMBER_H

#include <stdarg.h>
#include <stddef.h>

/* vsnprintf and snprintf in the C locale; the length the whole text has, 0 on failure. */
size_t quell_format(char *buffer, size_t size, const char *format, va_list arguments);
__attribute__((format(printf, 3, 4))) size_t quell_print(char *buffer, size_t size,
                                                         const char *format, ...);

/* Reads all of text[0..length) as a double; 0 if it is one, else -1. "inf" is, "nan" is not. */
int quell_parse_double(const char *text, size_t length, double *value);

/* The number that a text begins with, 0 if it does not; infinite beyond the largest. It is rounded
 * by the caller's mode: there may be millions. */
double quell_leading_double(const char *text);

#endif
