/* SPDX-License-Identifier: MIT */
/* Translates messages of the library into the words of the command line. */
#ifndef QUELL_CLI_OWN_WORDS_H
#define QUELL_CLI_OWN_WORDS_H

#include <stddef.h>

/* Copies a message of the library, up to `size` bytes with the final NUL. The library names an
 * option by its C member, as in "clamp_low is 1". If that option is on the command line, the copy
 * says "--clamp-low is 1". */
void own_words(const char *message, char *text, size_t size);

#endif
