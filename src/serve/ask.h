/* SPDX-License-Identifier: MIT */
/* What a request asks for: the parameters of .../samples?seed=7&count=16, or of a body, read and
 * checked. */
#ifndef QUELL_SERVE_ASK_H
#define QUELL_SERVE_ASK_H

#include <stdbool.h>
#include <quell/quell.h>
#include "serve/array.h"
#include "serve/format.h"

#define SERVE_MOST_TEXT 200 /* of a name: a sampler, a schedule, a grid */

/* class: -1 for none; with `each`, sample i is of class i modulo the number of classes.
 * most: the most samples of one request.
 * guidance: its weight, if that was given (serve_ask_guided).
 * conditions: with memory of their own (serve_ask_free).
 * from: the states to start from; classes, seeds, indices: lists with one for each sample; NULL:
 *   not given. rows: how many samples they, and conditions of each, are for; 0: none does.
 * format: SERVE_FORMATS: not given. latent: without decoding. */
struct serve_ask {
    uint64_t seed, first, count, most;
    int32_t class, negative_class;
    bool each;
    char sampler[SERVE_MOST_TEXT], schedule[SERVE_MOST_TEXT], grid[SERVE_MOST_TEXT];
    quell_sampler_options options;
    double guidance, guidance_low, guidance_high, guidance_rescale;
    quell_condition conditions[QUELL_MAX_CONDITIONS], negative[QUELL_MAX_CONDITIONS];
    size_t condition_count, negative_count;
    double prior_mean, prior_variance;
    float *from;
    int64_t *classes, *seeds, *indices;
    size_t rows;
    char rows_of[96];
    enum serve_format format;
    bool latent;
    uint64_t given; /* a bit for each parameter that was given */
};

enum serve_kind {
    SERVE_WHOLE,
    SERVE_NUMBER,
    SERVE_TEXT,
    SERVE_FLAG,
    SERVE_STEPS,
    SERVE_BROWNIAN,
    SERVE_CLASS,
    SERVE_CONDITION,
    SERVE_FORMAT
};

/* What a client may be told of a parameter. Numbers lie from least to most. */
struct serve_parameter {
    const char *name;
    enum serve_kind kind;
    const char *help;
    double least, most;
};

/* The i-th parameter, from 0 on; NULL past the end. */
const struct serve_parameter *serve_ask_parameter(size_t i);

void serve_ask_begin(struct serve_ask *ask, const quell_model *model, uint64_t most);
void serve_ask_free(struct serve_ask *ask);

/* Whether guidance is asked for. */
bool serve_ask_guided(const struct serve_ask *ask);

/* Takes one parameter. Fails with QUELL_BAD_ARGUMENT and a line for the client. */
quell_status serve_ask_take(struct serve_ask *ask, const quell_model *model, const char *name,
                            const char *value);

/* Refuses a name that no parameter has. Fails with QUELL_BAD_ARGUMENT and a line for the client,
 * which says what was meant (ask_unknown.c). */
quell_status serve_ask_known(const quell_model *model, const char *name);

/* Whether an array has that name, and what is wanted of it. */
bool serve_ask_is_array(const char *name, enum serve_wanted *wanted);

/* Takes one array, of which the values may be taken over: `from`, `classes`, `seeds`, `indices`,
 * `condition.NAME` or `negative-condition.NAME`. Fails with QUELL_BAD_ARGUMENT and a line. */
quell_status serve_ask_array(struct serve_ask *ask, const quell_model *model, const char *name,
                             struct serve_array *array);

/* Whether a model takes a condition of that name (ask_given.c). */
bool serve_ask_conditioned(const quell_denoiser *denoiser, const char *name);

/* Takes a condition as text (ask_given.c). */
quell_status serve_ask_condition(const quell_denoiser *denoiser, const char *name,
                                 const char *value, quell_condition *list, size_t *count);

/* Whether a parameter or an array was given. */
bool serve_ask_given(const struct serve_ask *ask, const char *name);

/* Makes the names of C's members in a message of the library those of parameters: clamp_low becomes
 * clamp-low. A list of the command becomes the page that has it. */
void serve_ask_words(char *message);

/* Fails with QUELL_BAD_ARGUMENT and a line that has the range of `count`. after: the rest of the
 * line. */
quell_status serve_ask_refuse_count(const struct serve_ask *ask, const char *value,
                                    const char *after);

/* Checks what depends on several of them, and sets the number of samples that lists are for. */
quell_status serve_ask_check(struct serve_ask *ask, const quell_model *model);

#endif
