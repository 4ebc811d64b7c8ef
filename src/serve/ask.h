/* SPDX-License-Identifier: MIT */
/* What an address asks for: the parameters of .../samples?seed=7&count=16, read and checked. */
#ifndef QUELL_SERVE_ASK_H
#define QUELL_SERVE_ASK_H

#include <stdbool.h>
#include <quell/quell.h>

enum serve_format { SERVE_NPY, SERVE_RAW, SERVE_JSON, SERVE_PNG, SERVE_FORMATS };

/* The name of a format, and its type in HTTP. */
const char *serve_format_name(enum serve_format format);
const char *serve_format_type(enum serve_format format);

/* The format that an Accept header likes best; SERVE_FORMATS if it takes none of them. NULL: the
 * client does not say. */
enum serve_format serve_format_accepted(const char *accept);

#define SERVE_MOST_TEXT 200 /* of a name: a sampler, a schedule, a grid */

/* class: -1 for none; with `each`, sample i is of class i modulo the number of classes.
 * guidance: its weight, if that was given (serve_ask_guided).
 * conditions: with memory of their own (serve_ask_free).
 * format: SERVE_FORMATS: not given. latent: without decoding. */
struct serve_ask {
    uint64_t seed, first, count;
    int32_t class, negative_class;
    bool each;
    char sampler[SERVE_MOST_TEXT], schedule[SERVE_MOST_TEXT], grid[SERVE_MOST_TEXT];
    quell_sampler_options options;
    double guidance, guidance_low, guidance_high, guidance_rescale;
    quell_condition conditions[QUELL_MAX_CONDITIONS], negative[QUELL_MAX_CONDITIONS];
    size_t condition_count, negative_count;
    enum serve_format format;
    bool latent;
    uint64_t given; /* a bit for each parameter that was given */
};

void serve_ask_begin(struct serve_ask *ask, const quell_model *model);
void serve_ask_free(struct serve_ask *ask);

/* Whether guidance is asked for. */
bool serve_ask_guided(const struct serve_ask *ask);

/* Takes one parameter. Fails with QUELL_BAD_ARGUMENT and a line for the client. */
quell_status serve_ask_take(struct serve_ask *ask, const quell_model *model, const char *name,
                            const char *value);

/* Checks what depends on several of them. */
quell_status serve_ask_check(const struct serve_ask *ask, const quell_model *model);

#endif
