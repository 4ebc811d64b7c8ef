/* SPDX-License-Identifier: MIT */
/* JSON (RFC 8259) that is read where it lies. Numbers stay text until they are asked for, strings
 * are decoded in their own place, and the only memory that is asked for is the list of an object's
 * members: there is one way to run out of it, and it cannot be taken for anything else.
 *
 * A value is the place of its first byte in a text that quell_json_check has found well formed. */
#ifndef QUELL_BASE_JSON_H
#define QUELL_BASE_JSON_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Lists and objects within one another. */
#define QUELL_JSON_DEEPEST 2048

/* Checks that text[0..length), after which there must be a '\0', is one value. NULL, or what is
 * wrong at text + *at. Beyond the grammar it refuses numbers too large for a double and U+0000. */
const char *quell_json_check(const char *text, size_t length, size_t *at);

/* The value of a text that was checked. */
char *quell_json_root(char *text);

/* In place of the quotation mark before a string that was decoded, which ends with '\0'. No text
 * has it elsewhere: control characters are escaped. */
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

/* What follows a list's value, or NULL at its end; its first value; how many it has. A value that
 * is no list has none. */
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

/* Lists the members of an object; their names, and values that are strings, are decoded. In *twice
 * is NULL, or a name that is there twice, which is a failure, too: then there are no members. -1:
 * there is no memory. */
int quell_json_open(struct quell_json_object *object, char *value, const char **twice);

/* A zeroed or closed one is allowed. */
void quell_json_close(struct quell_json_object *object);

/* The value of that name; NULL if there is none. */
char *quell_json_get(const struct quell_json_object *object, const char *name);

/* A member that is a string; NULL if it is not. */
const char *quell_json_text(const char *value);

/* false: it is not a number. The nearest double, by the decimal point of JSON whatever the locale.
 */
bool quell_json_number(const char *value, double *number);

/* false: it is not a whole number from 0 to 2^64 - 1, written without a fraction or exponent. */
bool quell_json_whole(const char *value, uint64_t *number);

/* The characters of a value. */
size_t quell_json_size(const char *value);

/* Whether two values say the same: numbers by their value, strings by their text. Members of
 * objects must have the same order. */
bool quell_json_same(const char *a, const char *b);

#endif
