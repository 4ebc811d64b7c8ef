/* SPDX-License-Identifier: MIT */
/* The parts of a stream that `quell join` puts together, in order. A part is an .npy file, or the
 * report of one (`quell sample --json`), which knows which samples it holds and how they were
 * drawn. */
#ifndef QUELL_CLI_JOIN_H
#define QUELL_CLI_JOIN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include "base/json_write.h"
#include "io/json.h"
#include "io/npy.h"
#include "io/output.h"

/* name: as it was asked for. path: of its samples. first: known from a report. digest: of the bits
 * of its samples, once they were copied. */
struct part {
    const char *name;
    char *path;
    uint64_t first, digest;
    size_t rows;
};

/* reported: the parts are reports; settings: the first of these, which all others say alike but for
 * the parts' own fields. rank, shape: of a sample. */
struct parts {
    size_t count, rows;
    struct part *part;
    bool reported;
    struct quell_document settings;
    size_t rank, shape[QUELL_MAX_RANK];
};

/* Checks all that can be checked before a sample is copied, and puts reported parts in the order of
 * their samples. Returns an exit code, and has complained if it is not EXIT_DONE. */
int parts_open(struct parts *parts, size_t count, const char *const *names);
void parts_close(struct parts *parts);

/* Reads a report: path, first and rows of the part, and holds its settings against those of the
 * parts before (join_report.c). Likewise. */
int part_read_report(struct parts *parts, struct part *part);

/* What all reports say alike, as members of the report of the whole. */
void parts_put_settings(struct quell_json_writer *writer, const struct parts *parts);

/* Opens the samples of a part. Likewise. */
int part_open(const struct part *part, struct quell_npy *npy);

/* The header and the samples of all parts (join_copy.c). Likewise. */
int parts_copy(struct parts *parts, struct quell_output *out);

#endif
