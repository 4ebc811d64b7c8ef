/* SPDX-License-Identifier: MIT */
#include "base/json_write.h"
#include "base/json.h"
#include "base/line.h"
#include "base/number.h"
#include "base/utf8.h"

#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

#define INDENT 2
#define UNKNOWN "\xef\xbf\xbd" /* U+FFFD */

static void put(struct quell_json_writer *writer, const char *text, size_t size)
{
    if (!writer->failed && size && writer->put(writer->user, text, size)) writer->failed = true;
}

static void put_string(struct quell_json_writer *writer, const char *text)
{
    put(writer, text, strlen(text));
}

static void new_line(struct quell_json_writer *writer)
{
    if (!writer->lines) return;
    put(writer, "\n", 1);
    for (size_t i = 0; i < INDENT * writer->depth; i++) put(writer, " ", 1);
}

/* Writes a character by its number; one beyond U+FFFF is two of JSON's. */
static void put_code(struct quell_json_writer *writer, unsigned long code)
{
    char text[40];
    if (code > 0xFFFF)
        snprintf(text, sizeof text, "\\u%04lX\\u%04lX", 0xD7C0 + (code >> 10),
                 0xDC00 + (code & 0x3FF));
    else
        snprintf(text, sizeof text, "\\u%04lX", code);
    put_string(writer, text);
}

/* Writes the character of `length` bytes, which JSON does not allow in a string as it is, or which
 * a terminal would not show. */
static void put_escape(struct quell_json_writer *writer, const char *character, size_t length)
{
    static const char controls[] = "\"\\\b\f\n\r\t", escapes[] = "\"\\bfnrt";
    const char *control = strchr(controls, *character);
    char text[8];
    if (control) {
        snprintf(text, sizeof text, "\\%c", escapes[control - controls]);
        put_string(writer, text);
    } else {
        put_code(writer, quell_utf8_code(character, length));
    }
}

static void put_quoted(struct quell_json_writer *writer, const char *text)
{
    bool good = quell_is_utf8(text);
    put(writer, "\"", 1);
    for (size_t bytes; *text; text += bytes) {
        size_t hidden = good || !(*text & '\x80') ? quell_hidden_length(text) : 0;
        bytes = hidden ? hidden : 1;
        if (!good && *text & '\x80')
            put_string(writer, UNKNOWN);
        else if (hidden || *text == '"' || *text == '\\')
            put_escape(writer, text, bytes);
        else
            put(writer, text, 1);
    }
    put(writer, "\"", 1);
}

/* Writes JSON as it was read; what a terminal would not show, which only strings have, escaped. */
static void put_read(struct quell_json_writer *writer, const char *value, size_t size)
{
    size_t plain = 0;
    for (size_t i = 0, bytes; i < size; i += bytes) {
        size_t hidden = (unsigned char)value[i] < ' ' ? 0 : quell_hidden_length(value + i);
        bytes = hidden ? hidden : 1;
        if (!hidden) continue;
        put(writer, value + plain, i - plain);
        put_code(writer, quell_utf8_code(value + i, hidden));
        plain = i + hidden;
    }
    put(writer, value + plain, size - plain);
}

/* Writes what comes before a value: a comma, white space and, in an object, the member's name. */
static void lead(struct quell_json_writer *writer, const char *name)
{
    if (writer->begun) put(writer, ",", 1);
    if (writer->depth) new_line(writer);
    writer->begun = true;
    if (!name) return;
    put_quoted(writer, name);
    put_string(writer, writer->lines ? ": " : ":");
}

void quell_json_begin(struct quell_json_writer *writer, const char *name, char bracket)
{
    lead(writer, name);
    put(writer, &bracket, 1);
    writer->depth++;
    writer->begun = false;
}

void quell_json_end(struct quell_json_writer *writer, char bracket)
{
    writer->depth--;
    if (writer->begun) new_line(writer);
    put(writer, &bracket, 1);
    writer->begun = true;
}

void quell_json_put_text(struct quell_json_writer *writer, const char *name, const char *text)
{
    lead(writer, name);
    if (text)
        put_quoted(writer, text);
    else
        put_string(writer, "null");
}

/* C writes exponents with a sign and at least two digits; 1e+20 becomes 1e20, and 1e-05 becomes
 * 1e-5. */
static void shorten_exponent(char *text)
{
    char *to = strchr(text, 'e');
    if (!to) return;
    const char *from = ++to;
    if (*from == '-') to++;
    from += strspn(from, "+-");
    from += strspn(from, "0");
    memmove(to, from, strlen(from) + 1);
}

void quell_json_put_number(struct quell_json_writer *writer, const char *name, double number)
{
    char text[40];
    lead(writer, name);
    if (!isfinite(number)) {
        put_string(writer, "null");
        return;
    }
    quell_print(text, sizeof text, "%.*g", writer->digits, number);
    shorten_exponent(text);
    put_string(writer, text);
    if (!strpbrk(text, ".e")) put_string(writer, ".0");
}

void quell_json_put_whole(struct quell_json_writer *writer, const char *name, int64_t number)
{
    char text[24];
    lead(writer, name);
    snprintf(text, sizeof text, "%" PRId64, number);
    put_string(writer, text);
}

void quell_json_put_truth(struct quell_json_writer *writer, const char *name, bool truth)
{
    lead(writer, name);
    put_string(writer, truth ? "true" : "false");
}

void quell_json_put_null(struct quell_json_writer *writer, const char *name)
{
    quell_json_put_text(writer, name, NULL);
}

/* Within lists and objects a value keeps the white space that it has. */
void quell_json_put_value(struct quell_json_writer *writer, const char *name, const char *value)
{
    if (*value == QUELL_JSON_DECODED) {
        quell_json_put_text(writer, name, quell_json_text(value));
        return;
    }
    lead(writer, name);
    put_read(writer, value, quell_json_size(value));
}
