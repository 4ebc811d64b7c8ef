/* SPDX-License-Identifier: MIT */
/* Options of a command: one table that is both parsed (by getopt_long) and printed by --help. */
#ifndef QUELL_CLI_OPTIONS_H
#define QUELL_CLI_OPTIONS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* The kinds of options, and the member of the command's struct that each sets. */
enum option_kind {
    OPTION_FLAG,   /* sets an int to 1 */
    OPTION_TEXT,   /* a const char * */
    OPTION_WORDS,  /* a struct option_words */
    OPTION_COUNT,  /* a uint64_t from `low` to `high` */
    OPTION_NUMBER, /* a double from `least` to `most` */
    OPTION_ABSENT, /* refused, as another command's; `help` says what to do instead */
    OPTION_GROUP   /* not an option: `name` is a heading of --help */
};

/* The values of an option that may be given several times. */
#define MOST_WORDS 32
struct option_words {
    size_t count;
    const char *word[MOST_WORDS];
};

/* An option. Some names also have a letter, which is the same in every command; options.c lists
 * them. */
struct option_row {
    const char *name;
    const char *argument; /* the name of the value in --help */
    enum option_kind kind;
    size_t offset;    /* of the member in the command's struct */
    const char *help; /* a single text, which --help breaks into lines */
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

/* A rule about two options: the first needs the other one, or they exclude each other. */
enum option_relation { OPTION_NEEDS, OPTION_EXCLUDES };
struct option_rule {
    const char *option;
    enum option_relation relation;
    const char *other;
};

/* The options of a command, and the texts of its --help. */
struct option_table {
    const char *usage, *about;
    const char *examples;             /* lines that begin with "Example" or with two spaces */
    const struct option_row *options; /* ends with a NULL name */
    const char *after;                /* printed after the options; NULL: nothing */
    int words; /* the most arguments without an option's name, which go to word[0], word[1], ... */
    const struct option_rule *rules; /* ends with a NULL option */
};

/* Fills in `values`, which holds the defaults, and word[0..words) for arguments that are given.
 * Returns true if the command is to go on. Returns false if --help was printed or the command line
 * is wrong; *code is then the exit code. */
bool options_read(const struct option_table *table, int argc, char **argv, void *values,
                  const char **word, int *code);

/* Returns whether the option `name` was on the command line that was read last. */
bool options_given(const char *name);

/* Reads a number that consists of digits only: no sign, no space, no suffix. */
bool options_count(const char *text, uint64_t *value);

#endif
