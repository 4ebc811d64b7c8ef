/* SPDX-License-Identifier: MIT */
/* What the library says of an option, in the words of the command line. */
#ifndef QUELL_CLI_OWN_WORDS_H
#define QUELL_CLI_OWN_WORDS_H

#include <stddef.h>

/* Copies a message of the library, up to `size` bytes with the 0 at the end. The library names an
 * option as C does, "clamp_low is 1"; where the command line has that option, the copy says
 * "--clamp-low is 1". */
void own_words(const char *message, char *text, size_t size);

#endif
