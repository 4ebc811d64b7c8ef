/* SPDX-License-Identifier: MIT */
#include "io/safetensors.h"
#include "base/fail.h"
#include "base/line.h"
#include "base/half.h"
#include "base/memory.h"

#include <errno.h>
#include <fcntl.h>
#include <float.h>
#include <math.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#if __BYTE_ORDER__ != __ORDER_LITTLE_ENDIAN__
#error "the files are little-endian, and so must the machine be"
#endif

/* The format allows 100 MB; a hundred thousand tensors fit here, and jansson can need fifty times
 * as much memory as there is text. */
#define MOST_HEADER ((uint64_t)16 << 20)
#define CHUNK 4096 /* values converted at a time */

static void from_float(const unsigned char *at, size_t count, float *out)
{
    memcpy(out, at, count * sizeof *out);
}

static void from_half(const unsigned char *at, size_t count, float *out)
{
    for (size_t i = 0; i < count; i++) {
        uint16_t word;
        memcpy(&word, at + i * sizeof word, sizeof word);
        out[i] = quell_from_half(word);
    }
}

static void from_bfloat(const unsigned char *at, size_t count, float *out)
{
    for (size_t i = 0; i < count; i++) {
        uint16_t word;
        memcpy(&word, at + i * sizeof word, sizeof word);
        out[i] = quell_from_bfloat(word);
    }
}

/* convert: NULL for what is known but not read. */
static const struct kind {
    const char *name;
    size_t width;
    void (*convert)(const unsigned char *at, size_t count, float *out);
} kinds[] = {
    {"F32", 4, from_float}, {"F16", 2, from_half}, {"BF16", 2, from_bfloat}, {"F64", 8, NULL},
    {"I64", 8, NULL},       {"I32", 4, NULL},      {"I16", 2, NULL},         {"I8", 1, NULL},
    {"U64", 8, NULL},       {"U32", 4, NULL},      {"U16", 2, NULL},         {"U8", 1, NULL},
    {"BOOL", 1, NULL},      {"F8_E5M2", 1, NULL},  {"F8_E4M3", 1, NULL},
};
#define KINDS ((int)(sizeof kinds / sizeof *kinds))

static quell_status bad(const struct quell_tensors *tensors, const char *reason)
{
    return quell_fail(QUELL_BAD_MODEL, "%s: %s", tensors->path, reason);
}

static quell_status bad_tensor(const struct quell_tensors *tensors, const char *name,
                               const char *reason)
{
    return quell_fail(QUELL_BAD_MODEL, "%s: tensor '%.80s' %s", tensors->path, name, reason);
}

static quell_status unreadable(const struct quell_tensors *tensors, int reason)
{
    return quell_fail(QUELL_IO_FAILED, "%s: cannot be read: %s", tensors->path, strerror(reason));
}

static quell_status take(const struct quell_tensors *tensors, uint64_t from, void *to, size_t bytes)
{
    if (tensors->memory) {
        memcpy(to, tensors->memory + from, bytes); /* within its length: the header was checked */
        return QUELL_OK;
    }
    for (char *at = to; bytes;) {
        ssize_t got = pread(tensors->file, at, bytes, (off_t)from);
        if (got == 0) return bad(tensors, "is cut short: copy or store it again");
        if (got < 0 && errno != EINTR) return unreadable(tensors, errno);
        if (got < 0) continue;
        at += got;
        from += (uint64_t)got;
        bytes -= (size_t)got;
    }
    return QUELL_OK;
}

