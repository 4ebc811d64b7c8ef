/* SPDX-License-Identifier: MIT */
/* The grammar of JSON. The text ends with a '\0', which no rule accepts, so that no position needs
 * to be compared with the end. There is no recursion, because a host's thread may have little
 * stack. */
#include "base/json.h"
#include "base/number.h"
#include "base/utf8.h"

#include <math.h>
#include <string.h>

/* is_object: one bit for each list or object that is open. */
struct check {
    const char *at;
    const char *problem;
    size_t depth;
    unsigned char is_object[QUELL_JSON_DEEPEST / 8];
};

static bool bad(struct check *check, const char *problem)
{
    check->problem = problem;
    return false;
}

static void skip_space(struct check *check) { check->at = quell_json_skip_space(check->at); }

/* The value of the four hexadecimal digits at `at`; 0 if they are not there (U+0000 itself is
 * refused). */
static unsigned four_digits(const char *at)
{
    unsigned code = 0;
    if (strspn(at, "0123456789abcdefABCDEF") < 4) return 0;
    for (int i = 0; i < 4; i++)
        code = code << 4 | (unsigned)(at[i] <= '9' ? at[i] - '0' : (at[i] | 0x20) - 'a' + 10);
    return code;
}

/* Checks \uXXXX, from its backslash on. */
static bool check_unicode(struct check *check)
{
    unsigned code = four_digits(check->at + 2), low = 0;
    if (!code) return bad(check, "\\u must have four hexadecimal digits other than 0000");
    if (code < 0xD800 || code > 0xDFFF) {
        check->at += 6;
        return true;
    }
    if (!strncmp(check->at + 6, "\\u", 2)) low = four_digits(check->at + 8);
    if (code > 0xDBFF || low < 0xDC00 || low > 0xDFFF)
        return bad(check, "half of a surrogate pair");
    check->at += 12;
    return true;
}

static bool check_text(struct check *check)
{
    if (*check->at != '"') return bad(check, "a string was expected");
    for (check->at++; *check->at != '"';) {
        size_t bytes = quell_utf8_length(check->at);
        if (!bytes) return bad(check, "not UTF-8");
        if ((unsigned char)*check->at < ' ')
            return bad(check, *check->at ? "a control character in a string must be escaped"
                                         : "a string without an end");
        if (*check->at != '\\') {
            check->at += bytes;
        } else if (check->at[1] == 'u') {
            if (!check_unicode(check)) return false;
        } else if (!check->at[1] || !strchr("\"\\/bfnrt", check->at[1])) {
            return bad(check, "an escape that JSON does not know");
        } else {
            check->at += 2;
        }
    }
    check->at++;
    return true;
}

static bool digits(struct check *check)
{
    const char *begin = check->at;
    while (*check->at >= '0' && *check->at <= '9') check->at++;
    return check->at > begin;
}

static bool check_number(struct check *check)
{
    const char *begin = check->at;
    bool good = true, exponent;
    check->at += *check->at == '-';
    if (*check->at == '0')
        check->at++;
    else
        good = digits(check);
    if (good && *check->at == '.') {
        check->at++;
        good = digits(check);
    }
    exponent = good && (*check->at == 'e' || *check->at == 'E');
    if (exponent) {
        check->at++;
        check->at += *check->at == '+' || *check->at == '-';
        good = digits(check);
    }
    if (!good) return bad(check, "a digit was expected");
    if (!exponent && check->at - begin < 300) return true;
    return isfinite(quell_leading_double(begin)) || bad(check, "a number too large for a double");
}

static bool check_word(struct check *check)
{
    static const char *const words[] = {"true", "false", "null"};
    for (size_t i = 0; i < sizeof words / sizeof *words; i++) {
        size_t length = strlen(words[i]);
        if (strncmp(check->at, words[i], length)) continue;
        check->at += length;
        return true;
    }
    return bad(check, *check->at ? "a value was expected" : "it ends where a value was expected");
}

static bool within_object(const struct check *check)
{
    size_t level = check->depth - 1;
    return check->is_object[level / 8] >> level % 8 & 1;
}

static bool open_nested(struct check *check)
{
    size_t level = check->depth;
    unsigned char bit = (unsigned char)(1u << level % 8);
    if (level == QUELL_JSON_DEEPEST) return bad(check, "lists within lists without an end");
    if (*check->at == '{')
        check->is_object[level / 8] |= bit;
    else
        check->is_object[level / 8] &= (unsigned char)~bit;
    check->depth++;
    check->at++;
    return true;
}

/* Checks a name and its colon, if the innermost open bracket is an object's. */
static bool check_name(struct check *check)
{
    skip_space(check);
    if (!within_object(check)) return true;
    if (!check_text(check)) return false;
    skip_space(check);
    if (*check->at != ':') return bad(check, "a ':' was expected");
    check->at++;
    return true;
}

/* Closes the lists and objects that end here; then skips the comma, if the one around them goes
 * on. */
static bool check_ends(struct check *check)
{
    for (; check->depth; check->depth--, check->at++) {
        skip_space(check);
        if (*check->at == ',') {
            check->at++;
            return check_name(check);
        }
        if (*check->at != (within_object(check) ? '}' : ']'))
            return bad(check, within_object(check) ? "a ',' or '}' was expected"
                                                   : "a ',' or ']' was expected");
    }
    return true;
}

/* Checks a value up to its end or, in a list or object, up to the first value within it. */
static bool check_begin(struct check *check)
{
    skip_space(check);
    if (*check->at == '"') return check_text(check) && check_ends(check);
    if (quell_json_is_number(check->at)) return check_number(check) && check_ends(check);
    if (*check->at != '[' && *check->at != '{') return check_word(check) && check_ends(check);
    char end = *check->at == '[' ? ']' : '}';
    if (!open_nested(check)) return false;
    skip_space(check);
    return *check->at == end ? check_ends(check) : check_name(check);
}

const char *quell_json_check(const char *text, size_t length, size_t *at)
{
    struct check check = {.at = text};
    bool good = check_begin(&check);
    while (good && check.depth) good = check_begin(&check);
    if (good) skip_space(&check);
    *at = (size_t)(check.at - text);
    if (good && *at != length) check.problem = "there is more behind its end";
    return check.problem;
}
