/* SPDX-License-Identifier: MIT */
#include "cli/writer.h"

#include <inttypes.h>
#include <math.h>
#include <string.h>

/* The length of the UTF-8 sequence at `text`; 0 if there is none (overlong forms and surrogates
 * are none). */
static size_t sequence(const unsigned char *text)
{
    size_t length = *text < 0x80                    ? 1
                    : *text >= 0xc2 && *text < 0xe0 ? 2
                    : *text >= 0xe0 && *text < 0xf0 ? 3
                    : *text >= 0xf0 && *text < 0xf5 ? 4
                                                    : 0;
    for (size_t i = 1; i < length; i++)
        if ((text[i] & 0xc0) != 0x80) return 0;
    if (length == 3 && ((*text == 0xe0 && text[1] < 0xa0) || (*text == 0xed && text[1] >= 0xa0)))
        return 0;
    if (length == 4 && ((*text == 0xf0 && text[1] < 0x90) || (*text == 0xf4 && text[1] >= 0x90)))
        return 0;
    return length;
}

static void put_text(FILE *file, const char *text)
{
    fputc('"', file);
    for (const unsigned char *at = (const unsigned char *)text; *at;) {
        size_t length = sequence(at);
        if (length == 0)
            fputs("\\ufffd", file);
        else if (*at < ' ' || *at == 0x7f)
            fprintf(file, "\\u%04x", *at);
        else
            fprintf(file, "%s%.*s", *at == '"' || *at == '\\' ? "\\" : "", (int)length, at);
        at += length ? length : 1;
    }
    fputc('"', file);
}

static void begin(struct writer *writer, const char *name)
{
    if (writer->filled) fputc(',', writer->file);
    if (writer->depth) fprintf(writer->file, "\n%*s", 2 * writer->depth, "");
    writer->filled = true;
    if (!name) return;
    put_text(writer->file, name);
    fputs(": ", writer->file);
}

void writer_open(struct writer *writer, const char *name, char bracket)
{
    begin(writer, name);
    fputc(bracket, writer->file);
    writer->depth++;
    writer->filled = false;
}

void writer_close(struct writer *writer, char bracket)
{
    writer->depth--;
    if (writer->filled) fprintf(writer->file, "\n%*s", 2 * writer->depth, "");
    fputc(bracket, writer->file);
    writer->filled = true;
    if (!writer->depth) fputc('\n', writer->file);
}

void writer_text(struct writer *writer, const char *name, const char *text)
{
    begin(writer, name);
    if (text)
        put_text(writer->file, text);
    else
        fputs("null", writer->file);
}

void writer_count(struct writer *writer, const char *name, uint64_t value)
{
    begin(writer, name);
    fprintf(writer->file, "%" PRIu64, value);
}

void writer_real(struct writer *writer, const char *name, double value)
{
    begin(writer, name);
    if (isfinite(value))
        fprintf(writer->file, "%.9g", value);
    else
        fputs("null", writer->file);
}

void writer_truth(struct writer *writer, const char *name, bool value)
{
    begin(writer, name);
    fputs(value ? "true" : "false", writer->file);
}
