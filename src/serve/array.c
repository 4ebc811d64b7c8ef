/* SPDX-License-Identifier: MIT */
/* Everything read here comes from strangers, so no length is trusted before it has been compared
 * with the size of what was received. */
#include "serve/array.h"
#include "base/fail.h"
#include "base/json.h"
#include "base/memory.h"
#include "base/number.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#define MOST_HEADER 65536
#define MOST_FLOAT 3.4028234663852886e38

static quell_status no_memory(void)
{
    return quell_fail(QUELL_NO_MEMORY, "no memory for an array");
}

static quell_status make_room(struct serve_array *array, enum serve_wanted wanted)
{
    if (wanted == SERVE_FLOATS)
        array->floats = quell_new(array->values, sizeof *array->floats);
    else
        array->words = quell_new(array->values, sizeof *array->words);
    return array->floats || array->words ? QUELL_OK : no_memory();
}

void serve_array_free(struct serve_array *array)
{
    free(array->floats);
    free(array->words);
    *array = (struct serve_array){0};
}

/* ---- .npy ---- */

#define MAGIC "\x93NUMPY"
#define MAGIC_SIZE 6

bool serve_is_npy(const char *bytes, size_t size)
{
    return size >= MAGIC_SIZE && !memcmp(bytes, MAGIC, MAGIC_SIZE);
}

static quell_status bad(const char *name, const char *reason)
{
    return quell_fail(QUELL_BAD_ARGUMENT, "%.80s: %s", name, reason);
}

/* Finds the text of the header, which follows the magic string, the version and the header's
 * length. Returns NULL, or what is wrong with the file. */
static const char *find_header(const char *bytes, size_t size, size_t *begin, size_t *length)
{
    const unsigned char *at = (const unsigned char *)bytes;
    if (!serve_is_npy(bytes, size)) return "is not an .npy file: use numpy.save";
    if (size < 12) return "is cut short";
    if (at[6] < 1 || at[6] > 3 || at[7] != 0) return "has an .npy version other than 1.0 to 3.0";
    *begin = at[6] == 1 ? 10 : 12;
    *length = (size_t)at[8] | (size_t)at[9] << 8;
    if (at[6] > 1) *length |= (size_t)at[10] << 16 | (size_t)at[11] << 24;
    if (*length > MOST_HEADER) return "has a header of more than 64 KiB";
    return *length > size - *begin ? "is cut short" : NULL;
}

static quell_status take_floats(struct serve_array *array, const char *name, const char *data,
                                size_t width)
{
    for (size_t i = 0; i < array->values; i++) {
        float narrow;
        double value;
        memcpy(width == 4 ? (void *)&narrow : &value, data + i * width, width);
        if (width == 4) value = (double)narrow;
        if (!(fabs(value) <= MOST_FLOAT))
            return quell_fail(QUELL_BAD_ARGUMENT, "%.80s: value %zu is %s: must be a finite float",
                              name, i, QUELL_SAID(value));
        array->floats[i] = (float)value;
    }
    return QUELL_OK;
}

static quell_status take_words(struct serve_array *array, const char *data,
                               const struct quell_npy *npy)
{
    for (size_t i = 0; i < array->values; i++) {
        int32_t narrow;
        memcpy(npy->width == 4 ? (void *)&narrow : &array->words[i], data + i * npy->width,
               npy->width);
        if (npy->width == 4) array->words[i] = narrow;
    }
    return QUELL_OK;
}

/* Checks the range of integers: classes begin at -1, seeds and indices at 0. */
static quell_status check_words(const struct serve_array *array, const char *name,
                                enum serve_wanted wanted, bool is_unsigned)
{
    for (size_t i = 0; wanted != SERVE_FLOATS && i < array->values; i++)
        if (!is_unsigned && array->words[i] < (wanted == SERVE_CLASSES ? -1 : 0))
            return quell_fail(QUELL_BAD_ARGUMENT, "%.80s: value %zu is %lld, must be at least %d",
                              name, i, (long long)array->words[i],
                              wanted == SERVE_CLASSES ? -1 : 0);
    return QUELL_OK;
}

