/* SPDX-License-Identifier: MIT */
#include "line.h"
#include "utf8.h"

#include <string.h>

/* Characters that have no form of their own, first and last: controls, what a terminal does not
 * show, or what changes the order of the characters around it (Unicode's Cc, Cf, Zl and Zp). */
static const struct {
    unsigned long first, last;
} hidden[] = {
    {0x0000, 0x001F}, {0x007F, 0x009F}, {0x00AD, 0x00AD},   {0x061C, 0x061C},
    {0x180E, 0x180E}, {0x200B, 0x200F}, {0x2028, 0x202E},   {0x2060, 0x206F},
    {0xFEFF, 0xFEFF}, {0xFFF9, 0xFFFB}, {0x1D173, 0x1D17A}, {0xE0000, 0xE007F},
};

size_t quell_hidden_length(const char *text)
{
    size_t length = quell_utf8_length(text);
    unsigned long code = length ? quell_utf8_code(text, length) : 0;
    for (size_t i = 0; length && i < sizeof hidden / sizeof *hidden; i++)
        if (code >= hidden[i].first && code <= hidden[i].last) return length;
    return 0;
}

bool quell_is_line(const char *text)
{
    for (; *text; text++)
        if (quell_hidden_length(text)) return false;
    return true;
}

void quell_make_line(char *text)
{
    for (size_t bytes; *text; text += bytes) {
        size_t bad = quell_hidden_length(text);
        bytes = bad ? bad : quell_utf8_length(text);
        if (!bytes) bad = bytes = 1;
        memset(text, '?', bad);
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
