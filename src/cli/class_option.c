/* SPDX-License-Identifier: MIT */
#include "cli/class_option.h"
#include "cli/cli.h"
#include "base/fail.h"

#include <string.h>
#include <unistd.h>

#define CHUNK 1024

/* Whether a text is numbers, as other options take them: no file has such a name but by chance. */
static bool is_list(const char *text)
{
    return *text && strspn(text, "0123456789,-") == strlen(text);
}

static int open_file(struct labels *labels, const char *path)
{
    if (is_list(path) && access(path, F_OK))
        return complain(EXIT_USAGE, "--classes %s: must be an .npy file of a class for each sample",
                        path);
    quell_status status = quell_npy_open_integers(&labels->file, path);
    if (status) return complain_input(EXIT_FILE, status);
    if (labels->file.rank == 1) return EXIT_DONE;
    return complain(EXIT_USAGE, "--classes %s: must be an array of shape (count,)", path);
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
    if (options->classes) return open_file(labels, options->classes);
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
    for (size_t i = 0; !labels->file.path && i < rows; i++)
        out[i] = (int32_t)(labels->each ? (indices ? indices[i] : first + i) % labels->classes
                                        : labels->one);
    for (size_t i = 0, n; labels->file.path && i < rows && !status; i += n) {
        n = rows - i < CHUNK ? rows - i : CHUNK;
        status = read_some(labels, n, out + i);
    }
    return status;
}

bool labels_all_are(const struct labels *labels, int32_t class)
{
    bool one = labels->wanted && !labels->each && !labels->file.path;
    return one && class >= 0 && labels->one == (size_t)class;
}

void labels_close(struct labels *labels) { quell_npy_close(&labels->file); }
