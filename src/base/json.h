/* SPDX-License-Identifier: MIT */
/* JSON (RFC 8259), read in place. Numbers stay text until they are asked for, and strings are
 * decoded in place. The only allocation is the list of an object's members, so only quell_json_open
 * can run out of memory.
 *
 * A value is a pointer to its first byte, in a text that quell_json_check has found well formed. */
#ifndef QUELL_BASE_JSON_H
#define QUELL_BASE_JSON_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* The greatest depth of nested lists and objects. */
#define QUELL_JSON_DEEPEST 2048

/* Checks that text[0..length), which a '\0' must follow, is one JSON value. Returns NULL, or what
 * is wrong at text + *at. Beyond the grammar it refuses numbers too large for a double and
 * U+0000. */
const char *quell_json_check(const char *text, size_t length, size_t *at);

/* The value of a text that was checked. */
char *quell_json_root(char *text);

/* This byte replaces the quotation mark before a string that was decoded, which then ends with
 * '\0'. It cannot occur elsewhere, because JSON escapes control characters. */
#define QUELL_JSON_DECODED '\1'

static inline const char *quell_json_skip_space(const char *at)
{
    while (*at == ' ' || *at == '\n' || *at == '\r' || *at == '\t') at++;
    return at;
}

static inline bool quell_json_is_object(const char *value) { return value && *value == '{'; }
static inline bool quell_json_is_list(const char *value) { return value && *value == '['; }
static inline bool quell_json_is_text(const char *value)
{
    return value && (*value == '"' || *value == QUELL_JSON_DECODED);
}
static inline bool quell_json_is_number(const char *value)
{
    return value && (*value == '-' || (*value >= '0' && *value <= '9'));
}
static inline bool quell_json_is_truth(const char *value)
{
    return value && (*value == 't' || *value == 'f');
}

/* The first value of a list, the value after one (NULL at the end), and the number of values. What
 * is not a list has none. */
const char *quell_json_first(const char *list);
const char *quell_json_next(const char *value);
size_t quell_json_length(const char *list);

/* A member of an object. */
struct quell_json_member {
    const char *name;
    char *value;
};

/* The members in their order. */
struct quell_json_object {
    size_t count;
    struct quell_json_member *members;
};

/* Lists the members of an object and decodes their names and those values that are strings. Returns
 * -1 when there is no memory. A name that occurs twice is a failure too: *twice is then that name,
 * and there are no members; otherwise *twice is NULL. */
int quell_json_open(struct quell_json_object *object, char *value, const char **twice);

/* Frees the list. A zeroed object, or one that is closed already, is allowed. */
void quell_json_close(struct quell_json_object *object);

/* The value of that name; NULL if there is none. */
char *quell_json_get(const struct quell_json_object *object, const char *name);

/* The text of a string member; NULL if the value is not a string. */
const char *quell_json_text(const char *value);

/* Decodes a string in a list, or one that was decoded before, in its place in a text that may be
 * written to, and returns it; NULL if the value is not a string. */
const char *quell_json_decoded(char *value);

/* Reads the nearest double, with JSON's decimal point whatever the locale; false if the value is
 * not a number. */
bool quell_json_number(const char *value, double *number);

/* Reads a whole number from 0 to 2^64 - 1 that is written without a fraction or exponent; false if
 * the value is something else. */
bool quell_json_whole(const char *value, uint64_t *number);

/* The length of a value in bytes. */
size_t quell_json_size(const char *value);

/* Whether two values are equal: numbers by value, strings by text. Members of objects must come in
 * the same order. */
bool quell_json_same(const char *a, const char *b);

#endif
