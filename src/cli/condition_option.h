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

/* A condition of the model, with its values for the rows that are drawn next. */
struct condition {
    const char *option; /* "condition" or "negative-condition" */
    const struct quell_taken *taken;
    const char *text;      /* the VALUE of the option */
    float *values;         /* owned */
    size_t room;           /* rows for which `values` has memory */
    struct quell_npy file; /* the values of each sample, if its path is not NULL */
};

struct conditions {
    size_t count;
    struct condition one[QUELL_MAX_CONDITIONS];
    quell_condition told[QUELL_MAX_CONDITIONS]; /* the same conditions, as a draw gets them */
};

/* Opens the conditions that an option gives. This and the next functions return an exit code; if it
 * is not EXIT_DONE, they have complained. */
int conditions_open(struct conditions *conditions, const char *option,
                    const struct option_words *words, const quell_denoiser *denoiser);

/* Refuses a command line in which a condition of the denoiser is missing. */
int conditions_complete(const struct conditions *conditions, const quell_denoiser *denoiser);

/* Adds the files that the option names to places[], which ends with a NULL option and has room. */
void conditions_places(const struct option_words *words, struct place *places);

/* Whether any condition is given that is not none. */
bool conditions_some(const struct conditions *conditions);

/* Sets a draw's conditions. */
void conditions_tell(const struct conditions *conditions, const struct conditions *negative,
                     quell_draw *draw);

/* Checks the conditions against the sampler, before anything is drawn. `negative_class` is -1 for
 * no class. */
int conditions_check(const struct conditions *conditions, const struct conditions *negative,
                     const quell_sampler *sampler, const struct labels *labels,
                     int32_t negative_class);

/* What is known so far about guidance in samples that are drawn in parts. Begins as {0}. */
struct guided {
    bool any;  /* it has changed samples */
    bool none; /* samples were drawn, and it has changed none of them */
};

/* guided_note looks at the draw of each part. guided_check, at the end, refuses guidance that has
 * changed no sample. */
quell_status guided_note(struct guided *guided, const quell_sampler *sampler,
                         const quell_draw *draw);
quell_status guided_check(const struct guided *guided);

/* How many rows of the conditions that are given for each sample fit into `bytes`; at least 1. */
size_t conditions_rows(const struct conditions *conditions, size_t bytes);

/* Sets `told` for the next rows, or skips them. */
quell_status conditions_fill(struct conditions *conditions, size_t rows);
quell_status conditions_skip(struct conditions *conditions, size_t rows);

/* Closes the files. Zeroed or closed conditions are allowed. */
void conditions_close(struct conditions *conditions);

/* Computes a digest of the values of a condition that is the same for all samples. */
uint64_t condition_digest(const struct condition *condition);

#endif
