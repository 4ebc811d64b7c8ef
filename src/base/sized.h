/* SPDX-License-Identifier: MIT */
/* Public structs of options begin with their own size, so that a program and a library of different
 * versions know which members the other has. */
#ifndef QUELL_BASE_SIZED_H
#define QUELL_BASE_SIZED_H

#include <quell/status.h>
#include <stddef.h>

/* How messages name a struct, and which sizes it has had.
 *
 * subject: what a message begins with.
 * name, defaults: the names of the struct and of the function that fills it in.
 * earlier: the sizes that it had in earlier releases of this soversion, each the end of a member,
 *   and a 0 after them. NULL: it has never changed. Whoever adds members adds the old size here. */
struct quell_sized {
    const char *subject, *name, *defaults;
    const size_t *earlier;
};

/* Copies the struct `theirs` over `own`, which has `size` bytes and contains the defaults. Members
 * that `theirs` is too short for keep their defaults. Fails with QUELL_BAD_ARGUMENT, and leaves own
 * as it was, for a size that no release has had, and for a longer struct unless all bytes beyond
 * ours are 0. */
quell_status quell_sized_copy(const struct quell_sized *about, void *own, size_t size,
                              const void *theirs);

#endif
