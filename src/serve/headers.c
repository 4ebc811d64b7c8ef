/* SPDX-License-Identifier: MIT */
#include "serve/headers.h"

#include <string.h>
#include <strings.h>

/* The value of a hexadecimal digit; -1 for any other character. */
static int digit(char c)
{
    static const char digits[] = "0123456789abcdef";
    char lower = c >= 'A' && c <= 'F' ? (char)(c + ('a' - 'A')) : c;
    const char *at = lower ? strchr(digits, lower) : NULL;
    return at ? (int)(at - digits) : -1;
}

size_t serve_unescape(char *text)
{
    char *to = text;
    for (const char *at = text; *at; to++) {
        int high = *at == '%' ? digit(at[1]) : -1;
        int low = high >= 0 ? digit(at[2]) : -1;
        int value = 16 * high + low;
        *to = low < 0 ? *at : value ? (char)value : 1;
        at += low < 0 ? 1 : 3;
    }
    *to = '\0';
    return (size_t)(to - text);
}

void serve_escape(char *to, size_t size, const char *text)
{
    static const char digits[] = "0123456789ABCDEF", gap[] = "...";
    char *end = to + size - sizeof gap;
    for (; *text && to + 3 <= end; text++)
        if (*text > ' ' && *text < 127) {
            *to++ = *text;
        } else {
            *to++ = '%';
            *to++ = digits[(unsigned char)*text >> 4];
            *to++ = digits[(unsigned char)*text & 15];
        }
    strcpy(to, *text ? gap : "");
}

bool serve_is_plain(const char *text)
{
    for (; *text; text++)
        if ((unsigned char)*text < ' ' || *text == 127) return false;
    return true;
}

const char *serve_path(const char *target)
{
    static const char *const schemes[] = {"http://", "https://"};
    for (size_t i = 0; i < 2; i++) {
        size_t length = strlen(schemes[i]);
        if (strncasecmp(target, schemes[i], length) != 0) continue;
        const char *authority = target + length;
        const char *path = authority + strcspn(authority, "/");
        return path == authority ? NULL : *path ? path : "/";
    }
    return target;
}

/* The length of the entity tag at the start of a text, with its quotes and without W/; 0 if there
 * is none. */
static size_t length_of_tag(const char *at)
{
    const char *end = at;
    if (*end++ != '"') return 0;
    while (*end == '!' || (unsigned char)*end > '"') {
        if (*end == 127) return 0;
        end++;
    }
    return *end == '"' ? (size_t)(end - at) + 1 : 0;
}

static bool is_listed(const char *list, const char *tag, bool weak)
{
    static const char space[] = " \t";
    const char *at = list + strspn(list, " \t,");
    if (*at == '*') return !at[1 + strspn(at + 1, space)];
    while (*at) {
        bool counts = weak || strncmp(at, "W/", 2) != 0;
        if (!strncmp(at, "W/", 2)) at += 2;
        size_t length = length_of_tag(at);
        if (!length) return false;
        if (counts && length == strlen(tag) && !memcmp(at, tag, length)) return true;
        at += length;
        at += strspn(at, space);
        if (*at && *at != ',') return false;
        at += strspn(at, " \t,");
    }
    return false;
}

bool serve_tag_listed(const char *list, const char *tag)
{
    return list && is_listed(list, tag, true);
}

bool serve_tag_matched(const char *list, const char *tag) { return is_listed(list, tag, false); }
