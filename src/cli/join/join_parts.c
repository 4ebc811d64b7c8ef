/* SPDX-License-Identifier: MIT */
/* Checks all parts before the first is copied. Only one file is open at a time, because there may
 * be thousands of parts. */
#include "cli/cli.h"
#include "cli/join/join.h"
#include "base/memory.h"
#include "io/ending.h"

#include <stdlib.h>
#include <string.h>

static bool is_report(const char *name) { return quell_ending_is(name, ".json"); }

int part_open(const struct part *part, struct quell_npy *npy)
{
    quell_status status = quell_npy_open(npy, part->path);
    if (status) return complain_input(EXIT_FILE, status);
    const char *wrong = npy->width != sizeof(float) ? "is of float64; `quell sample` writes float32"
                        : npy->rank                 ? NULL
                                    : "is a single number: must have shape (count, dim...)";
    if (!wrong) return EXIT_DONE;
    quell_npy_close(npy);
    return complain(EXIT_FILE, "%s: %s", part->path, wrong);
}

static int check_shape(struct parts *parts, struct part *part, const struct quell_npy *npy)
{
    if (part == parts->part) {
        parts->rank = npy->rank - 1;
        memcpy(parts->shape, npy->shape + 1, parts->rank * sizeof *parts->shape);
    }
    if (npy->rank - 1 != parts->rank ||
        memcmp(npy->shape + 1, parts->shape, parts->rank * sizeof *parts->shape))
        return complain(EXIT_FILE, "%s: its samples have another shape than those of %s",
                        part->path, parts->part[0].path);
    if (parts->reported && part->rows != npy->shape[0])
        return complain(EXIT_FILE, "%s: has %zu samples, but %s reports %zu", part->path,
                        npy->shape[0], part->name, part->rows);
    part->rows = npy->shape[0];
    return EXIT_DONE;
}

static int open_part(struct parts *parts, struct part *part)
{
    struct quell_npy npy;
    if (is_report(part->name) != parts->reported)
        return complain(EXIT_USAGE, "%s and %s: name all reports or all .npy files",
                        parts->part[0].name, part->name);
    int code = EXIT_DONE;
    if (parts->reported)
        code = part_read_report(parts, part);
    else if (!(part->path = strdup(part->name)))
        code = complain(EXIT_MEMORY, "%s: no memory for it", part->name);
    if (code == EXIT_DONE) code = part_open(part, &npy);
    if (code != EXIT_DONE) return code;
    code = check_shape(parts, part, &npy);
    quell_npy_close(&npy);
    return code;
}

/* Orders parts by their first sample. Parts without samples come last, because they have no
 * position. */
static int by_first(const void *left, const void *right)
{
    const struct part *a = left, *b = right;
    if (!a->rows != !b->rows) return a->rows ? -1 : 1;
    return (a->first > b->first) - (a->first < b->first);
}

/* Refuses reported parts with a gap between them, or with a sample in two of them. */
static int check_order(struct parts *parts)
{
    if (!parts->reported) return EXIT_DONE;
    qsort(parts->part, parts->count, sizeof *parts->part, by_first);
    for (size_t i = 1; i < parts->count && parts->part[i].rows; i++) {
        const struct part *before = &parts->part[i - 1], *part = &parts->part[i];
        uint64_t end = before->first + before->rows;
        if (part->first != end)
            return complain(
                EXIT_FILE, "%s ends before sample %llu, %s begins with %llu: samples %s",
                before->name, (unsigned long long)end, part->name, (unsigned long long)part->first,
                part->first > end ? "are missing" : "are there twice");
    }
    return EXIT_DONE;
}

int parts_open(struct parts *parts, size_t count, const char *const *names)
{
    *parts = (struct parts){.count = count, .reported = is_report(names[0])};
    parts->part = quell_new(count, sizeof *parts->part);
    if (!parts->part) return complain(EXIT_MEMORY, "no memory for %zu parts", count);
    for (size_t i = 0; i < count; i++) {
        struct part *part = &parts->part[i];
        part->name = names[i];
        int code = open_part(parts, part);
        if (code != EXIT_DONE) return code;
        if (__builtin_add_overflow(parts->rows, part->rows, &parts->rows))
            return complain(EXIT_FILE, "%s: more samples than a file can hold", part->name);
    }
    return check_order(parts);
}

size_t parts_dim(const struct parts *parts)
{
    size_t dim = 1;
    for (size_t i = 0; i < parts->rank; i++) dim *= parts->shape[i];
    return dim;
}

void parts_close(struct parts *parts)
{
    for (size_t i = 0; parts->part && i < parts->count; i++) free(parts->part[i].path);
    free(parts->part);
    quell_document_free(&parts->settings);
}
