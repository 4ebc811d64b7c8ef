/* SPDX-License-Identifier: MIT */
#include "base/json.h"

#include <string.h>

/* The end of a number, word or string inside a list. None of them has been decoded. */
static size_t token(const char *at)
{
    if (*at == QUELL_JSON_DECODED) return strlen(at) + 1;
    if (*at != '"') return *at && strchr("[]{}:,", *at) ? 1 : strcspn(at, ",:]} \t\r\n");
    size_t length = 1;
    for (; at[length] != '"'; length++)
        if (at[length] == '\\') length++;
    return length + 1;
}

static bool same_token(const char *a, const char *b)
{
    uint64_t many, as_many;
    double left, right;
    if (quell_json_whole(a, &many) && quell_json_whole(b, &as_many)) return many == as_many;
    if (quell_json_number(a, &left) && quell_json_number(b, &right)) return left == right;
    size_t length = token(a);
    return length == token(b) && !memcmp(a, b, length);
}

/* Compares lists and objects token by token: outside of strings only white space may differ. */
static bool same_nested(const char *a, const char *b)
{
    size_t depth = 0;
    do {
        a += strspn(a, " \t\r\n");
        b += strspn(b, " \t\r\n");
        if (!same_token(a, b)) return false;
        depth += *a == '[' || *a == '{' ? 1 : *a == ']' || *a == '}' ? (size_t)-1 : 0;
        a += token(a);
        b += token(b);
    } while (depth);
    return true;
}

bool quell_json_same(const char *a, const char *b)
{
    if (!a || !b) return a == b;
    return same_nested(a, b);
}
