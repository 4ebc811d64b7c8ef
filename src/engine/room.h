/* SPDX-License-Identifier: MIT */
/* Whether there is room in memory for more threads, by what can be read of its limits. */
#ifndef QUELL_ENGINE_ROOM_H
#define QUELL_ENGINE_ROOM_H

#include <stdbool.h>
#include <stddef.h>

/* The limits that the process sets itself, of address space and of data, leave room for twice as
 * many threads with stacks of so many bytes, and half of themselves. */
bool quell_room_for(size_t threads, size_t stack);

/* The kernel's part: it lends memory that nobody has used yet, nothing is locked into memory under
 * a limit, and there are few mappings. Takes longer. */
bool quell_room_at_all(void);

#endif
