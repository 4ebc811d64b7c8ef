/* SPDX-License-Identifier: MIT */
#include "line.h"
#include "utf8.h"

#include <string.h>

/* The length in bytes of the control character at text[0..length); 0 if there is none. */
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
    for (size_t i = 0, bytes; i < length; i += bytes) {
        size_t bad = control(text + i, length - i);
        bytes = bad ? bad : quell_utf8_length(text + i);
        if (!bytes) bad = bytes = 1;
        memset(text + i, '?', bad);
    }
}

/* Whether a character may begin here: this is not a continuation byte of UTF-8. */
static bool begins(const char *text) { return ((unsigned char)*text & 0xC0) != 0x80; }

void quell_fit_line(char *line, size_t size, const char *text, size_t length)
{
    static const char gap[] = "...";
    if (length < size) {
        memmove(line, text, length);
        line[length] = '\0';
    } else {
        size_t head = size / 4, tail = size - 1 - head - (sizeof gap - 1);
        const char *end = text + length - tail;
        for (size_t i = 0; i < 3 && head && !begins(text + head); i++) head--;
        for (size_t i = 0; i < 3 && tail && !begins(end); i++) end++, tail--;
        memmove(line, text, head);
        memmove(line + head + sizeof gap - 1, end, tail);
        memcpy(line + head, gap, sizeof gap - 1);
        line[head + sizeof gap - 1 + tail] = '\0';
    }
    quell_make_line(line);
}
