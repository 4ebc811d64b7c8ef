/* SPDX-License-Identifier: MIT */
/* The parts that `quell join` puts together, in order. A part is an .npy file, or the report of one
 * (`quell sample --json`), which says which samples it has and how they were drawn. */
#ifndef QUELL_CLI_JOIN_JOIN_H
#define QUELL_CLI_JOIN_JOIN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include "base/json_write.h"
#include "models/document.h"
#include "io/npy.h"
#include "io/output.h"

/* name: as given on the command line. path: the file of its samples. first: the index of its first
 * sample, and reported: the digest of its samples, from a report. digest: of the samples, once
 * they are copied. */
struct part {
    const char *name;
    char *path;
    uint64_t first, reported, digest;
    size_t rows;
};

/* reported: the parts are reports; settings: the first of these, with which all others must agree
 * except in fields of the part itself. rank, shape: of a sample. */
struct parts {
    size_t count, rows;
    struct part *part;
    bool reported;
    struct quell_document settings;
    size_t rank, shape[QUELL_MAX_RANK];
};

/* Checks everything that can be checked before a sample is copied, and sorts reported parts by
 * their samples. This and the functions below return an exit code, and have complained if it is not
 * EXIT_DONE. */
int parts_open(struct parts *parts, size_t count, const char *const *names);
void parts_close(struct parts *parts);

/* The number of elements of a sample. */
size_t parts_dim(const struct parts *parts);

/* Reads a report: path, first and rows of the part. Compares its settings with those of the parts
 * before (join_report.c). */
int part_read_report(struct parts *parts, struct part *part);

/* Writes the settings that all reports share into the report of the whole. It also writes the files
 * of x_1 and of classes of the first part, to show that there were such files. */
void parts_put_settings(struct quell_json_writer *writer, const struct parts *parts);

/* Opens the file of a part's samples. */
int part_open(const struct part *part, struct quell_npy *npy);

/* Writes the header and the samples of all parts (join_copy.c). */
int parts_copy(struct parts *parts, struct quell_output *out);

#endif
