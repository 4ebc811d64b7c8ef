/* SPDX-License-Identifier: MIT */
/* The classes of the samples, from --class and --classes: none, one, all in turn, or those of a
 * list or a file. */
#ifndef QUELL_CLI_CLASS_OPTION_H
#define QUELL_CLI_CLASS_OPTION_H

#include <stdbool.h>
#include <stdint.h>
#include "cli/options.h"
#include "io/npy.h"

/* The values of the options, NULL where they are not given. */
struct label_options {
    const char *class, *classes;
};

#define LABEL_ROWS(owner)                                                                      \
    TEXT_ROW(owner, labels.class, "class", "K",                                                \
             "The class K of all samples. `each` takes all classes in turn: with C classes, "  \
             "sample i is of class i modulo C (default: no class)."),                          \
        TEXT_ROW(owner, labels.classes, "classes", "K,K,...",                                  \
                 "The class of each sample, -1 for none: a list or an .npy file of integers, " \
                 "shape (count,).")

#define LABEL_RULES {"class", OPTION_EXCLUDES, "classes"}

/* one, each: which class is wanted, unless there is one for each sample: `count` of them, in values
 * or in a file. */
struct labels {
    bool wanted, each;
    size_t classes, one;
    size_t count, taken;
    int32_t *values;
    struct quell_npy file;
};

/* Opens the labels for a model with that many classes. Returns an exit code, and has complained if
 * it is not EXIT_DONE. */
int labels_open(struct labels *labels, const struct label_options *options, size_t classes);

/* Fills in the classes of the next rows, the samples first, first + 1, ... or indices[rows]. */
quell_status labels_fill(struct labels *labels, uint64_t first, const uint64_t *indices,
                         size_t rows, int32_t *out);

/* Passes over the next rows. */
quell_status labels_skip(struct labels *labels, size_t rows);

/* Refuses a number of classes that is not that of the samples. samples: what these are, such as
 * "--count is". */
int labels_check_count(const struct labels *labels, const char *text, size_t count,
                       const char *samples);

/* Sets a digest of the classes in a list, or of the file that has them. */
quell_status labels_digest(const char *text, uint64_t *digest);

/* Reads --negative-class, NULL for -1, for a model with that many classes; the same. */
int labels_negative(const char *text, size_t classes, int32_t *label);

/* Whether all samples have this class, as the options say. */
bool labels_all_are(const struct labels *labels, int32_t class);

/* Closes the file and frees the list; zeroed labels, or closed ones, are allowed. */
void labels_close(struct labels *labels);

#endif
