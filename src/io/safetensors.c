/* SPDX-License-Identifier: MIT */
#include "io/safetensors.h"
#include "base/fail.h"
#include "base/line.h"
#include "base/memory.h"
#include "io/tensor_types.h"

#include <errno.h>
#include <fcntl.h>
#include <float.h>
#include <math.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#if __BYTE_ORDER__ != __ORDER_LITTLE_ENDIAN__
#error "the files are little-endian, and so must the machine be"
#endif

/* The format's own limit. */
#define MOST_HEADER ((uint64_t)100000000)
#define CHUNK 4096 /* values converted at a time */

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
    errno = reason;
    return quell_fail_file(tensors->path, "cannot be read");
}

static quell_status take(const struct quell_tensors *tensors, uint64_t from, void *to, size_t bytes)
{
    if (tensors->memory) {
        memcpy(to, tensors->memory + from, bytes); /* as the header was checked */
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

static quell_status no_memory(const struct quell_tensors *tensors)
{
    return quell_fail(QUELL_NO_MEMORY, "%s: no memory for its header", tensors->path);
}

static quell_status check_header(const struct quell_tensors *tensors, size_t size)
{
    size_t at;
    const char *problem = quell_json_check(tensors->text, size, &at);
    if (!problem && quell_json_is_object(quell_json_root(tensors->text))) return QUELL_OK;
    if (!problem) return bad(tensors, "its header is not a JSON object");
    return quell_fail(QUELL_BAD_MODEL, "%s: its header is not JSON: byte %zu: %s", tensors->path,
                      at, problem);
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
    if (size > MOST_HEADER) return bad(tensors, "has a header of more than 100 MB");
    tensors->text = quell_new_untouched(size + 1, 1);
    if (!tensors->text) return no_memory(tensors);
    tensors->text[size] = '\0';
    status = take(tensors, sizeof bytes, tensors->text, size);
    tensors->data = sizeof bytes + size;
    return status ? status : check_header(tensors, size);
}

/* Lists the members of an object; messages call it `what`. */
static quell_status open_object(const struct quell_tensors *tensors, char *value, const char *what,
                                struct quell_json_object *object)
{
    const char *twice;
    if (quell_json_open(object, value, &twice)) return no_memory(tensors);
    if (!twice) return QUELL_OK;
    return quell_fail(QUELL_BAD_MODEL, "%s: has %s '%.80s' twice", tensors->path, what, twice);
}

/* Reads the shape, and computes the bytes that it needs. */
static bool read_shape(const char *list, struct quell_tensor *tensor, uint64_t *bytes)
{
    size_t product = quell_tensor_types[tensor->kind].width;
    if (!quell_json_is_list(list)) return false;
    for (const char *at = quell_json_first(list); at; at = quell_json_next(at)) {
        uint64_t size;
        if (tensor->rank == QUELL_MAX_RANK || !quell_json_whole(at, &size) || size > SIZE_MAX)
            return false;
        tensor->shape[tensor->rank++] = (size_t)size;
        if (quell_multiply(product, (size_t)size, &product)) return false;
    }
    *bytes = product;
    return true;
}

static bool read_offsets(const char *list, struct quell_tensor *tensor)
{
    const char *begin = quell_json_first(list), *end = begin ? quell_json_next(begin) : NULL;
    return end && !quell_json_next(end) && quell_json_whole(begin, &tensor->begin) &&
           quell_json_whole(end, &tensor->end) && tensor->end >= tensor->begin;
}

static bool find_kind(const char *name, int *kind)
{
    if (!name) return false;
    for (*kind = 0; *kind < QUELL_TENSOR_TYPES; ++*kind)
        if (!strcmp(quell_tensor_types[*kind].name, name)) return true;
    return false;
}

static quell_status read_fields(const struct quell_tensors *tensors,
                                const struct quell_json_object *fields, struct quell_tensor *tensor)
{
    uint64_t bytes;
    if (fields->count != 3)
        return bad_tensor(tensors, tensor->name, "must have dtype, shape and data_offsets");
    if (!find_kind(quell_json_text(quell_json_get(fields, "dtype")), &tensor->kind))
        return bad_tensor(tensors, tensor->name, "has a dtype that is not known");
    if (!read_shape(quell_json_get(fields, "shape"), tensor, &bytes))
        return bad_tensor(tensors, tensor->name, "has a shape that is not 0 to 8 sizes");
    if (!read_offsets(quell_json_get(fields, "data_offsets"), tensor) ||
        tensor->end - tensor->begin != bytes)
        return bad_tensor(tensors, tensor->name, "has data_offsets that do not go with its shape");
    return QUELL_OK;
}

static quell_status read_entry(const struct quell_tensors *tensors, char *entry,
                               struct quell_tensor *tensor)
{
    struct quell_json_object fields = {0};
    if (!quell_is_line(tensor->name))
        return bad(tensors, "has a tensor with control or hidden characters in its name");
    if (!quell_json_is_object(entry))
        return bad_tensor(tensors, tensor->name, "must have dtype, shape and data_offsets");
    quell_status status = open_object(tensors, entry, "a tensor with the field", &fields);
    if (!status) status = read_fields(tensors, &fields, tensor);
    quell_json_close(&fields);
    return status;
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

static quell_status read_metadata(struct quell_tensors *tensors, char *value)
{
    if (!quell_json_is_object(value)) return bad(tensors, "__metadata__ must be an object");
    quell_status status = open_object(tensors, value, "the metadata", &tensors->metadata);
    for (size_t i = 0; i < tensors->metadata.count && !status; i++)
        if (!quell_json_is_text(tensors->metadata.members[i].value))
            status = bad(tensors, "__metadata__ must have strings only");
    return status;
}

static quell_status read_members(struct quell_tensors *tensors,
                                 const struct quell_json_object *header)
{
    tensors->tensors = quell_new(header->count, sizeof *tensors->tensors);
    if (!tensors->tensors) return no_memory(tensors);
    for (size_t i = 0; i < header->count; i++) {
        quell_status status;
        const struct quell_json_member *member = &header->members[i];
        if (!strcmp(member->name, "__metadata__")) {
            status = read_metadata(tensors, member->value);
        } else {
            struct quell_tensor *tensor = &tensors->tensors[tensors->count++];
            tensor->name = member->name;
            status = read_entry(tensors, member->value, tensor);
        }
        if (status) return status;
    }
    return QUELL_OK;
}

static quell_status read_entries(struct quell_tensors *tensors, uint64_t bytes)
{
    struct quell_json_object header = {0};
    quell_status status =
        open_object(tensors, quell_json_root(tensors->text), "the tensor", &header);
    if (!status) status = read_members(tensors, &header);
    quell_json_close(&header);
    if (status) return status;
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
    quell_json_close(&tensors->metadata);
    free(tensors->text);
    free(tensors->tensors);
    free(tensors->path);
    *tensors = (struct quell_tensors){.file = -1};
}

const char *quell_tensors_metadata(const struct quell_tensors *tensors, const char *key)
{
    return quell_json_text(quell_json_get(&tensors->metadata, key));
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

/* Writes a shape as "[2, 3]". */
static const char *shape_text(char text[128], size_t rank, const size_t *shape)
{
    size_t used = 0;
    for (size_t i = 0; i < rank && used < 100; i++)
        used += (size_t)snprintf(text + used, 128 - used, "%s%zu", i ? ", " : "[", shape[i]);
    snprintf(text + used, 128 - used, rank ? "]" : "[]");
    return text;
}

static quell_status check_kind(const struct quell_tensors *tensors,
                               const struct quell_tensor *tensor)
{
    if (quell_tensor_types[tensor->kind].convert) return QUELL_OK;
    return quell_fail(QUELL_BAD_MODEL, "%s: tensor '%.80s' is %s, must be F32, F16, BF16 or I8",
                      tensors->path, tensor->name, quell_tensor_types[tensor->kind].name);
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
    return QUELL_OK;
}

quell_status quell_tensors_read_at(struct quell_tensors *tensors, size_t index, float *out)
{
    unsigned char bytes[4 * CHUNK];
    struct quell_tensor *tensor = &tensors->tensors[index];
    const struct quell_tensor_type *kind = &quell_tensor_types[tensor->kind];
    quell_status status = check_kind(tensors, tensor);
    if (status || !out) return status;
    size_t count = (size_t)(tensor->end - tensor->begin) / kind->width;
    for (size_t done = 0, n; done < count; done += n) {
        n = count - done < CHUNK ? count - done : CHUNK;
        status = take(tensors, tensors->data + tensor->begin + done * kind->width, bytes,
                      n * kind->width);
        if (status) return status;
        kind->convert(bytes, n, out + done);
        bool finite = true;
        for (size_t i = 0; i < n; i++) finite &= fabsf(out[done + i]) <= FLT_MAX;
        if (!finite) return bad_tensor(tensors, tensor->name, "is not finite");
    }
    tensor->read = true;
    return QUELL_OK;
}

quell_status quell_tensors_bytes(struct quell_tensors *tensors, size_t index, void *out)
{
    const struct quell_tensor *tensor = &tensors->tensors[index];
    return take(tensors, tensors->data + tensor->begin, out, (size_t)(tensor->end - tensor->begin));
}

quell_status quell_tensors_read(struct quell_tensors *tensors, const char *name, size_t rank,
                                const size_t *shape, float *out)
{
    struct quell_tensor *tensor = find(tensors, name);
    quell_status status = check_tensor(tensors, tensor, name, rank, shape);
    return status ? status
                  : quell_tensors_read_at(tensors, (size_t)(tensor - tensors->tensors), out);
}

const char *quell_tensors_unread(const struct quell_tensors *tensors)
{
    for (size_t i = 0; i < tensors->count; i++)
        if (!tensors->tensors[i].read) return tensors->tensors[i].name;
    return NULL;
}
