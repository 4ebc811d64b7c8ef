/* SPDX-License-Identifier: MIT */
/* The streams of the samples, from --seeds and --indices: a seed or an index for each sample, in a
 * list or in a file. */
#ifndef QUELL_CLI_STREAM_OPTION_H
#define QUELL_CLI_STREAM_OPTION_H

#include <stdint.h>
#include "cli/options.h"
#include "io/npy.h"

#define STREAM_ROWS(owner)                                                                        \
    TEXT_ROW(owner, seeds, "seeds", "S,S,...",                                                    \
             "The seed of each sample, a list or an .npy file of integers, shape (count,): each " \
             "is what it is in a run of its own, sample --first of its seed."),                   \
        TEXT_ROW(owner, indices, "indices", "I,I,...",                                            \
                 "The index of each sample, in the same forms, in place of --first.")

#define STREAM_RULES {"seeds", OPTION_EXCLUDES, "seed"}, {"indices", OPTION_EXCLUDES, "first"}

/* The numbers of one of the two options. */
struct stream_list {
    const char *option; /* NULL if it is not given */
    size_t count;       /* how many numbers there are */
    size_t taken;       /* how many of them have been used */
    uint64_t *values;   /* the numbers of a list; NULL if they are in the file */
    struct quell_npy file;
};

/* Opens a list of numbers up to `high`; a NULL text stands for no list. Returns an exit code; if it
 * is not EXIT_DONE, the function has complained. */
int stream_list_open(struct stream_list *list, const char *option, const char *text, uint64_t high);

/* Writes the next rows to out[rows], or skips them. */
quell_status stream_list_fill(struct stream_list *list, size_t rows, uint64_t *out);
quell_status stream_list_skip(struct stream_list *list, size_t rows);

/* Closes the file. A zeroed or closed list is allowed. */
void stream_list_close(struct stream_list *list);

/* Computes a digest of all numbers, which does not depend on the form in which they are given. */
quell_status stream_list_digest(const char *text, uint64_t *digest);

#endif
