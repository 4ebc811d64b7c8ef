/* SPDX-License-Identifier: MIT */
/* What is said of an option that a command does not have: the name that may be meant, by its
 * letters or by what other programs call it, or the sampler whose option it is. */
#ifndef QUELL_CLI_UNKNOWN_OPTION_H
#define QUELL_CLI_UNKNOWN_OPTION_H

#include "cli/options.h"

/* Complain of the text of an option, with its dashes and its value, and of a letter. Return the
 * exit code. */
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