static quell_status open_file(struct quell_tensors *tensors)
{
    struct stat status;
    tensors->file = open(tensors->path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
    if (tensors->file < 0 || fstat(tensors->file, &status)) return unreadable(tensors, errno);
    if (S_ISDIR(status.st_mode)) return unreadable(tensors, EISDIR);
    if (!S_ISREG(status.st_mode)) return bad(tensors, "is not a regular file");
    tensors->length = (uint64_t)status.st_size;
    return QUELL_OK;
}

static quell_status parse_header(struct quell_tensors *tensors, const char *text, size_t size)
{
    json_error_t error;
    if (!size || *text != '{') return bad(tensors, "its header does not begin with '{'");
    if (!quell_is_line(text, size)) return bad(tensors, "its header has control characters");
    tensors->header = json_loadb(text, size, JSON_REJECT_DUPLICATES, &error);
    if (tensors->header && json_is_object(tensors->header)) return QUELL_OK;
    if (tensors->header) return bad(tensors, "its header is not a JSON object");
    if (json_error_code(&error) == json_error_out_of_memory || !*error.text)
        return quell_fail(QUELL_NO_MEMORY, "%s: no memory for its header", tensors->path);
    return quell_fail(QUELL_BAD_MODEL, "%s: its header is not JSON: byte %d: %s", tensors->path,
                      error.position, error.text);
}

static quell_status read_header(struct quell_tensors *tensors)
{
    unsigned char bytes[8];
    uint64_t size = 0, length = tensors->length;
    if (length < sizeof bytes) return bad(tensors, "is not a .safetensors file");
    quell_status status = take(tensors, 0, bytes, sizeof bytes);
    if (status) return status;
    for (size_t i = sizeof bytes; i-- > 0;) size = size << 8 | bytes[i];
    if (size > length - sizeof bytes)
        return bad(tensors, "is not a .safetensors file, or cut short");
    if (size > MOST_HEADER) return bad(tensors, "has a header of more than 16 MiB");
    char *text = quell_new(size + 1, 1);
    if (!text) return quell_fail(QUELL_NO_MEMORY, "%s: no memory for its header", tensors->path);
    status = take(tensors, sizeof bytes, text, size);
    if (!status) status = parse_header(tensors, text, size);
    free(text);
    tensors->data = sizeof bytes + size;
    return status;
}

/* A whole number from 0 on; false: it is something else. */
static bool to_number(const json_t *value, uint64_t *number)
{
    if (!json_is_integer(value) || json_integer_value(value) < 0) return false;
    *number = (uint64_t)json_integer_value(value);
    return true;
}

/* The shape, and the bytes that it asks for. */
static bool read_shape(const json_t *list, struct quell_tensor *tensor, uint64_t *bytes)
{
    size_t product = kinds[tensor->kind].width;
    if (!json_is_array(list) || json_array_size(list) > QUELL_MAX_RANK) return false;
    tensor->rank = json_array_size(list);
    for (size_t i = 0; i < tensor->rank; i++) {
        uint64_t size;
        if (!to_number(json_array_get(list, i), &size) || size > SIZE_MAX) return false;
        tensor->shape[i] = (size_t)size;
        if (quell_multiply(product, tensor->shape[i], &product)) return false;
    }
    *bytes = product;
    return true;
}

static bool find_kind(const json_t *name, int *kind)
{
    if (!json_is_string(name)) return false;
    for (*kind = 0; *kind < KINDS; ++*kind)
        if (!strcmp(kinds[*kind].name, json_string_value(name))) return true;
    return false;
}

static quell_status read_entry(const struct quell_tensors *tensors, const json_t *entry,
                               struct quell_tensor *tensor)
{
    uint64_t bytes;
    const json_t *offsets = json_object_get(entry, "data_offsets");
    if (!quell_is_line(tensor->name, strlen(tensor->name)))
        return bad(tensors, "has a tensor with control characters in its name");
    if (!json_is_object(entry) || json_object_size(entry) != 3)
        return bad_tensor(tensors, tensor->name, "must have dtype, shape and data_offsets");
    if (!find_kind(json_object_get(entry, "dtype"), &tensor->kind))
        return bad_tensor(tensors, tensor->name, "has a dtype that is not known");
    if (!read_shape(json_object_get(entry, "shape"), tensor, &bytes))
        return bad_tensor(tensors, tensor->name, "has a shape that is not 0 to 8 sizes");
    if (json_array_size(offsets) != 2 || !to_number(json_array_get(offsets, 0), &tensor->begin) ||
        !to_number(json_array_get(offsets, 1), &tensor->end) || tensor->end < tensor->begin ||
        tensor->end - tensor->begin != bytes)
        return bad_tensor(tensors, tensor->name, "has data_offsets that do not go with its shape");
    return QUELL_OK;
}

static int by_bytes(const void *a, const void *b)
{
    const struct quell_tensor *left = a, *right = b;
    if (left->begin != right->begin) return left->begin < right->begin ? -1 : 1;
    return left->end < right->end ? -1 : left->end > right->end;
}

static quell_status check_bytes(const struct quell_tensors *tensors, uint64_t bytes)
{
    uint64_t at = 0;
    for (size_t i = 0; i < tensors->count; i++) {
        if (tensors->tensors[i].begin != at)
            return bad_tensor(tensors, tensors->tensors[i].name,
                              "does not begin where the tensor before it ends");
        at = tensors->tensors[i].end;
    }
    return at == bytes ? QUELL_OK : bad(tensors, "has more or fewer bytes than its tensors");
}

static quell_status check_metadata(const struct quell_tensors *tensors, json_t *metadata)
{
    const char *key;
    json_t *value;
    if (!json_is_object(metadata)) return bad(tensors, "__metadata__ must be an object");
    json_object_foreach(metadata, key, value)
    {
        if (!json_is_string(value)) return bad(tensors, "__metadata__ must have strings only");
    }
    return QUELL_OK;
}

static quell_status read_entries(struct quell_tensors *tensors, uint64_t bytes)
{
    const char *name;
    json_t *entry;
    tensors->tensors = quell_new(json_object_size(tensors->header), sizeof *tensors->tensors);
    if (!tensors->tensors)
        return quell_fail(QUELL_NO_MEMORY, "%s: no memory for its header", tensors->path);
    json_object_foreach(tensors->header, name, entry)
    {
        quell_status status;
        if (!strcmp(name, "__metadata__")) {
            status = check_metadata(tensors, entry);
        } else {
            struct quell_tensor *tensor = &tensors->tensors[tensors->count++];
            tensor->name = name;
            status = read_entry(tensors, entry, tensor);
        }
        if (status) return status;
    }
    qsort(tensors->tensors, tensors->count, sizeof *tensors->tensors, by_bytes);
    return check_bytes(tensors, bytes);
}

static quell_status open_either(struct quell_tensors *tensors, const char *path)
{
    tensors->file = -1;
    tensors->path = strdup(path);
    if (!tensors->path) return quell_fail(QUELL_NO_MEMORY, "%s: no memory", path);
    quell_status status = tensors->memory ? QUELL_OK : open_file(tensors);
    if (!status) status = read_header(tensors);
    if (!status) status = read_entries(tensors, tensors->length - tensors->data);
    if (status) quell_tensors_close(tensors);
    return status;
}

quell_status quell_tensors_open(struct quell_tensors *tensors, const char *path)
{
    *tensors = (struct quell_tensors){.file = -1};
    return open_either(tensors, path);
}

quell_status quell_tensors_open_memory(struct quell_tensors *tensors, const char *name,
                                       const void *bytes, size_t length)
{
    *tensors = (struct quell_tensors){.memory = bytes, .length = length};
    return open_either(tensors, name);
}

void quell_tensors_close(struct quell_tensors *tensors)
{
    if (!tensors->path) return;
    if (tensors->file >= 0) close(tensors->file);
    json_decref(tensors->header);
    free(tensors->tensors);
    free(tensors->path);
    *tensors = (struct quell_tensors){.file = -1};
}

const char *quell_tensors_metadata(const struct quell_tensors *tensors, const char *key)
{
    return json_string_value(
        json_object_get(json_object_get(tensors->header, "__metadata__"), key));
}

static struct quell_tensor *find(const struct quell_tensors *tensors, const char *name)
{
    for (size_t i = 0; i < tensors->count; i++)
        if (!strcmp(tensors->tensors[i].name, name)) return &tensors->tensors[i];
    return NULL;
}

static bool same_shape(const struct quell_tensor *tensor, size_t rank, const size_t *shape)
{
    if (tensor->rank != rank) return false;
    for (size_t i = 0; i < rank; i++)
        if (tensor->shape[i] != shape[i]) return false;
    return true;
}

/* "[2, 3]" */
static const char *shape_text(char text[128], size_t rank, const size_t *shape)
{
    size_t used = 0;
    for (size_t i = 0; i < rank && used < 100; i++)
        used += (size_t)snprintf(text + used, 128 - used, "%s%zu", i ? ", " : "[", shape[i]);
    snprintf(text + used, 128 - used, rank ? "]" : "[]");
    return text;
}

static quell_status check_tensor(const struct quell_tensors *tensors,
                                 const struct quell_tensor *tensor, const char *name, size_t rank,
                                 const size_t *shape)
{
    char wanted[128], found[128];
    shape_text(wanted, rank, shape);
    if (!tensor)
        return quell_fail(QUELL_BAD_MODEL, "%s: tensor '%.80s' is not there: it must be %s",
                          tensors->path, name, wanted);
    if (!same_shape(tensor, rank, shape))
        return quell_fail(QUELL_BAD_MODEL, "%s: tensor '%.80s' is %s, must be %s", tensors->path,
                          name, shape_text(found, tensor->rank, tensor->shape), wanted);
    if (!kinds[tensor->kind].convert)
        return quell_fail(QUELL_BAD_MODEL, "%s: tensor '%.80s' is %s, must be F32, F16 or BF16",
                          tensors->path, name, kinds[tensor->kind].name);
    return QUELL_OK;
}

quell_status quell_tensors_read(struct quell_tensors *tensors, const char *name, size_t rank,
                                const size_t *shape, float *out)
{
    unsigned char bytes[4 * CHUNK];
    struct quell_tensor *tensor = find(tensors, name);
    quell_status status = check_tensor(tensors, tensor, name, rank, shape);
    if (status || !out) return status;
    const struct kind *kind = &kinds[tensor->kind];
    size_t count = (size_t)(tensor->end - tensor->begin) / kind->width;
    for (size_t done = 0, n; done < count; done += n) {
        n = count - done < CHUNK ? count - done : CHUNK;
        status = take(tensors, tensors->data + tensor->begin + done * kind->width, bytes,
                      n * kind->width);
        if (status) return status;
        kind->convert(bytes, n, out + done);
        bool finite = true;
        for (size_t i = 0; i < n; i++) finite &= fabsf(out[done + i]) <= FLT_MAX;
        if (!finite) return bad_tensor(tensors, name, "is not finite");
    }
    tensor->read = true;
    return QUELL_OK;
}

const char *quell_tensors_unread(const struct quell_tensors *tensors)
{
    for (size_t i = 0; i < tensors->count; i++)
        if (!tensors->tensors[i].read) return tensors->tensors[i].name;
    return NULL;
}
