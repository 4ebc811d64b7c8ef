/* SPDX-License-Identifier: MIT */
/* The header of an .npy file is a Python dictionary. Only what NumPy itself writes for an array is
 * accepted:
 *
 *     {'descr': '<f4', 'fortran_order': False, 'shape': (3, 4), }
 *
 * Nothing is evaluated, and what does not match is refused. */
#include "io/npy.h"
#include "base/memory.h"

#include <stdio.h>
#include <string.h>

enum { DESCR = 1, ORDER = 2, SHAPE = 4 };

struct cursor {
    const char *at, *end;
    char *reason;
};

static const char *wrong(struct cursor *cursor, const char *text)
{
    snprintf(cursor->reason, 160, "%s", text);
    return cursor->reason;
}

static bool next_is(struct cursor *cursor, char letter)
{
    while (cursor->at < cursor->end && *cursor->at == ' ') cursor->at++;
    return cursor->at < cursor->end && *cursor->at == letter;
}

static bool take(struct cursor *cursor, char letter)
{
    bool found = next_is(cursor, letter);
    if (found) cursor->at++;
    return found;
}

static bool take_word(struct cursor *cursor, const char *word)
{
    size_t length = strlen(word);
    if (!next_is(cursor, *word) || (size_t)(cursor->end - cursor->at) < length) return false;
    if (memcmp(cursor->at, word, length)) return false;
    cursor->at += length;
    return true;
}

/* Reads a quoted string of printable characters without escapes. */
static bool take_string(struct cursor *cursor, char *text, size_t size)
{
    char quote = next_is(cursor, '"') ? '"' : '\'';
    if (!take(cursor, quote)) return false;
    size_t length = 0;
    while (cursor->at < cursor->end && *cursor->at != quote) {
        char letter = *cursor->at++;
        if (letter < ' ' || letter > '~' || letter == '\\' || length + 1 >= size) return false;
        text[length++] = letter;
    }
    text[length] = '\0';
    if (cursor->at == cursor->end) return false;
    cursor->at++;
    return true;
}

static bool take_size(struct cursor *cursor, size_t *value)
{
    next_is(cursor, '0'); /* skips the spaces */
    const char *start = cursor->at;
    for (*value = 0; cursor->at < cursor->end && *cursor->at >= '0' && *cursor->at <= '9';)
        if (__builtin_mul_overflow(*value, (size_t)10, value) ||
            __builtin_add_overflow(*value, (size_t)(*cursor->at++ - '0'), value))
            return false;
    return cursor->at > start;
}

/* Returns as which type the user should store an array whose type is not read; NULL if there is
 * none. Storing it so changes no value, except whole numbers beyond 2^53 that become '<f8'. type:
 * such as '|b1'. */
static const char *remedy(const char *type, bool integers)
{
    char kind = type[1], size = kind ? type[2] : '\0';
    bool whole = kind == 'i' || kind == 'u', small = size == '1' || size == '2';
    if (integers) return whole && (kind == 'i' || size != '8') ? "<i8" : NULL;
    if (kind == 'f' && type[3] == '\0') return size == '8' ? "<f8" : "<f4";
    return whole && small ? "<f4" : whole ? "<f8" : NULL;
}

