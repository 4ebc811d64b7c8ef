/* SPDX-License-Identifier: MIT */
/* What a request asks for: the parameters of .../samples?seed=7&count=16, or of a body, read and
 * checked. */
#ifndef QUELL_SERVE_ASK_H
#define QUELL_SERVE_ASK_H

#include <stdbool.h>
#include <quell/quell.h>
#include "serve/array.h"
#include "serve/format.h"

#define SERVE_MOST_TEXT 200 /* bytes for the text that names a sampler, a schedule or a grid */

/* The parameters of one request. */
struct serve_ask {
    uint64_t seed, first, count;
    uint64_t most; /* the largest `count` that the server allows in one request */
    int32_t class; /* of all samples; -1: none */
    int32_t negative_class;
    bool each; /* class=each: sample i has class i modulo the number of classes */
    char sampler[SERVE_MOST_TEXT], schedule[SERVE_MOST_TEXT], grid[SERVE_MOST_TEXT];
    quell_sampler_options options;
    double guidance; /* the weight; only valid if serve_ask_guided() */
    double guidance_low, guidance_high, guidance_rescale;
    /* Their values are owned, and freed by serve_ask_free. */
    quell_condition conditions[QUELL_MAX_CONDITIONS], negative[QUELL_MAX_CONDITIONS];
    size_t condition_count, negative_count;
    double prior_mean, prior_variance;
    float *from; /* the states to start from; NULL: not given */
    /* Lists with one value for each sample; NULL: not given. */
    int64_t *classes, *seeds, *indices;
    size_t rows;      /* the number of samples that the arrays above are for; 0: there are none */
    char rows_of[96]; /* the name of the array that `rows` was taken from, for messages */
    enum serve_format format; /* SERVE_FORMATS: not given */
    bool latent;              /* return the latents, without decoding them */
    uint64_t given;           /* one bit for each parameter that was given */
};

/* How the value of a parameter is written. */
enum serve_kind {
    SERVE_WHOLE,     /* an integer from 0 on */
    SERVE_NUMBER,    /* a number */
    SERVE_TEXT,      /* a short text */
    SERVE_FLAG,      /* yes or no */
    SERVE_STEPS,     /* an integer from 1 on, for options.steps */
    SERVE_BROWNIAN,  /* yes or no, for options.brownian */
    SERVE_CLASS,     /* a class of the model */
    SERVE_CONDITION, /* NAME=NUMBER[,NUMBER...] or NAME=none, perhaps several times */
    SERVE_FORMAT     /* the name of a format */
};

/* The public description of a parameter. */
struct serve_parameter {
    const char *name;
    enum serve_kind kind;
    const char *help;
    double least, most; /* the range of a number */
};

/* Returns parameter i, counted from 0; NULL past the last one. */
const struct serve_parameter *serve_ask_parameter(size_t i);

/* Sets all parameters to their defaults for `model`. `most` is the largest count that the server
 * allows. */
void serve_ask_begin(struct serve_ask *ask, const quell_model *model, uint64_t most);
void serve_ask_free(struct serve_ask *ask);

/* Whether the parameter `guidance` was given. */
bool serve_ask_guided(const struct serve_ask *ask);

/* Reads one parameter into `ask`. Fails with QUELL_BAD_ARGUMENT and a message for the client. */
quell_status serve_ask_take(struct serve_ask *ask, const quell_model *model, const char *name,
                            const char *value);

/* Checks that `name` is a parameter. If not, fails with QUELL_BAD_ARGUMENT and a message that
 * suggests what was meant (ask_unknown.c). */
quell_status serve_ask_known(const quell_model *model, const char *name);

/* Whether `name` is the name of an array; *wanted is what its elements must be. */
bool serve_ask_is_array(const char *name, enum serve_wanted *wanted);

/* Reads the array `name` into `ask`: `from`, `classes`, `seeds`, `indices`, `condition.NAME` or
 * `negative-condition.NAME`. May take over the memory of the elements, and then leaves NULL in
 * `array`. Fails with QUELL_BAD_ARGUMENT and a message for the client. */
quell_status serve_ask_array(struct serve_ask *ask, const quell_model *model, const char *name,
                             struct serve_array *array);

/* Whether the model takes a condition called `name` (ask_given.c). */
bool serve_ask_conditioned(const quell_denoiser *denoiser, const char *name);

/* Appends a condition, given as NAME=NUMBER[,NUMBER...] or NAME=none, to a list. `name` is the
 * parameter, for messages (ask_given.c). */
quell_status serve_ask_condition(const quell_denoiser *denoiser, const char *name,
                                 const char *value, quell_condition *list, size_t *count);

/* Whether the parameter or array called `name` was given. */
bool serve_ask_given(const struct serve_ask *ask, const char *name);

/* Rewrites a message of the library, message[size], in the words of the HTTP interface: names of C
 * members become names of parameters (clamp_low becomes clamp-low), and a hint at `quell list`
 * becomes one at /v1/models. */
void serve_ask_words(char *message, size_t size);

/* Refuses `count`: fails with QUELL_BAD_ARGUMENT and a message that gives the allowed range and
 * ends with `after`. */
quell_status serve_ask_refuse_count(const struct serve_ask *ask, const char *value,
                                    const char *after);

/* Checks the parameters against each other and against the model. Sets `count` from the length of
 * the arrays if it was not given. */
quell_status serve_ask_check(struct serve_ask *ask, const quell_model *model);

#endif
