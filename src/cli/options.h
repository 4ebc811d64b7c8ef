/* SPDX-License-Identifier: MIT */
/* Options of a command: one table that is both parsed (by getopt_long) and printed by --help. */
#ifndef QUELL_CLI_OPTIONS_H
#define QUELL_CLI_OPTIONS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* FLAG sets an int to 1, TEXT a const char *, WORDS an option_words, COUNT a uint64_t from low to
 * high, NUMBER a double from least to most. ABSENT is an option of another command, which this one
 * refuses: `help` says what to do instead. GROUP is no option: its name is a heading of --help. */
enum option_kind {
    OPTION_FLAG,
    OPTION_TEXT,
    OPTION_WORDS,
    OPTION_COUNT,
    OPTION_NUMBER,
    OPTION_ABSENT,
    OPTION_GROUP
};

/* The values of an option that may be given many times. */
#define MOST_WORDS 32
struct option_words {
    size_t count;
    const char *word[MOST_WORDS];
};

/* offset: where the value goes in the command's struct. argument: what --help calls the value.
 * help: one text, which --help breaks into lines. Some names also have a letter, the same in every
 * command: options.c lists them. */
struct option_row {
    const char *name, *argument;
    enum option_kind kind;
    size_t offset;
    const char *help;
    uint64_t low, high;
    double least, most;
};

/* Rows for the members of `struct owner`. */
#define FLAG_ROW(owner, member, name_, help_) \
    {.name = name_, .kind = OPTION_FLAG, .offset = offsetof(struct owner, member), .help = help_}
#define GROUP_ROW(heading) {.name = heading, .kind = OPTION_GROUP}
#define ABSENT_ROW(name_, help_) {.name = name_, .kind = OPTION_ABSENT, .help = help_}
#define TEXT_ROW(owner, member, name_, argument_, help_) \
    {.name = name_,                                      \
     .argument = argument_,                              \
     .kind = OPTION_TEXT,                                \
     .offset = offsetof(struct owner, member),           \
     .help = help_}
#define WORDS_ROW(owner, member, name_, argument_, help_) \
    {.name = name_,                                       \
     .argument = argument_,                               \
     .kind = OPTION_WORDS,                                \
     .offset = offsetof(struct owner, member),            \
     .help = help_}
#define COUNT_ROW(owner, member, name_, argument_, low_, high_, help_) \
    {.name = name_,                                                    \
     .argument = argument_,                                            \
     .kind = OPTION_COUNT,                                             \
     .offset = offsetof(struct owner, member),                         \
     .help = help_,                                                    \
     .low = low_,                                                      \
     .high = high_}
#define NUMBER_ROW(owner, member, name_, argument_, least_, most_, help_) \
    {.name = name_,                                                       \
     .argument = argument_,                                               \
     .kind = OPTION_NUMBER,                                               \
     .offset = offsetof(struct owner, member),                            \
     .help = help_,                                                       \
     .least = least_,                                                     \
     .most = most_}

/* A rule on two options: the first needs the other, or the two contradict each other. */
enum option_relation { OPTION_NEEDS, OPTION_EXCLUDES };
struct option_rule {
    const char *option;
    enum option_relation relation;
    const char *other;
};

/* --help prints the usage, what the command is about, its examples (lines that begin with
 * "Example" or two spaces), the options and, unless it is NULL, the text `after`. options and rules
 * end with a NULL name. words: how many arguments may stand without an option's name; they go to
 * word[0], word[1], ... */
struct option_table {
    const char *usage, *about, *examples;
    const struct option_row *options;
    const char *after;
    int words;
    const struct option_rule *rules;
};

/* Fills `values`, which holds the defaults, and word[0..words) where an argument is given. Returns
 * true if the command shall go on. After false, --help was printed or the command line is wrong,
 * and *code is the exit code. */
bool options_read(const struct option_table *table, int argc, char **argv, void *values,
                  const char **word, int *code);

/* Returns whether the option of that name was on the command line that was read last. */
bool options_given(const char *name);

/* Reads digits only: no sign, no space, no suffix. */
bool options_count(const char *text, uint64_t *value);

#endif
