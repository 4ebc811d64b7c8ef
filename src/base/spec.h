/* SPDX-License-Identifier: MIT */
/* "NAME:KEY=VALUE,KEY=VALUE", a spec: how samplers, schedules and grids are asked for by text. */
#ifndef QUELL_BASE_SPEC_H
#define QUELL_BASE_SPEC_H

#include <stddef.h>
#include <quell/status.h>

#define QUELL_MAX_OPTIONS 16

/* One option: its default and the closed range of its values. whole: the value is an integer.
 * choices: the option takes words, "bh1|bh2", in place of numbers; its value is the number of the
 * word, from 0. needs: NULL, or what the other options must be for this one to have an effect,
 * "eta,form=rf|ve,order=2": eta not 0, and form one of these words, and order 2. */
struct quell_option {
    const char *name;
    double value, low, high;
    const char *summary;
    int whole;
    const char *choices;
    const char *needs;
};

/* Macros for the rows of a table of options. */
#define QUELL_NUMBER(name_, value_, low_, high_, summary_) \
    {.name = name_, .value = value_, .low = low_, .high = high_, .summary = summary_}
#define QUELL_WHOLE(name_, value_, low_, high_, summary_) \
    {.name = name_, .value = value_, .low = low_, .high = high_, .summary = summary_, .whole = 1}
#define QUELL_CHOICE(name_, value_, choices_, summary_) \
    {.name = name_, .value = value_, .summary = summary_, .choices = choices_}

/* An option that is on or off: its value is 0 (no) or 1 (yes). */
#define QUELL_NO_YES "no|yes"
#define QUELL_YES_NO(name_, value_, summary_) QUELL_CHOICE(name_, value_, QUELL_NO_YES, summary_)

/* The same for an option that has an effect only with others. */
#define QUELL_NUMBER_NEEDS(needs_, name_, value_, low_, high_, summary_) \
    {.name = name_,                                                      \
     .value = value_,                                                    \
     .low = low_,                                                        \
     .high = high_,                                                      \
     .summary = summary_,                                                \
     .needs = needs_}
#define QUELL_WHOLE_NEEDS(needs_, name_, value_, low_, high_, summary_) \
    {.name = name_,                                                     \
     .value = value_,                                                   \
     .low = low_,                                                       \
     .high = high_,                                                     \
     .summary = summary_,                                               \
     .whole = 1,                                                        \
     .needs = needs_}
#define QUELL_CHOICE_NEEDS(needs_, name_, value_, choices_, summary_) \
    {.name = name_, .value = value_, .summary = summary_, .choices = choices_, .needs = needs_}
#define QUELL_YES_NO_NEEDS(needs_, name_, value_, summary_) \
    QUELL_CHOICE_NEEDS(needs_, name_, value_, QUELL_NO_YES, summary_)

/* The n-th of the words in `choices`, its length in *length; NULL past the end. */
const char *quell_choice(const char *choices, size_t n, size_t *length);

/* The length of NAME in a spec, and whether it is `name` (NULL: no). */
size_t quell_spec_name(const char *spec);
int quell_spec_is(const char *spec, const char *name);

/* What a message says of a spec with an unknown name, where `what` is looked for ("sampler"): how
 * options are written, if options follow a comma ("ddim,eta=1"); else what else has that name; else
 * the hint with the nearest name. */
#define QUELL_SPEC_HINT 200
struct quell_nearest;
const char *quell_spec_hint(const char *what, const char *spec, const struct quell_nearest *nearest,
                            char text[QUELL_SPEC_HINT]);

/* Writes what else has the name of a spec: an entry of another list ("; 'karras' is a grid"), or a
 * word of an option in this one. "" if nothing has. It needs all tables: see list/elsewhere.c. */
const char *quell_spec_elsewhere(const char *what, const char *spec, char text[QUELL_SPEC_HINT]);

/* Fills values[] with the defaults of the table `options`, which ends with a NULL name. */
void quell_spec_defaults(const struct quell_option *options, double *values);

/* Fills values[] from the options that a spec, "NAME:KEY=VALUE,..." gives, in the order of the
 * table, and leaves the others. `what` ("sampler") names the thing in messages. */
quell_status quell_spec_options(const char *what, const char *spec,
                                const struct quell_option *options, double *values);

/* Refuses an option whose `needs` are not met, because it would have no effect, unless its value is
 * that in usual[]: the default, or what an alias stands for. */
quell_status quell_spec_effects(const char *what, const char *spec,
                                const struct quell_option *options, const double *usual,
                                const double *values);

#endif
