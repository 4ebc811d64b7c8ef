/* SPDX-License-Identifier: MIT */
/* Reading .npy files that may be hostile: the header is capped before it is read, the shape must
 * account for every byte of the file, and nothing but a regular file is opened. */
#include "io/npy.h"
#include "base/fail.h"
#include "base/memory.h"

#include <errno.h>
#include <fcntl.h>
#include <math.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#if __BYTE_ORDER__ != __ORDER_LITTLE_ENDIAN__
#error "the files are little-endian, and so must the machine be"
#endif

#define MOST_HEADER 65536
#define CHUNK 4096 /* values converted at a time */

static quell_status bad(const struct quell_npy *npy, const char *reason)
{
    return quell_fail(QUELL_BAD_MODEL, "%s: %s", npy->path, reason);
}

static quell_status unreadable(const struct quell_npy *npy, int reason)
{
    errno = reason;
    return quell_fail_file(npy->path, "cannot be read");
}

/* 1 if all bytes were read, 0 at the end of the file, -1 on an error. */
static int read_all(int file, void *data, size_t bytes)
{
    char *at = data;
    while (bytes) {
        ssize_t got = read(file, at, bytes);
        if (got == 0) return 0;
        if (got < 0 && errno != EINTR) return -1;
        if (got < 0) continue;
        at += got;
        bytes -= (size_t)got;
    }
    return 1;
}

static quell_status take(struct quell_npy *npy, void *data, size_t bytes)
{
    int got = read_all(npy->file, data, bytes);
    if (got < 0) return unreadable(npy, errno);
    return got ? QUELL_OK : bad(npy, "is cut short: copy or store it again");
}

