/* SPDX-License-Identifier: MIT */
/* The unfinished file of `quell sample --out F`: F.part has the samples that are finished, and
 * F.resume is a text that says which samples they are, so that --resume can go on. Whatever ends
 * the process, what was written stays. If the machine stops, the end of the file may be lost, but
 * what was there half a minute earlier (SYNC_SECONDS) is on the disk.
 *
 * F.part is locked while it is written. It has the bytes of the final file: the header and whole
 * samples, and perhaps a part of one. The record has a digest of the samples that were written, so
 * that --resume notices if they were changed. */
#ifndef QUELL_CLI_RESUME_PARTIAL_H
#define QUELL_CLI_RESUME_PARTIAL_H

#include <stdbool.h>
#include <stddef.h>
#include "base/digest.h"
#include "io/output.h"
#include "io/npy.h"

/* header: the beginning of the file; row: the bytes of a sample; count: the number of samples in
 * all. settings: everything that the samples depend on, lines of a name and a value. */
struct partial_plan {
    const char *path, *settings;
    char header[QUELL_NPY_HEADER];
    size_t header_bytes, row, count;
    bool resume, quiet;
};

/* record: the name of F.resume; NULL if the output is not a file that can go on later. file: a
 * descriptor of the record. lock: a second descriptor of F.part, which keeps the lock until the
 * file has its name. done: the number of whole samples that were found. digest: that of the samples
 * in the file. */
struct partial {
    char *record;
    int file, lock;
    size_t done;
    double synced;
    struct quell_digest digest;
};

/* Opens F.part: with only the header, or with `resume` after its last whole sample. Returns an exit
 * code, and has complained if it is not EXIT_DONE. */
int partial_open(struct partial *partial, struct quell_output *out,
                 const struct partial_plan *plan);

/* Reads `rows` whole samples that are in the file, from number `first` on. */
quell_status partial_read(const struct quell_output *out, const struct partial_plan *plan,
                          size_t first, size_t rows, float *x);

/* Records that the next rows of samples were written, and from time to time brings everything to
 * the disk. */
quell_status partial_note(struct partial *partial, const struct quell_output *out,
                          const struct partial_plan *plan, const float *x, size_t rows);

/* Looks at what an earlier run has left, without changing it (partial_found.c). Fills in `done`,
 * `digest` and, if there are samples to go on with, `file`. Returns an exit code. */
int partial_find(struct partial *partial, const struct quell_output *out,
                 const struct partial_plan *plan);

/* Adds samples of the file to a digest: those from the first that it does not have, up to number
 * `rows`. */
quell_status partial_add(struct quell_digest *digest, const struct quell_output *out,
                         const struct partial_plan *plan, size_t rows);

/* Gives the file its name and removes the record. */
quell_status partial_commit(struct partial *partial, struct quell_output *out);

/* Closes the file. With `keep` it stays for --resume, without the part of a sample at its end. */
void partial_close(struct partial *partial, struct quell_output *out,
                   const struct partial_plan *plan, bool keep);

#endif
