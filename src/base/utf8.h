/* SPDX-License-Identifier: MIT */
/* Well-formed UTF-8 (RFC 3629): no overlong form, no surrogate, nothing beyond U+10FFFF. */
#ifndef QUELL_BASE_UTF8_H
#define QUELL_BASE_UTF8_H

#include <stdbool.h>
#include <stddef.h>
#include <string.h>

/* The bytes of the character at `text`, which ends with '\0' somewhere; 0 if it is not one. */
static inline size_t quell_utf8_length(const char *text)
{
    const unsigned char *at = (const unsigned char *)text;
    if (at[0] < 0x80) return 1;
    unsigned low = at[0] == 0xE0 ? 0xA0 : at[0] == 0xF0 ? 0x90 : 0x80;
    unsigned high = at[0] == 0xED ? 0x9F : at[0] == 0xF4 ? 0x8F : 0xBF;
    size_t length = at[0] < 0xC2 ? 0 : at[0] < 0xE0 ? 2 : at[0] < 0xF0 ? 3 : at[0] < 0xF5 ? 4 : 0;
    if (!length || at[1] < low || at[1] > high) return 0;
    for (size_t i = 2; i < length; i++)
        if ((at[i] & 0xC0) != 0x80) return 0;
    return length;
}

/* The number of the character of `length` bytes at `text`. */
static inline unsigned long quell_utf8_code(const char *text, size_t length)
{
    const unsigned char *at = (const unsigned char *)text;
    unsigned long code = length == 1 ? at[0] : at[0] & (0x7Fu >> length);
    for (size_t i = 1; i < length; i++) code = code << 6 | (at[i] & 0x3Fu);
    return code;
}

/* Whether all of a text is UTF-8. */
static inline bool quell_is_utf8(const char *text)
{
    for (size_t length; *text; text += length)
        if (!(length = quell_utf8_length(text))) return false;
    return true;
}

/* Copies as much of a text as there is room for, whole characters and a final '\0'. If it is not
 * UTF-8, each of its bytes that is not ASCII becomes U+FFFD. */
static inline void quell_utf8_copy(char *to, size_t size, const char *text)
{
    static const char unknown[] = "\xef\xbf\xbd";
    bool good = quell_is_utf8(text);
    size_t used = 0;
    while (*text) {
        bool replaced = !good && *text & '\x80';
        size_t bytes = good ? quell_utf8_length(text) : 1, room = replaced ? 3 : bytes;
        if (used + room >= size) break;
        memcpy(to + used, replaced ? unknown : text, room);
        used += room;
        text += bytes;
    }
    to[used] = '\0';
}

#endif
