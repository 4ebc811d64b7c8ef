/* SPDX-License-Identifier: MIT */
#include "serve/format.h"
#include "base/number.h"

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

/* The quality that a range of an Accept header, up to its comma, gives itself (RFC 9110, 12.4.2);
 * 1 if it does not say. */
static double quality_of(const char *range, size_t length)
{
    for (size_t i = 0; i + 2 < length; i++)
        if (range[i] == ';') {
            i += strspn(range + i + 1, " \t");
            if (i + 2 < length && (range[i + 1] | 32) == 'q' && range[i + 2] == '=')
                return quell_leading_double(range + i + 3);
        }
    return 1;
}

/* How closely a range, as "image/png", "image/" and a star, or two stars, describes a type; 0: not
 * at all. */
static int closeness(const char *range, size_t length, const char *type)
{
    size_t part = strcspn(type, "/") + 1;
    if (length == strlen(type) && !strncasecmp(range, type, length)) return 3;
    if (length == part + 1 && range[part] == '*' && !strncasecmp(range, type, part)) return 2;
    return length == 3 && !memcmp(range, "*/*", 3);
}

/* The quality of a type: that of the range that describes it most closely; 0 if none does. */
static double quality_in(const char *accept, const char *type)
{
    double quality = 0;
    for (int closest = 0; *accept;) {
        accept += strspn(accept, " \t,");
        size_t length = strcspn(accept, ",");
        int close = closeness(accept, strcspn(accept, ";, \t"), type);
        if (close > closest) {
            closest = close;
            quality = quality_of(accept, length);
        }
        accept += length;
    }
    return quality;
}

enum serve_format serve_format_accepted(const char *accept)
{
    enum serve_format best = SERVE_FORMATS;
    double highest = 0;
    if (!accept || !accept[strspn(accept, " \t")]) return SERVE_NPY;
    for (enum serve_format f = 0; f < SERVE_FORMATS; f++) {
        double quality = quality_in(accept, formats[f].type);
        if (quality <= highest) continue;
        highest = quality;
        best = f;
    }
    return best;
}
