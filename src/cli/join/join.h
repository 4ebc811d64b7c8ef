/* SPDX-License-Identifier: MIT */
/* The parts that `quell join` joins, in order. A part is named by an .npy file, or by the report of
 * one (`quell sample --json`), which says which samples it has and how they were drawn. */
#ifndef QUELL_CLI_JOIN_JOIN_H
#define QUELL_CLI_JOIN_JOIN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include "base/json_write.h"
#include "models/document.h"
#include "io/npy.h"
#include "io/output.h"

struct part {
    const char *name;  /* as it is given on the command line */
    char *path;        /* the file of its samples */
    uint64_t first;    /* from a report: the index of its first sample */
    uint64_t reported; /* from a report: the digest of its samples */
    uint64_t digest;   /* the digest of its samples, computed while they are copied */
    size_t rows;
};

struct parts {
    size_t count, rows;
    struct part *part;
    bool reported; /* the parts are given by their reports */
    /* The settings in the first report. All other reports must agree with it, except in fields that
     * describe the part alone. */
    struct quell_document settings;
    size_t rank, shape[QUELL_MAX_RANK]; /* of a sample */
};

/* Checks everything that can be checked before a sample is copied, and sorts reported parts by
 * their first sample. This and the functions below return an exit code; if it is not EXIT_DONE,
 * they have complained. */
int parts_open(struct parts *parts, size_t count, const char *const *names);
void parts_close(struct parts *parts);

/* The number of elements of a sample. */
size_t parts_dim(const struct parts *parts);

/* Reads a report: the path, first sample and rows of the part. Compares its settings with those of
 * the parts before it (join_report.c). */
int part_read_report(struct parts *parts, struct part *part);

/* Writes the settings that all reports share into the report of the whole. They include the names
 * of the first part's files of x_1 and of classes, to show that there were such files. */
void parts_put_settings(struct quell_json_writer *writer, const struct parts *parts);

/* Opens the file of a part's samples. */
int part_open(const struct part *part, struct quell_npy *npy);

/* Writes the header and the samples of all parts (join_copy.c). */
int parts_copy(struct parts *parts, struct quell_output *out);

#endif
