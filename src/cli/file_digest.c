/* SPDX-License-Identifier: MIT */
#include "cli/file_digest.h"
#include "base/digest.h"
#include "base/fail.h"
#include "base/memory.h"
#include "base/sha256.h"
#include "models/document.h"
#include "io/ending.h"

#include <errno.h>
#include <fcntl.h>
#include <math.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#define CHUNK ((size_t)1 << 18)

static quell_status unreadable(const char *path) { return quell_fail_file(path, "cannot be read"); }

/* Adds bytes of a file to a digest, `sum`. */
typedef void take_fn(void *sum, const void *data, size_t bytes);

static void take_digest(void *sum, const void *data, size_t bytes)
{
    quell_digest_add(sum, data, bytes);
}

static void take_sha256(void *sum, const void *data, size_t bytes)
{
    quell_sha256_add(sum, data, bytes);
}

static int read_bytes(int file, take_fn *take, void *sum)
{
    char *bytes = quell_new_untouched(CHUNK, 1);
    ssize_t got = bytes ? 1 : -1;
    while (got > 0 || (got < 0 && bytes && errno == EINTR)) {
        got = read(file, bytes, CHUNK);
        if (got > 0) take(sum, bytes, (size_t)got);
    }
    free(bytes);
    return got < 0 ? -1 : 0;
}

static quell_status read_file(const char *path, take_fn *take, void *sum)
{
    int file = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
    if (file < 0) return unreadable(path);
    quell_status status = read_bytes(file, take, sum) ? unreadable(path) : QUELL_OK;
    close(file);
    return status;
}

/* Processes one file of a model; `to` is where the result goes. */
typedef quell_status file_fn(void *to, const char *path);

static quell_status add_file(void *digest, const char *path)
{
    return read_file(path, take_digest, digest);
}

quell_status file_digest(const char *path, uint64_t *digest)
{
    struct quell_digest sum;
    quell_digest_begin(&sum);
    quell_status status = add_file(&sum, path);
    *digest = quell_digest_end(&sum);
    return status;
}

quell_status file_sha256(const char *path, char digits[65])
{
    struct quell_sha256 sum;
    quell_sha256_begin(&sum);
    quell_status status = read_file(path, take_sha256, &sum);
    quell_sha256_end(&sum, digits);
    return status;
}

/* The fields of a description that may name a file. */
static const char *const file_fields[] = {"mean",         "variances", "covariance", "eigenvalues",
                                          "eigenvectors", "weights",   "means",      "points"};

static quell_status do_named(file_fn *with, void *to, const struct quell_document *document)
{
    quell_status status = QUELL_OK;
    for (size_t i = 0; i < sizeof file_fields / sizeof *file_fields && !status; i++) {
        const char *name = NULL;
        if (quell_document_text(document, file_fields[i], &name) || !name) continue;
        char *path = quell_document_beside(document, name);
        status = path ? with(to, path) : quell_fail(QUELL_NO_MEMORY, "no memory");
        free(path);
    }
    return status;
}

static quell_status do_description(file_fn *with, void *to, const char *path)
{
    struct quell_document document;
    quell_status status = quell_document_load(&document, path);
    if (status) return status;
    status = do_named(with, to, &document);
    quell_document_free(&document);
    return status;
}

/* Calls a function for the files with an .onnx model's weights, which have these names. */
static quell_status do_data(file_fn *with, void *to, const char *path)
{
    static const char *const ends[] = {"_data", ".data"};
    quell_status status = QUELL_OK;
    for (size_t i = 0; i < sizeof ends / sizeof *ends && !status; i++) {
        size_t size = strlen(path) + strlen(ends[i]) + 1;
        char *name = quell_new(size, 1);
        if (!name) return quell_fail(QUELL_NO_MEMORY, "%s: no memory", path);
        snprintf(name, size, "%s%s", path, ends[i]);
        if (!access(name, F_OK)) status = with(to, name);
        free(name);
    }
    return status;
}

/* Calls a function for a model's file and for each file that it names. */
static quell_status do_each(file_fn *with, void *to, const char *path)
{
    quell_status status = with(to, path);
    if (!status && quell_ending_is(path, ".json")) status = do_description(with, to, path);
    if (!status && quell_ending_is(path, ".onnx")) status = do_data(with, to, path);
    return status;
}

quell_status model_digest(const char *path, uint64_t *digest)
{
    struct quell_digest sum;
    quell_digest_begin(&sum);
    quell_status status = do_each(add_file, &sum, path);
    *digest = quell_digest_end(&sum);
    return status;
}

static quell_status add_sha256(void *sum, const char *path)
{
    char digits[65];
    quell_status status = file_sha256(path, digits);
    quell_sha256_add(sum, digits, sizeof digits);
    return status;
}

quell_status model_sha256(const char *path, char digits[65])
{
    struct quell_sha256 sum;
    quell_sha256_begin(&sum);
    quell_status status = do_each(add_sha256, &sum, path);
    quell_sha256_end(&sum, digits);
    return status;
}

/* ---- Changes of files ---- */

#define TICK 0.02 /* seconds; two changes within a tick of the kernel's clock have the same time */

struct state {
    struct quell_digest sum;
    double latest; /* change, in seconds since 1970 */
};

static double seconds_of(struct timespec time)
{
    return (double)time.tv_sec + 1e-9 * (double)time.tv_nsec;
}

static quell_status add_state(void *to, const char *path)
{
    struct state *state = to;
    struct stat now;
    if (stat(path, &now)) return unreadable(path);
    const uint64_t numbers[] = {now.st_dev,
                                now.st_ino,
                                (uint64_t)now.st_size,
                                (uint64_t)now.st_mtim.tv_sec,
                                (uint64_t)now.st_mtim.tv_nsec,
                                (uint64_t)now.st_ctim.tv_sec,
                                (uint64_t)now.st_ctim.tv_nsec};
    for (size_t i = 0; i < sizeof numbers / sizeof *numbers; i++)
        quell_digest_whole(&state->sum, numbers[i]);
    state->latest = fmax(state->latest, seconds_of(now.st_ctim));
    return QUELL_OK;
}

quell_status model_state(const char *path, uint64_t *digest)
{
    struct timespec now, tick = {0, (long)(1e9 * TICK)};
    struct state state;
    quell_status status = QUELL_OK;
    for (bool settled = false, waited = false; !settled && !status; waited = true) {
        state.latest = 0;
        quell_digest_begin(&state.sum);
        status = do_each(add_state, &state, path);
        clock_gettime(CLOCK_REALTIME, &now);
        settled = waited || fabs(seconds_of(now) - state.latest) > TICK;
        if (!settled) nanosleep(&tick, NULL);
    }
    *digest = quell_digest_end(&state.sum);
    return status;
}
