/* SPDX-License-Identifier: MIT */
/* Lists of numbers: with commas, or in a file, which is an .npy file of one dimension or a text. */
#ifndef QUELL_CLI_NUMBERS_H
#define QUELL_CLI_NUMBERS_H

#include <stddef.h>

/* Reads the value of an option ("--times") into new memory. In a text file, numbers stand between
 * white space or commas, and # begins a comment. Returns an exit code, and has complained if it is
 * not EXIT_DONE. */
int numbers_read(const char *option, const char *text, double **values, size_t *count);

#endif
