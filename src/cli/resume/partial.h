/* SPDX-License-Identifier: MIT */
/* The unfinished file of `quell sample --out F`: F.part, which has the samples that are finished,
 * and F.resume, a text that says what they are samples of, so that --resume can go on with them.
 * Whatever ends the process, what was written stays. If the machine ends, too, the file may have
 * lost its end: what was there half a minute before (SYNC_SECONDS) was made sure of.
 *
 * F.part is locked while it is written. It is the file itself but for its name: the header and
 * whole samples, and perhaps a torn one. The record has a digest of the samples that were written:
 * what was changed meanwhile is not gone on with. */
#ifndef QUELL_CLI_RESUME_PARTIAL_H
#define QUELL_CLI_RESUME_PARTIAL_H

#include <stdbool.h>
#include <stddef.h>
#include "base/digest.h"
#include "io/output.h"
#include "io/npy.h"

/* header: what the file begins with; row: bytes of a sample; count: samples of the whole.
 * settings: all that decides on the samples, lines of a name and a value. */
struct partial_plan {
    const char *path, *settings;
    char header[QUELL_NPY_HEADER];
    size_t header_bytes, row, count;
    bool resume, quiet;
};

/* record: the name of F.resume; NULL: the output is none that can go on later. file: open on it.
 * lock: a second descriptor, which keeps the lock until the file has its name. done: whole samples
 * that were found. digest: of the samples that are in the file. */
struct partial {
    char *record;
    int file, lock;
    size_t done;
    double synced;
    struct quell_digest digest;
};

/* Opens F.part, with nothing but the header, or with `resume` behind its last whole sample. Returns
 * an exit code, and has complained if it is not EXIT_DONE. */
int partial_open(struct partial *partial, struct quell_output *out,
                 const struct partial_plan *plan);

/* Reads whole samples that are there, `rows` from number `first` on. */
quell_status partial_read(const struct quell_output *out, const struct partial_plan *plan,
                          size_t first, size_t rows, float *x);

/* Notes the next rows of samples, which were just written, and from time to time makes sure of all.
 */
quell_status partial_note(struct partial *partial, const struct quell_output *out,
                          const struct partial_plan *plan, const float *x, size_t rows);

/* What an earlier run has left, which is looked at before it is touched (partial_found.c): fills in
 * `done`, `digest`, and, if there are samples to go on with, `file`. An exit code. */
int partial_find(struct partial *partial, const struct quell_output *out,
                 const struct partial_plan *plan);

/* Adds the samples of the file from those that `digest` has up to number `rows` to it. */
quell_status partial_add(struct quell_digest *digest, const struct quell_output *out,
                         const struct partial_plan *plan, size_t rows);

/* Gives the file its name and removes the record. */
quell_status partial_commit(struct partial *partial, struct quell_output *out);

/* Lets go of it: with `keep` it stays for --resume, and of a torn sample nothing does. */
void partial_close(struct partial *partial, struct quell_output *out,
                   const struct partial_plan *plan, bool keep);

#endif
