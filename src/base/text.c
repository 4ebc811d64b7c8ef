/* SPDX-License-Identifier: MIT */
#include "base/text.h"
#include "base/number.h"

struct quell_text quell_text_new(char *buffer, size_t size)
{
    if (buffer && size) *buffer = '\0';
    return (struct quell_text){.buffer = buffer, .size = buffer ? size : 0};
}

void quell_say_list(struct quell_text *text, const char *format, va_list arguments)
{
    size_t room = text->length < text->size ? text->size - text->length : 0;
    char *end = room ? text->buffer + text->length : NULL;
    text->length += quell_format(end, room, format, arguments);
}

void quell_say(struct quell_text *text, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    quell_say_list(text, format, arguments);
    va_end(arguments);
}
