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

/* Which list. New ones are added at the end. */
typedef enum quell_list_kind {
    QUELL_LIST_SAMPLERS,  /* specs of quell_sampler_create */
    QUELL_LIST_SCHEDULES, /* specs of quell_schedule_create */
    QUELL_LIST_GRIDS,     /* quell_sampler_options.grid */
    QUELL_LIST_MODELS,    /* names of quell_model_load, "builtin:NAME" */
    QUELL_LIST_ISAS       /* quell_run.isa, from the narrowest to the widest */
} quell_list_kind;

/* An entry of a list. Start from quell_entry_init().
 *
 * name, summary: its name, and one line on it.
 * source: where it comes from: "arXiv:2010.02502", or in words ("azula"); NULL: this is its only
 *   source.
 * aliases, options: how many it has of each (quell_list_alias, quell_list_option).
 * available: 1, or 0 for an instruction set that this machine cannot run.
 *
 * Of a sampler at its default options, else 0:
 * order: its order of convergence (of a stochastic one, in law); 0: it has none.
 * evaluations: of the denoiser in a step; 0: it is not the same in every step.
 * stochastic: whether it draws noise on the way: 0 never, 1 by its options, 2 always. */
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

/* Another name of an entry, and the spec it stands for: "dpmpp_2m" is "xeab:order=2". */
typedef struct quell_entry_alias {
    size_t size;
    const char *name;
    const char *spec;
} quell_entry_alias;

/* What the value of an option is: a number, a whole number, or one of some words. */
typedef enum quell_option_type {
    QUELL_OPTION_NUMBER,
    QUELL_OPTION_WHOLE,
    QUELL_OPTION_CHOICE
} quell_option_type;

/* An option of an entry, KEY=VALUE in its spec.
 *
 * name, summary: KEY, and one line on it.
 * type: what VALUE is.
 * value, low, high: the default and the closed range of its values, which may be infinite. For a
 *   choice, the numbers of words, from 0 on.
 * choices: for a choice, the words with '|' between them, "bh1|bh2"; else NULL. */
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

/* Structs that say their own size, and are empty otherwise. */
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

/* Writes the i-th entry of a list. QUELL_NOT_FOUND, with *entry as it was, when i is past the end;
 * QUELL_BAD_ARGUMENT for a kind or a size that this library does not know. */
QUELL_API quell_status quell_list(quell_list_kind kind, size_t i, quell_entry *entry);

/* Finds the entry with this name or alias: its place in the list, for the calls beside it.
 * QUELL_NOT_FOUND, with the nearest name in the message, if there is none. */
QUELL_API quell_status quell_list_find(quell_list_kind kind, const char *name, size_t *i);

/* Writes the k-th alias or option of the i-th entry. Errors are those of quell_list. */
QUELL_API quell_status quell_list_alias(quell_list_kind kind, size_t i, size_t k,
                                        quell_entry_alias *alias);
QUELL_API quell_status quell_list_option(quell_list_kind kind, size_t i, size_t k,
                                         quell_entry_option *option);

#ifdef __cplusplus
}
#endif
#endif
