/* SPDX-License-Identifier: MIT */
#include "line.h"

#include <string.h>

/* The bytes of the control character at text[0..length), 0 if it is none. */
static size_t control(const char *text, size_t length)
{
    const unsigned char *at = (const unsigned char *)text;
    if (*at < ' ' || *at == 0x7F) return 1;
    return length > 1 && at[0] == 0xC2 && at[1] >= 0x80 && at[1] < 0xA0 ? 2 : 0;
}

bool quell_is_line(const char *text, size_t length)
{
    for (size_t i = 0; i < length; i++)
        if (control(text + i, length - i)) return false;
    return true;
}

void quell_make_line(char *text)
{
    size_t length = strlen(text);
    for (size_t i = 0, bytes; i < length; i += bytes ? bytes : 1) {
        bytes = control(text + i, length - i);
        memset(text + i, '?', bytes);
    }
}
