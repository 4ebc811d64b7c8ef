/* SPDX-License-Identifier: MIT */
/* Reads values from a text that json_check.c has found well formed; some of its strings may have
 * been decoded in place since then. */
#include "base/json.h"
#include "base/memory.h"
#include "base/number.h"

#include <stdlib.h>
#include <string.h>

/* Returns the same position for writing. */
static char *own(const char *at) { return (char *)(uintptr_t)at; }

char *quell_json_root(char *text) { return own(quell_json_skip_space(text)); }

/* Returns the position after the string that begins at `at`. */
static const char *skip_text(const char *at)
{
    if (*at == QUELL_JSON_DECODED) return at + strlen(at) + 1;
    for (at++; *at != '"'; at++)
        if (*at == '\\') at++;
    return at + 1;
}

/* Returns the position after the list or object that begins at `at`. */
static const char *skip_nested(const char *at)
{
    size_t depth = 0;
    do {
        at += strcspn(at, "\"[]{}\1");
        if (quell_json_is_text(at)) {
            at = skip_text(at);
        } else {
            depth += *at == '[' || *at == '{' ? 1 : (size_t)-1;
            at++;
        }
    } while (depth);
    return at;
}

/* Returns the position after the value that begins at `at`. */
static const char *skip(const char *at)
{
    if (quell_json_is_text(at)) return skip_text(at);
    if (*at == '[' || *at == '{') return skip_nested(at);
    while ((unsigned char)*at > ' ' && *at != ',' && *at != ']' && *at != '}') at++;
    return at;
}

size_t quell_json_size(const char *value) { return (size_t)(skip(value) - value); }

const char *quell_json_first(const char *list)
{
    if (!quell_json_is_list(list)) return NULL;
    const char *at = quell_json_skip_space(list + 1);
    return *at == ']' ? NULL : at;
}

const char *quell_json_next(const char *value)
{
    const char *at = quell_json_skip_space(skip(value));
    return *at == ',' ? quell_json_skip_space(at + 1) : NULL;
}

size_t quell_json_length(const char *list)
{
    size_t count = 0;
    for (const char *at = quell_json_first(list); at; at = quell_json_next(at)) count++;
    return count;
}

/* The value of the member whose name begins at `name`. */
static char *value_of(char *name)
{
    char *colon = quell_json_root(own(skip_text(name)));
    return quell_json_root(colon + 1);
}

/* The name of the next member, after this value. */
static char *name_after(const char *value) { return own(quell_json_next(value)); }

static char *first_name(char *object)
{
    char *at = quell_json_root(object + 1);
    return *at == '}' ? NULL : at;
}

static unsigned hex(const char *at)
{
    unsigned value = 0;
    for (int i = 0; i < 4; i++) {
        unsigned digit = (unsigned char)at[i];
        value = value << 4 | (digit <= '9' ? digit - '0' : (digit | 0x20) - 'a' + 10);
    }
    return value;
}

static char *put_character(char *to, unsigned code)
{
    static const unsigned char first[] = {0, 0, 0xC0, 0xE0, 0xF0};
    int bytes = code < 0x80 ? 1 : code < 0x800 ? 2 : code < 0x10000 ? 3 : 4;
    if (bytes == 1) {
        *to = (char)code;
        return to + 1;
    }
    for (int i = bytes; i-- > 1; code >>= 6) to[i] = (char)(0x80 | (code & 0x3F));
    *to = (char)(first[bytes] | code);
    return to + bytes;
}

/* Decodes \uXXXX, or two of them that stand for one character beyond U+FFFF; *at is at the first
 * X. */
static char *decode_unicode(char *to, const char **at)
{
    unsigned code = hex(*at);
    *at += 4;
    if (code >= 0xD800 && code < 0xDC00) {
        code = 0x10000 + ((code - 0xD800) << 10) + (hex(*at + 2) - 0xDC00);
        *at += 6;
    }
    return put_character(to, code);
}

/* Decodes the escape whose backslash is at *at. */
static char *decode_escape(char *to, const char **at)
{
    static const char escapes[] = "bfnrt", controls[] = "\b\f\n\r\t";
    char escape = (*at)[1];
    const char *control = strchr(escapes, escape);
    *at += 2;
    if (escape == 'u') return decode_unicode(to, at);
    *to = control ? controls[control - escapes] : escape;
    return to + 1;
}

/* Decodes a string in place: an escape is never shorter than what it stands for. The bytes left
 * over become white space, so that the string can still be skipped like any value. */
static void decode(char *text)
{
    char *to = text + 1;
    const char *at = to;
    if (*text != '"') return;
    while (*at != '"')
        if (*at == '\\')
            to = decode_escape(to, &at);
        else
            *to++ = *at++;
    *text = QUELL_JSON_DECODED;
    memset(to, ' ', (size_t)(at + 1 - to));
    *to = '\0';
}

static size_t count_members(char *object)
{
    size_t count = 0;
    for (char *name = first_name(object); name; name = name_after(value_of(name))) count++;
    return count;
}

static int by_name(const void *a, const void *b)
{
    const struct quell_json_member *left = a, *right = b;
    return strcmp(left->name, right->name);
}

static int by_place(const void *a, const void *b)
{
    const struct quell_json_member *left = a, *right = b;
    return (left->name > right->name) - (left->name < right->name);
}

static const char *find_twice(const struct quell_json_object *object)
{
    const char *twice = NULL;
    struct quell_json_member *members = object->members;
    qsort(members, object->count, sizeof *members, by_name);
    for (size_t i = 1; i < object->count && !twice; i++)
        if (!strcmp(members[i - 1].name, members[i].name)) twice = members[i].name;
    qsort(members, object->count, sizeof *members, by_place);
    return twice;
}

int quell_json_open(struct quell_json_object *object, char *value, const char **twice)
{
    *twice = NULL;
    *object = (struct quell_json_object){count_members(value), NULL};
    object->members = quell_new(object->count, sizeof *object->members);
    if (!object->members) return -1;
    char *next, *name = first_name(value);
    for (size_t i = 0; name; i++, name = next) {
        object->members[i] = (struct quell_json_member){name + 1, value_of(name)};
        next = name_after(object->members[i].value);
        decode(object->members[i].value);
        decode(name);
    }
    *twice = find_twice(object);
    if (*twice) quell_json_close(object);
    return 0;
}

void quell_json_close(struct quell_json_object *object)
{
    free(object->members);
    *object = (struct quell_json_object){0};
}

char *quell_json_get(const struct quell_json_object *object, const char *name)
{
    for (size_t i = 0; i < object->count; i++)
        if (!strcmp(object->members[i].name, name)) return object->members[i].value;
    return NULL;
}

const char *quell_json_text(const char *value)
{
    return value && *value == QUELL_JSON_DECODED ? value + 1 : NULL;
}

const char *quell_json_decoded(char *value)
{
    if (!quell_json_is_text(value)) return NULL;
    decode(value);
    return value + 1;
}

bool quell_json_number(const char *value, double *number)
{
    if (!quell_json_is_number(value)) return false;
    *number = quell_leading_double(value);
    return true;
}

bool quell_json_whole(const char *value, uint64_t *number)
{
    if (!value || *value < '0' || *value > '9') return false;
    const char *end = skip(value);
    *number = 0;
    for (; value < end; value++)
        if (*value < '0' || *value > '9' || __builtin_mul_overflow(*number, 10, number) ||
            __builtin_add_overflow(*number, (uint64_t)(*value - '0'), number))
            return false;
    return true;
}
