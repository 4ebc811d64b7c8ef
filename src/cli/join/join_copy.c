/* SPDX-License-Identifier: MIT */
/* Copies the samples in chunks, and computes a digest of each part on the way. If two parts have
 * the same samples, they come from a job array whose tasks all had the same --first. */
#include "cli/cli.h"
#include "cli/interrupt.h"
#include "cli/join/join.h"
#include "cli/samples_digest.h"

#include <stdlib.h>
#include <string.h>

#define CHUNK ((size_t)1 << 16) /* how many values are copied at a time */

static quell_status copy_values(struct samples_digest *digest, struct quell_npy *npy, float *x,
                                struct quell_output *out)
{
    quell_status status = QUELL_OK;
    while (npy->taken < npy->values && !status) {
        size_t left = npy->values - npy->taken, count = left < CHUNK ? left : CHUNK;
        if (interrupt_signal) return QUELL_STOPPED;
        status = quell_npy_floats(npy, count, x);
        if (status) break;
        samples_digest_add(digest, x, count);
        status = quell_output_write(out, x, count * sizeof *x);
    }
    return status;
}

/* Complains of wrong values in a part. They are an error of the file, not of a model. */
static int complain_copy(quell_status status)
{
    if (status == QUELL_BAD_MODEL && !interrupt_signal) return complain_input(EXIT_FILE, status);
    return complain_run(status);
}

static int check_digest(const struct part *part)
{
    if (part->digest == part->reported) return EXIT_DONE;
    return complain(
        EXIT_FILE, "%s: its samples are not those that %s reports: it was written again or changed",
        part->path, part->name);
}

static int copy_part(const struct parts *parts, struct part *part, float *x,
                     struct quell_output *out)
{
    struct quell_npy npy;
    int code = part_open(part, &npy);
    if (code != EXIT_DONE) return code;
    size_t dim = parts_dim(parts);
    if (npy.values != part->rows * dim)
        code = complain(EXIT_FILE, "%s: was changed meanwhile", part->path);
    struct samples_digest digest;
    samples_digest_begin(&digest, part->first, dim);
    quell_status status = code == EXIT_DONE ? copy_values(&digest, &npy, x, out) : QUELL_OK;
    quell_npy_close(&npy);
    part->digest = digest.sum;
    if (status) return complain_copy(status);
    return code == EXIT_DONE && parts->reported ? check_digest(part) : code;
}

static int by_digest(const void *left, const void *right)
{
    const struct part *a = *(struct part *const *)left, *b = *(struct part *const *)right;
    if (a->digest != b->digest) return a->digest < b->digest ? -1 : 1;
    if (a->rows != b->rows) return a->rows < b->rows ? -1 : 1;
    return (a > b) - (a < b);
}

/* Refuses two parts with the same samples, because samples are never equal by chance. Reports say
 * which samples a part has, so parts with reports need no such check. */
static int check_twins(const struct parts *parts)
{
    if (parts->reported) return EXIT_DONE;
    struct part **sorted = malloc(parts->count * sizeof(struct part *));
    if (!sorted) return complain(EXIT_MEMORY, "no memory for %zu parts", parts->count);
    for (size_t i = 0; i < parts->count; i++) sorted[i] = &parts->part[i];
    qsort(sorted, parts->count, sizeof *sorted, by_digest);
    int code = EXIT_DONE;
    for (size_t i = 1; i < parts->count && code == EXIT_DONE; i++) {
        const struct part *a = sorted[i - 1], *b = sorted[i];
        if (a->digest == b->digest && a->rows == b->rows && a->rows)
            code = complain(EXIT_FILE,
                            "%s has the samples of %s: was each drawn with its own --first?",
                            b->path, a->path);
    }
    free(sorted);
    return code;
}

int parts_copy(struct parts *parts, struct quell_output *out)
{
    char header[QUELL_NPY_HEADER];
    size_t shape[QUELL_NPY_MAX_RANK] = {parts->rows};
    memcpy(shape + 1, parts->shape, parts->rank * sizeof *shape);
    size_t bytes = quell_npy_header(header, parts->rank + 1, shape);
    float *x = malloc(CHUNK * sizeof *x);
    if (!x) return complain(EXIT_MEMORY, "no memory to copy with");
    quell_status status = quell_output_write(out, header, bytes);
    int code = status ? complain_run(status) : EXIT_DONE;
    for (size_t i = 0; i < parts->count && code == EXIT_DONE; i++)
        code = copy_part(parts, &parts->part[i], x, out);
    free(x);
    return code == EXIT_DONE ? check_twins(parts) : code;
}
