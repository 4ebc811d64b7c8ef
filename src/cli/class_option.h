/* SPDX-License-Identifier: MIT */
/* The classes of the samples, from --class and --classes: none, one for all samples, all classes in
 * turn, or one for each sample from a list or a file. */
#ifndef QUELL_CLI_CLASS_OPTION_H
#define QUELL_CLI_CLASS_OPTION_H

#include <stdbool.h>
#include <stdint.h>
#include "cli/options.h"
#include "io/npy.h"

/* The values of the options; NULL for one that is not given. */
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

/* The classes of the samples. */
struct labels {
    bool wanted;     /* one of the options is given */
    bool each;       /* --class each: all classes in turn */
    size_t classes;  /* how many classes the model has */
    size_t one;      /* the class of all samples, unless `each` or `count` is set */
    size_t count;    /* how many samples --classes gives a class; 0: it is not given */
    size_t taken;    /* how many of these have been used */
    int32_t *values; /* the classes in the list of --classes; NULL if it names a file */
    struct quell_npy file;
};

/* Opens the labels for a model with `classes` classes. Returns an exit code; if it is not
 * EXIT_DONE, the function has complained. */
int labels_open(struct labels *labels, const struct label_options *options, size_t classes);

/* Fills in the classes of the next rows, the samples first, first + 1, ... or indices[rows]. */
quell_status labels_fill(struct labels *labels, uint64_t first, const uint64_t *indices,
                         size_t rows, int32_t *out);

/* Skips the next rows. */
quell_status labels_skip(struct labels *labels, size_t rows);

/* Refuses --classes if it has another number of classes than there are samples, `count`. `samples`
 * says in the message where that number comes from, such as "--count is". */
int labels_check_count(const struct labels *labels, const char *text, size_t count,
                       const char *samples);

/* Computes a digest of the classes in a list, or of the bytes of a file that has them. */
quell_status labels_digest(const char *text, uint64_t *digest);

/* Reads --negative-class for a model with `classes` classes. NULL stands for no class, -1. Returns
 * an exit code as labels_open does. */
int labels_negative(const char *text, size_t classes, int32_t *label);

/* Whether the options give every sample this class. */
bool labels_all_are(const struct labels *labels, int32_t class);

/* Closes the file and frees the list. Zeroed or closed labels are allowed. */
void labels_close(struct labels *labels);

#endif
