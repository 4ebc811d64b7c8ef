/* SPDX-License-Identifier: MIT */
#include "serve/format.h"

#include <math.h>
#include <stdbool.h>
#include <stddef.h>
#include <string.h>
#include <strings.h>

static const struct {
    const char *name, *type;
} formats[SERVE_FORMATS] = {
    [SERVE_NPY] = {"npy", "application/x-npy"},
    [SERVE_RAW] = {"raw", "application/octet-stream"},
    [SERVE_JSON] = {"json", "application/json"},
    [SERVE_PNG] = {"png", "image/png"},
};

const char *serve_format_name(enum serve_format format) { return formats[format].name; }
const char *serve_format_type(enum serve_format format) { return formats[format].type; }

enum serve_format serve_format_named(const char *name)
{
    enum serve_format format = 0;
    while (format < SERVE_FORMATS && strcmp(name, formats[format].name) != 0) format++;
    return format;
}

/* ---- Accept (RFC 9110, 12.5.1) ---- */

/* The length of `text` up to the first of the characters `stops` that is not in quotes. */
static size_t length_to(const char *text, const char *stops)
{
    bool quoted = false;
    size_t length = 0;
    for (; text[length] && (quoted || !strchr(stops, text[length])); length++)
        if (quoted && text[length] == '\\' && text[length + 1])
            length++;
        else if (text[length] == '"')
            quoted = !quoted;
    return length;
}

/* Parses a weight from 0 to 1, such as 0.5; returns -1 if it is not one. More than three digits are
 * accepted, and so is .2, which Java's clients send. */
static double read_weight(const char *text, size_t length)
{
    double weight = 0, unit = 1;
    size_t digits = 0, i = 0;
    for (; i < length && text[i] >= '0' && text[i] <= '9'; i++, digits++)
        weight = fmin(10 * weight + (text[i] - '0'), 10);
    if (i < length && text[i] == '.') i++;
    for (; i < length && text[i] >= '0' && text[i] <= '9'; i++, digits++)
        weight += (text[i] - '0') * (unit /= 10);
    return i == length && digits && weight <= 1 ? weight : -1;
}

/* The weight of a media range: 1 if it has none, 0 if it has one that is malformed, so that the
 * range is ignored. */
static double weight_of(const char *range, size_t length)
{
    for (size_t at = length_to(range, ";,"); at < length;) {
        at += 1 + strspn(range + at + 1, " \t");
        size_t end = at + length_to(range + at, ";,"), last = end;
        while (last > at && (range[last - 1] == ' ' || range[last - 1] == '\t')) last--;
        if (last > at + 1 && (range[at] | 32) == 'q' && range[at + 1] == '=')
            return fmax(read_weight(range + at + 2, last - at - 2), 0);
        at = end;
    }
    return 1;
}

/* How specifically a range (a type, a type with a star for its subtype, or two stars) matches a
 * type: 3 is an exact match, 0 is none. */
static int closeness(const char *range, size_t length, const char *type)
{
    size_t part = strcspn(type, "/") + 1;
    if (length == strlen(type) && !strncasecmp(range, type, length)) return 3;
    if (length == part + 1 && range[part] == '*' && !strncasecmp(range, type, part)) return 2;
    return length == 3 && !memcmp(range, "*/*", 3);
}

/* Finds the next range of a list; its length is 0 at the end. */
static const char *next_range(const char *at, size_t *length)
{
    at += strspn(at, " \t,");
    *length = length_to(at, ",");
    return at;
}

/* The weight of a type: that of the most specific range that matches it, or 0 if none does. */
static double weight_in(const char *accept, const char *type)
{
    double weight = 0;
    int closest = 0;
    size_t length;
    for (const char *at = next_range(accept, &length); length;
         at = next_range(at + length, &length)) {
        int close = closeness(at, strcspn(at, ";, \t"), type);
        if (close <= closest) continue;
        closest = close;
        weight = weight_of(at, length);
    }
    return weight;
}

/* Whether a list names pictures and, apart from videos, nothing else. A browser sends such a list
 * for an <img>, with a range of everything at its end. */
static bool wants_picture(const char *accept)
{
    bool some = false;
    size_t length;
    for (const char *at = next_range(accept, &length); length;
         at = next_range(at + length, &length)) {
        bool picture = !strncasecmp(at, "image/", 6);
        if (!picture && strncasecmp(at, "video/", 6) != 0 && strncmp(at, "*/*", 3) != 0)
            return false;
        some = some || picture;
    }
    return some;
}

/* Inserts a format behind all formats with the same or a greater weight. */
static void put(struct serve_accepted *accepted, double weights[SERVE_FORMATS],
                enum serve_format format, double weight)
{
    size_t at = accepted->count++;
    for (; at && weights[at - 1] < weight; at--) {
        weights[at] = weights[at - 1];
        accepted->order[at] = accepted->order[at - 1];
    }
    weights[at] = weight;
    accepted->order[at] = format;
}

struct serve_accepted serve_format_accepted(const char *accept)
{
    struct serve_accepted accepted = {.count = 0};
    double weights[SERVE_FORMATS];
    bool any = !accept || !accept[strspn(accept, " \t,")];
    if (any) accept = "*/*";
    enum serve_format first = wants_picture(accept) ? SERVE_PNG : SERVE_NPY;
    for (enum serve_format i = 0; i < SERVE_FORMATS; i++) {
        enum serve_format format = i ? (enum serve_format)(i - (i <= first)) : first;
        double weight = weight_in(accept, formats[format].type);
        if (weight > 0) put(&accepted, weights, format, weight);
    }
    return accepted;
}
