/* SPDX-License-Identifier: MIT */
/* The conditions of the samples, from --condition NAME=VALUE: numbers, an .npy file with one array
 * for all samples or one for each, or none. */
#ifndef QUELL_CLI_CONDITION_OPTION_H
#define QUELL_CLI_CONDITION_OPTION_H

#include <stdbool.h>
#include <quell/quell.h>
#include "cli/class_option.h"
#include "cli/options.h"
#include "cli/outputs.h"
#include "denoisers/conditions.h"
#include "io/npy.h"

#define CONDITION_ROWS(owner)                                                                 \
    WORDS_ROW(                                                                                \
        owner, conditions, "condition", "NAME=VALUE",                                         \
        "A condition that the model takes; `quell info M` lists them. VALUE is a number, "    \
        "numbers with commas, none, or an .npy file: one array of the condition's shape for " \
        "all samples, or one for each, (count, shape...). Once for each condition."),         \
        WORDS_ROW(owner, negative_conditions, "negative-condition", "NAME=VALUE",             \
                  "A condition that --guidance is away from."),                               \
        TEXT_ROW(owner, negative_class, "negative-class", "K",                                \
                 "The class that --guidance is away from in place of no class.")

#define CONDITION_RULES \
    {"negative-condition", OPTION_NEEDS, "guidance"}, {"negative-class", OPTION_NEEDS, "guidance"}

/* A condition of the model: its values for the rows that are drawn next, which lie in memory of its
 * own. file: the values of each sample, if its path is not NULL. text: VALUE. option: "condition"
 * or "negative-condition". */
struct condition {
    const char *option;
    const struct quell_taken *taken;
    const char *text;
    float *values;
    size_t room; /* rows of values */
    struct quell_npy file;
};

/* told[count]: what a draw is given. */
struct conditions {
    size_t count;
    struct condition one[QUELL_MAX_CONDITIONS];
    quell_condition told[QUELL_MAX_CONDITIONS];
};

/* Opens conditions of a denoiser that an option gives. Returns an exit code, and has complained if
 * it is not EXIT_DONE, as the next functions. */
int conditions_open(struct conditions *conditions, const char *option,
                    const struct option_words *words, const quell_denoiser *denoiser);

/* Refuses a condition of the denoiser that is missing. */
int conditions_complete(const struct conditions *conditions, const quell_denoiser *denoiser);

/* Adds the files that are named to places[], which end with a NULL option and have room. */
void conditions_places(const struct option_words *words, struct place *places);

/* Whether any is given that is not none. */
bool conditions_some(const struct conditions *conditions);

/* Sets a draw's conditions. */
void conditions_tell(const struct conditions *conditions, const struct conditions *negative,
                     quell_draw *draw);

/* Checks what a sampler will be told, before anything is drawn. negative_class: -1 for none. */
int conditions_check(const struct conditions *conditions, const struct conditions *negative,
                     const quell_sampler *sampler, const struct labels *labels,
                     int32_t negative_class);

/* Of samples that are drawn in parts: whether guidance has changed any of those so far, or there
 * were some and it has changed none. Begins as {0}. */
struct guided {
    bool any, none;
};

/* Looks at the draw of a part, and at the end refuses guidance that has changed no sample. */
quell_status guided_note(struct guided *guided, const quell_sampler *sampler,
                         const quell_draw *draw);
quell_status guided_check(const struct guided *guided);

/* How many rows `bytes` hold of the conditions that each sample has its own of; at least 1. */
size_t conditions_rows(const struct conditions *conditions, size_t bytes);

/* Sets told for the next rows, or skips them. */
quell_status conditions_fill(struct conditions *conditions, size_t rows);
quell_status conditions_skip(struct conditions *conditions, size_t rows);

/* Closes the files; zeroed conditions, or closed ones, are allowed. */
void conditions_close(struct conditions *conditions);

/* A digest of the values of a condition that all samples share. */
uint64_t condition_digest(const struct condition *condition);

#endif
