/* SPDX-License-Identifier: MIT */
/* Lists of what can be asked for by name: samplers, schedules, grids, built-in models and
 * instruction sets, with their aliases, options and sources.
 *
 *     quell_entry entry = quell_entry_init();
 *     for (size_t i = 0; !quell_list(QUELL_LIST_SAMPLERS, i, &entry); i++)
 *         printf("%-20s %s\n", entry.name, entry.summary);
 *
 * All text is in static memory. Everything here is thread-safe. */
#ifndef QUELL_LIST_H
#define QUELL_LIST_H

#include <stddef.h>
#include <quell/status.h>

#ifdef __cplusplus
extern "C" {
#endif

/* The lists. New ones are added at the end. */
typedef enum quell_list_kind {
    QUELL_LIST_SAMPLERS,  /* for quell_sampler_create */
    QUELL_LIST_SCHEDULES, /* for quell_schedule_create */
    QUELL_LIST_GRIDS,     /* for quell_sampler_options.grid */
    QUELL_LIST_MODELS,    /* for quell_model_load, "builtin:NAME" */
    QUELL_LIST_ISAS       /* for quell_run.isa, from the narrowest to the widest */
} quell_list_kind;

/* An entry of a list. Start from quell_entry_init().
 *
 * name, summary: its name, and one line on it.
 * source: where it was published: "arXiv:2010.02502", or a name or a year in words ("azula"). NULL:
 *   it is quell's own.
 * aliases, options: how many it has of each (quell_list_alias, quell_list_option).
 * available: 0 for an instruction set that this machine cannot run; 1 for all else.
 *
 * order and evaluations are those of a sampler at its default options. They and stochastic are 0 in
 * the other lists.
 * order: its order of convergence, in law if it is stochastic. 0: it has none.
 * evaluations: how often a step evaluates the denoiser. 0: that is not the same in every step.
 * stochastic: 0 if it never draws noise on the way, 1 if it does with some options, 2 if always. */
typedef struct quell_entry {
    size_t size;
    const char *name;
    const char *summary;
    const char *source;
    size_t aliases;
    size_t options;
    int available;
    int order;
    int evaluations;
    int stochastic;
} quell_entry;

/* Another name of an entry, and the spec it stands for: "dpmpp_3m" is "xeab:order=3". */
typedef struct quell_entry_alias {
    size_t size;
    const char *name;
    const char *spec;
} quell_entry_alias;

/* The type of an option's value: a number, a whole number, or one of several words. */
typedef enum quell_option_type {
    QUELL_OPTION_NUMBER,
    QUELL_OPTION_WHOLE,
    QUELL_OPTION_CHOICE
} quell_option_type;

/* An option of an entry, KEY=VALUE in its spec.
 *
 * name, summary: KEY, and one line on it.
 * type: the type of VALUE.
 * value, low, high: the default, the least and the greatest value, which may be infinite. For a
 *   choice these are positions in the list of its words, from 0 on.
 * choices: for a choice, the words with '|' between them, as "bh1|bh2"; else NULL. */
typedef struct quell_entry_option {
    size_t size;
    const char *name;
    const char *summary;
    quell_option_type type;
    double value;
    double low;
    double high;
    const char *choices;
} quell_entry_option;

/* Return structs with their size, and 0 or NULL in all other members. */
static inline quell_entry quell_entry_init(void)
{
    quell_entry entry;
    entry.size = sizeof entry;
    entry.name = entry.summary = entry.source = NULL;
    entry.aliases = entry.options = 0;
    entry.available = entry.order = entry.evaluations = entry.stochastic = 0;
    return entry;
}
static inline quell_entry_alias quell_entry_alias_init(void)
{
    quell_entry_alias alias;
    alias.size = sizeof alias;
    alias.name = alias.spec = NULL;
    return alias;
}
static inline quell_entry_option quell_entry_option_init(void)
{
    quell_entry_option option;
    option.size = sizeof option;
    option.name = option.summary = option.choices = NULL;
    option.type = QUELL_OPTION_NUMBER;
    option.value = option.low = option.high = 0;
    return option;
}

/* Writes the i-th entry of a list, from 0 on. Fails with QUELL_NOT_FOUND if i is past the end, and
 * with QUELL_BAD_ARGUMENT for a kind or a size that this library does not know. */
QUELL_API quell_status quell_list(quell_list_kind kind, size_t i, quell_entry *entry);

/* Writes the index of the entry with this name or alias, for the other functions here. Fails with
 * QUELL_NOT_FOUND if there is none; the message then has the most similar name. */
QUELL_API quell_status quell_list_find(quell_list_kind kind, const char *name, size_t *i);

/* Write the k-th alias or option of the i-th entry, both from 0 on. Errors are those of
 * quell_list. */
QUELL_API quell_status quell_list_alias(quell_list_kind kind, size_t i, size_t k,
                                        quell_entry_alias *alias);
QUELL_API quell_status quell_list_option(quell_list_kind kind, size_t i, size_t k,
                                         quell_entry_option *option);

#ifdef __cplusplus
}
#endif
#endif