static quell_status open_file(struct quell_npy *npy, uint64_t *length)
{
    npy->file = open(npy->path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
    if (npy->file < 0) return unreadable(npy, errno);
    struct stat status;
    if (fstat(npy->file, &status)) return unreadable(npy, errno);
    if (S_ISDIR(status.st_mode)) return unreadable(npy, EISDIR);
    if (!S_ISREG(status.st_mode)) return bad(npy, "is not a regular file");
    *length = (uint64_t)status.st_size;
    return QUELL_OK;
}

/* Reads the length of the header's text, which comes after the magic string and the version. */
static quell_status read_preamble(struct quell_npy *npy, size_t *text, size_t *preamble)
{
    unsigned char bytes[12];
    quell_status status = take(npy, bytes, 6);
    if (status) return status;
    if (memcmp(bytes, "\x93NUMPY", 6)) return bad(npy, "is not an .npy file: use numpy.save");
    status = take(npy, bytes + 6, 4);
    if (status) return status;
    if (bytes[6] < 1 || bytes[6] > 3 || bytes[7] != 0)
        return bad(npy, "has an .npy version other than 1.0, 2.0 and 3.0");
    *preamble = bytes[6] == 1 ? 10 : 12;
    *text = (size_t)bytes[8] | (size_t)bytes[9] << 8;
    if (bytes[6] == 1) return QUELL_OK;
    status = take(npy, bytes + 10, 2);
    *text |= (size_t)bytes[10] << 16 | (size_t)bytes[11] << 24;
    return status;
}

static quell_status read_header(struct quell_npy *npy, uint64_t length)
{
    size_t text = 0, preamble = 0;
    quell_status status = read_preamble(npy, &text, &preamble);
    if (status) return status;
    if (text > MOST_HEADER) return bad(npy, "has a header of more than 64 KiB");
    char *header = quell_new(text + 1, 1), reason[160];
    if (!header) return quell_fail(QUELL_NO_MEMORY, "%s: no memory for its header", npy->path);
    status = take(npy, header, text);
    const char *problem = status ? NULL : quell_npy_parse(npy, header, text, reason);
    free(header);
    if (status) return status;
    if (problem) return bad(npy, problem);
    if (length - preamble - text != (uint64_t)npy->values * npy->width)
        return quell_fail(QUELL_BAD_MODEL,
                          "%s: its shape asks for %zu bytes of data, it has %llu: store it again",
                          npy->path, npy->values * npy->width,
                          (unsigned long long)(length - preamble - text));
    return QUELL_OK;
}

static quell_status open_kind(struct quell_npy *npy, const char *path, bool integers, bool words)
{
    *npy = (struct quell_npy){.file = -1, .integers = integers, .words = words};
    size_t size = strlen(path) + 1;
    npy->path = quell_new(size, 1);
    if (!npy->path) return quell_fail(QUELL_NO_MEMORY, "%s: no memory", path);
    memcpy(npy->path, path, size);
    uint64_t length = 0;
    quell_status status = open_file(npy, &length);
    if (!status) status = read_header(npy, length);
    if (status) quell_npy_close(npy);
    return status;
}

quell_status quell_npy_open(struct quell_npy *npy, const char *path)
{
    return open_kind(npy, path, false, false);
}

quell_status quell_npy_open_integers(struct quell_npy *npy, const char *path)
{
    return open_kind(npy, path, true, false);
}

quell_status quell_npy_open_words(struct quell_npy *npy, const char *path)
{
    return open_kind(npy, path, true, true);
}

/* Names the value by its index as NumPy writes it, in which the sample's number is the first. */
static quell_status refuse_value(const struct quell_npy *npy, double value)
{
    char index[QUELL_NPY_MAX_RANK * 22 + 1] = "";
    size_t used = 0, within = npy->values;
    for (size_t d = 0, left = npy->taken; d < npy->rank; d++) {
        within /= npy->shape[d];
        used += (size_t)snprintf(index + used, sizeof index - used, "%s%zu", d ? ", " : "",
                                 left / within);
        left %= within;
    }
    return quell_fail(QUELL_BAD_MODEL, "%s: element [%s] is %g: all must be finite floats",
                      npy->path, index, isnan(value) ? (double)NAN : value);
}

/* Reads up to CHUNK values as doubles and refuses those beyond `limit`. */
static quell_status read_chunk(struct quell_npy *npy, size_t count, double limit,
                               double values[CHUNK])
{
    float narrow[CHUNK];
    quell_status status = take(npy, npy->width == 4 ? (void *)narrow : values, count * npy->width);
    for (size_t i = 0; !status && i < count; i++, npy->taken++) {
        if (npy->width == 4) values[i] = (double)narrow[i];
        if (!(fabs(values[i]) <= limit)) return refuse_value(npy, values[i]);
    }
    return status;
}

static size_t chunk_of(size_t count) { return count < CHUNK ? count : CHUNK; }

quell_status quell_npy_doubles(struct quell_npy *npy, size_t count, double *out)
{
    double values[CHUNK];
    for (size_t done = 0, n; done < count; done += n) {
        n = chunk_of(count - done);
        quell_status status = read_chunk(npy, n, 1.7976931348623157e308, values);
        if (status) return status;
        memcpy(out + done, values, n * sizeof *values);
    }
    return QUELL_OK;
}

quell_status quell_npy_floats(struct quell_npy *npy, size_t count, float *out)
{
    double values[CHUNK];
    for (size_t done = 0, n; done < count; done += n) {
        n = chunk_of(count - done);
        quell_status status = read_chunk(npy, n, 3.4028234663852886e38, values);
        if (status) return status;
        for (size_t i = 0; i < n; i++) out[done + i] = (float)values[i];
    }
    return QUELL_OK;
}

quell_status quell_npy_integers(struct quell_npy *npy, size_t count, int64_t *out)
{
    int32_t narrow[CHUNK];
    for (size_t done = 0, n; done < count; done += n, npy->taken += n) {
        n = chunk_of(count - done);
        void *to = npy->width == 4 ? (void *)narrow : out + done;
        quell_status status = take(npy, to, n * npy->width);
        if (status) return status;
        for (size_t i = 0; i < n && npy->width == 4; i++) out[done + i] = narrow[i];
    }
    return QUELL_OK;
}

quell_status quell_npy_words(struct quell_npy *npy, size_t count, uint64_t *out)
{
    int64_t values[CHUNK];
    for (size_t done = 0, n; done < count; done += n) {
        n = chunk_of(count - done);
        quell_status status = quell_npy_integers(npy, n, values);
        if (status) return status;
        memcpy(out + done, values, n * sizeof *values);
        for (size_t i = 0; i < n && !npy->is_unsigned; i++)
            if (values[i] < 0)
                return quell_fail(QUELL_BAD_MODEL, "%s: value %zu is %lld: must not be negative",
                                  npy->path, npy->taken - n + i, (long long)values[i]);
    }
    return QUELL_OK;
}

quell_status quell_npy_skip(struct quell_npy *npy, size_t count)
{
    if (lseek(npy->file, (off_t)(count * npy->width), SEEK_CUR) < 0) return unreadable(npy, errno);
    npy->taken += count;
    return QUELL_OK;
}

void quell_npy_close(struct quell_npy *npy)
{
    if (!npy->path) return;
    if (npy->file >= 0) close(npy->file);
    free(npy->path);
    *npy = (struct quell_npy){.file = -1};
}