static const char *take_descr(struct cursor *cursor, struct quell_npy *npy)
{
    char type[16];
    if (next_is(cursor, '[')) return wrong(cursor, "holds records; store an array of float32");
    if (!take_string(cursor, type, sizeof type)) return wrong(cursor, "its 'descr' is not a type");
    const char *narrow = npy->integers ? "<i4" : "<f4", *wide = npy->integers ? "<i8" : "<f8";
    npy->width = !strcmp(type, narrow) ? 4 : !strcmp(type, wide) ? 8 : 0;
    npy->is_unsigned = npy->words && !strcmp(type, "<u8");
    if (npy->is_unsigned) npy->width = 8;
    if (npy->width) return NULL;
    const char *kind = *type == '>'        ? "is big-endian,"
                       : strchr(type, 'O') ? "holds objects,"
                       : strchr(type, 'c') ? "holds complex numbers,"
                                           : "is";
    const char *instead = remedy(type, npy->integers);
    snprintf(cursor->reason, 160, "%s of type '%s', must be '%s' or '%s'%s%s%s", kind, type, narrow,
             wide,
             instead         ? ": store a.astype('"
             : npy->integers ? ", whole numbers"
                             : "",
             instead ? instead : "",
             !instead ? ""
             : !npy->integers && strchr("iu", type[1]) && type[2] == '8'
                 ? "') if none is beyond 2^53"
                 : "')");
    return cursor->reason;
}

static const char *take_order(struct cursor *cursor)
{
    if (take_word(cursor, "False")) return NULL;
    if (take_word(cursor, "True"))
        return wrong(cursor, "is in Fortran order: store numpy.ascontiguousarray(a)");
    return wrong(cursor, "its 'fortran_order' is neither True nor False");
}

/* Reads a shape: "()", "(3,)", "(3, 4)", "(3, 4,)". */
static const char *take_shape(struct cursor *cursor, struct quell_npy *npy)
{
    if (!take(cursor, '(')) return wrong(cursor, "its 'shape' is not a tuple");
    npy->rank = 0;
    npy->values = 1;
    bool comma = true;
    while (!take(cursor, ')')) {
        size_t size;
        if (!comma || !take_size(cursor, &size)) return wrong(cursor, "its 'shape' is not a tuple");
        if (npy->rank == QUELL_NPY_MAX_RANK) return wrong(cursor, "has more than 9 dimensions");
        npy->shape[npy->rank++] = size;
        if (quell_multiply(npy->values, size, &npy->values))
            return wrong(cursor, "its 'shape' is too large");
        comma = take(cursor, ',');
    }
    if (npy->rank == 1 && !comma) return wrong(cursor, "its 'shape' is not a tuple");
    return NULL;
}

static const char *take_entry(struct cursor *cursor, struct quell_npy *npy, int *seen)
{
    char key[16];
    if (!take_string(cursor, key, sizeof key) || !take(cursor, ':'))
        return wrong(cursor, "its header is not a dictionary of descr, fortran_order and shape");
    int entry = !strcmp(key, "descr")           ? DESCR
                : !strcmp(key, "fortran_order") ? ORDER
                : !strcmp(key, "shape")         ? SHAPE
                                                : 0;
    if (!entry) return wrong(cursor, "its header has a key that .npy does not know");
    if (*seen & entry) return wrong(cursor, "its header has a key twice");
    *seen |= entry;
    if (entry == DESCR) return take_descr(cursor, npy);
    return entry == ORDER ? take_order(cursor) : take_shape(cursor, npy);
}

const char *quell_npy_parse(struct quell_npy *npy, const char *text, size_t length,
                            char reason[160])
{
    struct cursor cursor = {text, text + length, reason};
    const char *problem;
    int seen = 0;
    if (!take(&cursor, '{')) return wrong(&cursor, "its header is not a dictionary");
    while (!take(&cursor, '}')) {
        if ((problem = take_entry(&cursor, npy, &seen))) return problem;
        if (!take(&cursor, ',') && !next_is(&cursor, '}'))
            return wrong(&cursor, "its header is not a dictionary");
    }
    if (seen != (DESCR | ORDER | SHAPE))
        return wrong(&cursor, "its header lacks one of descr, fortran_order and shape");
    while (cursor.at < cursor.end && (*cursor.at == ' ' || *cursor.at == '\n')) cursor.at++;
    if (cursor.at != cursor.end) return wrong(&cursor, "its header has text after the dictionary");
    size_t bytes;
    if (quell_multiply(npy->values, npy->width, &bytes))
        return wrong(&cursor, "its 'shape' is too large");
    return NULL;
}
