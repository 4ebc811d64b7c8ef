/* SPDX-License-Identifier: MIT */
#include "base/json_write.h"
#include "base/json.h"
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

/* Writes a character that JSON does not allow in a string as it is. */
static void put_escape(struct quell_json_writer *writer, char character)
{
    static const char controls[] = "\"\\\b\f\n\r\t", escapes[] = "\"\\bfnrt";
    const char *control = strchr(controls, character);
    char text[8];
    if (control)
        snprintf(text, sizeof text, "\\%c", escapes[control - controls]);
    else
        snprintf(text, sizeof text, "\\u%04X", (unsigned)character);
    put_string(writer, text);
}

static void put_quoted(struct quell_json_writer *writer, const char *text)
{
    bool good = quell_is_utf8(text);
    put(writer, "\"", 1);
    for (; *text; text++) {
        if (!good && *text & '\x80')
            put_string(writer, UNKNOWN);
        else if ((unsigned char)*text < ' ' || *text == '"' || *text == '\\')
            put_escape(writer, *text);
        else
            put(writer, text, 1);
    }
    put(writer, "\"", 1);
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
    put(writer, value, quell_json_size(value));
}
