/* SPDX-License-Identifier: MIT */
/* The unfinished file of `quell sample --out F`. F.part has the samples that are finished, and
 * F.resume is a text that says which samples they are, so that --resume can go on. Whatever ends
 * the process, what was written stays. If the machine stops, the end of the file may be lost, but
 * what was there half a minute earlier (SYNC_SECONDS) is on the disk.
 *
 * F.part is locked while it is written. It has the bytes of the final file: the header and whole
 * samples, and perhaps a part of one. The record F.resume has a digest of the samples that were
 * written, so that --resume notices if they were changed. */
#ifndef QUELL_CLI_RESUME_PARTIAL_H
#define QUELL_CLI_RESUME_PARTIAL_H

#include <stdbool.h>
#include <stddef.h>
#include "base/digest.h"
#include "io/output.h"
#include "io/npy.h"

/* What is to be written. */
struct partial_plan {
    const char *path;
    const char *settings; /* all that the samples depend on, as lines of a name and a value */
    char header[QUELL_NPY_HEADER];
    size_t header_bytes;
    size_t row;   /* bytes of a sample */
    size_t count; /* samples in all */
    bool resume, quiet;
};

struct partial {
    char *record; /* the name of F.resume; NULL if the output is not a file that can be resumed */
    int file;     /* a descriptor of the record */
    int lock;     /* a second descriptor of F.part, which keeps the lock until F has its name */
    size_t done;  /* whole samples that were found */
    double synced;
    struct quell_digest digest; /* of the samples in the file */
};

/* Opens F.part, with only the header or, if `resume`, after its last whole sample. Returns an exit
 * code; if it is not EXIT_DONE, the function has complained. */
int partial_open(struct partial *partial, struct quell_output *out,
                 const struct partial_plan *plan);

/* Reads `rows` whole samples from the file, beginning with sample `first`. */
quell_status partial_read(const struct quell_output *out, const struct partial_plan *plan,
                          size_t first, size_t rows, float *x);

/* Records that the next rows of samples were written, and from time to time brings everything to
 * the disk. */
quell_status partial_note(struct partial *partial, const struct quell_output *out,
                          const struct partial_plan *plan, const float *x, size_t rows);

/* Examines what an earlier run has left, without changing it (partial_found.c). Sets `done`,
 * `digest` and, if there are samples to go on from, `file`. Returns an exit code. */
int partial_find(struct partial *partial, const struct quell_output *out,
                 const struct partial_plan *plan);

/* Adds samples of the file to a digest: those that it does not cover yet, up to sample `rows`. */
quell_status partial_add(struct quell_digest *digest, const struct quell_output *out,
                         const struct partial_plan *plan, size_t rows);

/* Renames the file to its final name, and removes the record. */
quell_status partial_commit(struct partial *partial, struct quell_output *out);

/* Closes the file. If `keep`, it stays for --resume, and an incomplete sample at its end is cut
 * off. */
void partial_close(struct partial *partial, struct quell_output *out,
                   const struct partial_plan *plan, bool keep);

#endif
