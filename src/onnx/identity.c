/* SPDX-License-Identifier: MIT */
/* Identifies a network by a digest of the bytes of its file, of the files beside it that hold its
 * weights, and of all that the options add. ONNX Runtime gives no access to the weights, so these
 * files are read here. TensorProto.external_data names them; in protobuf's encoding such a name is
 *
 *     0a 08 "location" 12 LENGTH NAME
 *
 * and NAME is relative to the folder of the file. */
#include "onnx/network.h"
#include "base/digest.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define CHUNK ((size_t)1 << 18)
#define MOST_NAME ((size_t)1 << 12)

static const char mark[] = "\x0a\x08location\x12";
enum { MARK = sizeof mark - 1, OVERLAP = MARK + 2 + (1 << 12) };

/* The names of other files, without repetitions. */
struct names {
    char **name;
    size_t count;
};

static bool has(const struct names *names, const char *name, size_t length)
{
    for (size_t i = 0; i < names->count; i++)
        if (strlen(names->name[i]) == length && !memcmp(names->name[i], name, length)) return true;
    return false;
}

static bool add(struct names *names, const char *name, size_t length)
{
    if (!length || memchr(name, 0, length) || has(names, name, length)) return true;
    char **more = realloc(names->name, (names->count + 1) * sizeof *more);
    if (!more) return false;
    names->name = more;
    return (more[names->count] = strndup(name, length)) && ++names->count;
}

/* Adds the names whose marks begin in text[0..begin). */
static bool find_names(struct names *names, const char *text, size_t begin, size_t size)
{
    for (size_t i = 0; i < begin; i++) {
        const char *at = memchr(text + i, mark[0], begin - i);
        if (!at) return true;
        i = (size_t)(at - text);
        size_t value = i + MARK;
        if (value + 2 > size || memcmp(at, mark, MARK)) continue;
        const unsigned char *bytes = (const unsigned char *)text + value;
        size_t length = bytes[0] & 127u, long_length = bytes[0] > 127;
        if (long_length) length |= (size_t)bytes[1] << 7;
        value += 1 + long_length;
        if (length > MOST_NAME || length > size - value) continue;
        if (!add(names, text + value, length)) return false;
    }
    return true;
}

/* Reads a file to its end, in pieces that overlap so that no name is cut. Adds the names of other
 * files to `names`, unless that is NULL. Returns 0, or an errno. */
static int read_file(const char *path, struct quell_digest *digest, struct names *names)
{
    int file = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK), failed = file < 0 ? errno : 0;
    char *bytes = malloc(CHUNK + OVERLAP);
    size_t kept = 0;
    if (!failed && !bytes) failed = ENOMEM;
    while (!failed) {
        ssize_t got = read(file, bytes + kept, CHUNK);
        if (got < 0 && errno == EINTR) continue;
        if (got < 0) failed = errno;
        if (got > 0) quell_digest_add(digest, bytes + kept, (size_t)got);
        size_t size = kept + (got > 0 ? (size_t)got : 0);
        size_t next = got <= 0 || size <= OVERLAP ? (got > 0 ? size : 0) : OVERLAP;
        if (!failed && names && !find_names(names, bytes, size - next, size)) failed = ENOMEM;
        if (failed || got == 0) break;
        memmove(bytes, bytes + size - next, next);
        kept = next;
    }
    free(bytes);
    if (file >= 0) close(file);
    return failed;
}

static int read_beside(const char *path, const char *name, struct quell_digest *digest)
{
    const char *slash = strrchr(path, '/');
    size_t folder = slash ? (size_t)(slash - path) + 1 : 0, size = folder + strlen(name) + 1;
    char *whole = malloc(size);
    if (!whole) return ENOMEM;
    snprintf(whole, size, "%.*s%s", (int)folder, path, name);
    quell_digest_text(digest, name);
    int failed = read_file(whole, digest, NULL);
    free(whole);
    /* The session was created without the file, so it is not needed. */
    return failed == ENOENT ? 0 : failed;
}

static void put_settings(const struct network *network, struct quell_digest *digest)
{
    const struct port *const ports[] = {&network->x, &network->time, &network->label,
                                        &network->result};
    for (size_t i = 0; i < sizeof ports / sizeof *ports; i++)
        quell_digest_text(digest, ports[i]->name);
    quell_digest_sizes(digest, network->shape, network->rank);
    quell_digest_number(digest, network->time_scale);
    quell_digest_whole(digest, (uint64_t)network->class_label);
}

quell_status identity_find(const struct network *network, const char *path, uint64_t *found)
{
    struct quell_digest digest;
    struct names names = {0};
    quell_digest_begin(&digest);
    int failed = read_file(path, &digest, &names);
    for (size_t i = 0; i < names.count; i++) {
        if (!failed) failed = read_beside(path, names.name[i], &digest);
        free(names.name[i]);
    }
    free(names.name);
    if (failed == ENOMEM) return refuse(QUELL_NO_MEMORY, path, "no memory");
    if (failed) return refuse(QUELL_IO_FAILED, path, "%s", strerror(failed));
    put_settings(network, &digest);
    *found = quell_digest_end(&digest);
    return QUELL_OK;
}
