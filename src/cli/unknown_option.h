/* SPDX-License-Identifier: MIT */
/* Messages for options that a command does not have. They suggest an option with a similar name, or
 * the one that other programs call by this name, or the sampler that has such an option. */
#ifndef QUELL_CLI_UNKNOWN_OPTION_H
#define QUELL_CLI_UNKNOWN_OPTION_H

#include "cli/options.h"

/* Complain of an option, given as its text with dashes and value, or as a letter. Return the exit
 * code. */
int refuse_unknown_option(const struct option_table *table, const char *text);
int refuse_unknown_letter(const struct option_table *table, char letter);

/* Complains of a word that is no option, and not asked for. Returns the exit code. */
int refuse_word(const struct option_table *table, const char *word);

/* Returns the row with this name; NULL if there is none. */
const struct option_row *option_row_named(const struct option_row *rows, const char *name,
                                          size_t length);

/* Whether a row is an option that the command takes. */
bool is_option_row(const struct option_row *row);

/* Returns the length of the command's name in its usage: "quell-mpi sample" in "quell-mpi sample
 * --model". */
int option_command_length(const char *usage);

#endif
