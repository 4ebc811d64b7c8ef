/* SPDX-License-Identifier: MIT */
/* What the name of a file says of its contents, by its ending. */
#ifndef QUELL_IO_ENDING_H
#define QUELL_IO_ENDING_H

#include <stdbool.h>

/* Whether a name has something before this ending, ".npy", which may be in capitals. */
bool quell_ending_is(const char *path, const char *ending);

/* Whether a name asks for another kind of file than the one with the ending `own`, which is what is
 * written. A name without an ending asks for none. */
bool quell_ending_is_other(const char *path, const char *own);

#endif
