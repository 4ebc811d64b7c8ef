/* SPDX-License-Identifier: MIT */
/* The streams of the samples, from --seeds and --indices: a seed or an index of each, in a list or
 * in a file. */
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

/* Numbers of one of the options: `count` of them, in values or in a file. option: NULL if it was
 * not given. */
struct stream_list {
    const char *option;
    size_t count, taken;
    uint64_t *values;
    struct quell_npy file;
};

/* Opens a list, NULL for none, of numbers up to `high`. Returns an exit code, and has complained if
 * it is not EXIT_DONE. */
int stream_list_open(struct stream_list *list, const char *option, const char *text, uint64_t high);

/* Writes the next rows, or skips them. */
quell_status stream_list_fill(struct stream_list *list, size_t rows, uint64_t *out);
quell_status stream_list_skip(struct stream_list *list, size_t rows);

/* Closes the file; a zeroed list, or a closed one, is allowed. */
void stream_list_close(struct stream_list *list);

/* Sets a digest of all numbers, whatever form they were given in. */
quell_status stream_list_digest(const char *text, uint64_t *digest);

#endif
