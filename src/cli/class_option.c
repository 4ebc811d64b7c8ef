/* SPDX-License-Identifier: MIT */
#include "cli/class_option.h"
#include "cli/cli.h"
#include "cli/file_digest.h"
#include "base/digest.h"
#include "base/fail.h"
#include "base/memory.h"
#include "io/ending.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define CHUNK 1024

/* Whether --classes names a file: an .npy file, or any other file that exists. (Before lists were
 * allowed, the value was always a file, whatever its name.) */
static bool is_file(const char *text)
{
    return quell_ending_is(text, ".npy") || !access(text, F_OK);
}

static int open_file(struct labels *labels, const char *path)
{
    quell_status status = quell_npy_open_integers(&labels->file, path);
    if (status) return complain_input(EXIT_FILE, status);
    labels->count = labels->file.shape[0];
    if (labels->file.rank == 1) return EXIT_DONE;
    return complain(EXIT_USAGE, "--classes %s: must be an array of shape (count,)", path);
}

/* Reads one number of the list; text[length] is a comma or the end. */
static bool read_class(const char *text, size_t length, size_t classes, int32_t *value)
{
    char digits[24];
    uint64_t number = 0;
    if (length >= sizeof digits) return false;
    memcpy(digits, text, length);
    digits[length] = '\0';
    *value = -1;
    if (!strcmp(digits, "-1")) return true;
    if (!options_count(digits, &number) || number >= classes) return false;
    *value = (int32_t)number;
    return true;
}

static int read_list(struct labels *labels, const char *text)
{
    labels->values = quell_new(strlen(text) / 2 + 1, sizeof *labels->values);
    if (!labels->values) return complain(EXIT_MEMORY, "no memory for --classes");
    for (const char *at = text;; at++) {
        size_t length = strcspn(at, ",");
        if (!read_class(at, length, labels->classes, &labels->values[labels->count++]))
            return complain(EXIT_USAGE,
                            "--classes: '%.*s' must be 0 to %zu, or -1 for none, or name an .npy "
                            "file",
                            length < 60 ? (int)length : 60, at, labels->classes - 1);
        at += length;
        if (!*at) return EXIT_DONE;
    }
}

int labels_open(struct labels *labels, const struct label_options *options, size_t classes)
{
    const char *class = options->class;
    uint64_t number = 0;
    *labels = (struct labels){.classes = classes, .wanted = class || options->classes};
    if (!labels->wanted) return EXIT_DONE;
    if (!classes)
        return complain(EXIT_USAGE, "%s: the model has no classes; leave it out",
                        class ? "--class" : "--classes");
    if (options->classes)
        return is_file(options->classes) ? open_file(labels, options->classes)
                                         : read_list(labels, options->classes);
    labels->each = !strcmp(class, "each");
    if (labels->each) return EXIT_DONE;
    if (!options_count(class, &number) || number >= classes)
        return complain(EXIT_USAGE, "--class %s: must be 0 to %zu, or each", class, classes - 1);
    labels->one = number;
    return EXIT_DONE;
}

int labels_negative(const char *text, size_t classes, int32_t *label)
{
    uint64_t number = 0;
    *label = -1;
    if (!text) return EXIT_DONE;
    if (!classes)
        return complain(EXIT_USAGE, "--negative-class: the model has no classes; leave it out");
    if (!options_count(text, &number) || number >= classes)
        return complain(EXIT_USAGE, "--negative-class %s: must be 0 to %zu", text, classes - 1);
    *label = (int32_t)number;
    return EXIT_DONE;
}

static quell_status read_some(struct labels *labels, size_t rows, int32_t *out)
{
    int64_t values[CHUNK];
    quell_status status = quell_npy_integers(&labels->file, rows, values);
    for (size_t i = 0; i < rows && !status; i++) {
        out[i] = (int32_t)values[i];
        if (values[i] < -1 || values[i] >= (int64_t)labels->classes)
            status =
                quell_fail(QUELL_BAD_MODEL,
                           "%s: value %zu is %lld: must be from -1 to %zu, the model's classes",
                           labels->file.path, labels->file.taken - rows + i, (long long)values[i],
                           labels->classes - 1);
    }
    return status;
}

quell_status labels_fill(struct labels *labels, uint64_t first, const uint64_t *indices,
                         size_t rows, int32_t *out)
{
    quell_status status = QUELL_OK;
    if (labels->values) {
        memcpy(out, labels->values + labels->taken, rows * sizeof *out);
        labels->taken += rows;
        return QUELL_OK;
    }
    for (size_t i = 0; !labels->file.path && i < rows; i++)
        out[i] = (int32_t)(labels->each ? (indices ? indices[i] : first + i) % labels->classes
                                        : labels->one);
    for (size_t i = 0, n; labels->file.path && i < rows && !status; i += n) {
        n = rows - i < CHUNK ? rows - i : CHUNK;
        status = read_some(labels, n, out + i);
    }
    return status;
}

quell_status labels_skip(struct labels *labels, size_t rows)
{
    labels->taken += rows;
    return labels->file.path ? quell_npy_skip(&labels->file, rows) : QUELL_OK;
}

static bool of_each_sample(const struct labels *labels)
{
    return labels->values || labels->file.path;
}

int labels_check_count(const struct labels *labels, const char *text, size_t count,
                       const char *samples)
{
    if (!of_each_sample(labels) || labels->count == count) return EXIT_DONE;
    return complain(EXIT_USAGE, "--classes %s: has %zu class%s, %s %zu", text, labels->count,
                    labels->count == 1 ? "" : "es", samples, count);
}

quell_status labels_digest(const char *text, uint64_t *sum)
{
    struct quell_digest digest;
    if (is_file(text)) return file_digest(text, sum);
    quell_digest_begin(&digest);
    quell_digest_add(&digest, text, strlen(text));
    *sum = quell_digest_end(&digest);
    return QUELL_OK;
}

/* Whether all classes in a file are `class`. The file is opened again for this, apart from the
 * reading of samples' classes, which also reports any error. */
static bool file_is(const char *path, int32_t class)
{
    int64_t values[CHUNK];
    struct quell_npy file;
    bool same = !quell_npy_open_integers(&file, path) && file.values;
    for (size_t done = 0, n; same && done < file.values; done += n) {
        n = file.values - done < CHUNK ? file.values - done : CHUNK;
        same = !quell_npy_integers(&file, n, values);
        for (size_t i = 0; same && i < n; i++) same = values[i] == class;
    }
    quell_npy_close(&file);
    return same;
}

bool labels_all_are(const struct labels *labels, int32_t class)
{
    if (!labels->wanted || labels->each) return false;
    if (labels->file.path) return file_is(labels->file.path, class);
    if (!labels->values) return class >= 0 && labels->one == (size_t)class;
    for (size_t i = 0; i < labels->count; i++)
        if (labels->values[i] != class) return false;
    return true;
}

void labels_close(struct labels *labels)
{
    quell_npy_close(&labels->file);
    free(labels->values);
    labels->values = NULL;
}