quell_status serve_array_npy(struct serve_array *array, const char *name, enum serve_wanted wanted,
                             const char *bytes, size_t size)
{
    struct quell_npy npy = {
        .file = -1, .integers = wanted != SERVE_FLOATS, .words = wanted == SERVE_WORDS};
    size_t begin = 0, length = 0;
    char reason[160];
    *array = (struct serve_array){0};
    const char *problem = find_header(bytes, size, &begin, &length);
    char *header = problem ? NULL : quell_new(length + 1, 1);
    if (!problem && !header) return no_memory();
    if (!problem) {
        memcpy(header, bytes + begin, length);
        problem = quell_npy_parse(&npy, header, length, reason);
    }
    free(header);
    if (problem) return bad(name, problem);
    size_t data = size - begin - length;
    if (npy.values > data / npy.width || npy.values * npy.width != data)
        return bad(name, "its shape and its length do not agree: store it again");
    array->rank = npy.rank;
    memcpy(array->shape, npy.shape, sizeof array->shape);
    array->values = npy.values;
    quell_status status = make_room(array, wanted);
    if (status) return status;
    const char *at = bytes + begin + length;
    status = wanted == SERVE_FLOATS ? take_floats(array, name, at, npy.width)
                                    : take_words(array, at, &npy);
    return status ? status : check_words(array, name, wanted, npy.is_unsigned);
}

/* ---- JSON ---- */

/* Takes the shape from the first element of each nested list. take_values checks later that all
 * other lists have the same shape. */
static bool find_shape(struct serve_array *array, const char *value)
{
    array->values = 1;
    for (; quell_json_is_list(value); value = quell_json_first(value)) {
        size_t length = quell_json_length(value);
        if (array->rank == QUELL_NPY_MAX_RANK || !length ||
            __builtin_mul_overflow(array->values, length, &array->values))
            return false;
        array->shape[array->rank++] = length;
    }
    return quell_json_is_number(value);
}

/* The state of reading numbers. */
struct reading {
    size_t used;         /* how many numbers have been read */
    const char *rounded; /* an integer that is not exact as a float32; NULL: there is none */
};

static bool is_rounded(const char *value, double number)
{
    size_t sign = *value == '-', digits = strspn(value + sign, "0123456789");
    return sign + digits == quell_json_size(value) && (double)(float)number != number;
}

/* Reads one number into the next element. */
static bool take_number(struct serve_array *array, enum serve_wanted wanted, const char *value,
                        struct reading *reading)
{
    double number;
    if (!quell_json_number(value, &number)) return false;
    if (wanted == SERVE_FLOATS) {
        array->floats[reading->used++] = (float)number;
        if (fabs(number) > MOST_FLOAT) return false;
        if (is_rounded(value, number)) reading->rounded = value;
        return !reading->rounded;
    }
    uint64_t whole;
    bool none = wanted == SERVE_CLASSES && number == -1;
    if (!none && !quell_json_whole(value, &whole)) return false;
    array->words[reading->used++] = none ? -1 : (int64_t)whole;
    return none || wanted == SERVE_WORDS || whole <= INT64_MAX;
}

/* How much of the text of such an integer a message shows, and the float32 nearest to it. */
static int rounded_length(const char *value)
{
    size_t size = quell_json_size(value);
    return size < 40 ? (int)size : 40;
}

static double rounded_to(const char *value)
{
    double number = 0;
    (void)quell_json_number(value, &number);
    return (double)(float)number;
}

static bool take_values(struct serve_array *array, enum serve_wanted wanted, const char *value,
                        size_t depth, struct reading *reading)
{
    if (depth == array->rank) return take_number(array, wanted, value, reading);
    if (!quell_json_is_list(value)) return false;
    size_t length = 0;
    for (const char *at = quell_json_first(value); at; at = quell_json_next(at))
        if (++length > array->shape[depth] || !take_values(array, wanted, at, depth + 1, reading))
            return false;
    return length == array->shape[depth];
}

quell_status serve_array_json(struct serve_array *array, const char *name, enum serve_wanted wanted,
                              const char *value)
{
    struct reading reading = {0, NULL};
    *array = (struct serve_array){0};
    /* Each number has at least one byte, so the elements cannot be more than the bytes of text. */
    bool right = find_shape(array, value) && array->values <= quell_json_size(value);
    quell_status status = right ? make_room(array, wanted) : QUELL_OK;
    if (status) return status;
    if (right && take_values(array, wanted, value, 0, &reading)) return QUELL_OK;
    if (reading.rounded)
        return quell_fail(QUELL_BAD_ARGUMENT,
                          "%.80s: the whole number %.*s is not one of float32, which has all up to "
                          "16777216; write %.9g",
                          name, rounded_length(reading.rounded), reading.rounded,
                          rounded_to(reading.rounded));
    return bad(name, wanted == SERVE_FLOATS
                         ? "must be a number of float32, or lists of them of one length"
                         : "must be a list of whole numbers");
}
