/* SPDX-License-Identifier: MIT */
/* Estimates whether there is memory for more threads, from the limits that can be read. */
#ifndef QUELL_ENGINE_ROOM_H
#define QUELL_ENGINE_ROOM_H

#include <stdbool.h>
#include <stddef.h>

/* Returns whether the process's own limits, on address space and on data, leave room for twice this
 * many threads with stacks of this many bytes, and whether half of each limit is still free. */
bool quell_room_for(size_t threads, size_t stack);

/* Returns whether the kernel will give memory: whether it promises memory before it is used
 * (overcommit), no limit on locked memory applies, and there are few mappings. This takes
 * longer. */
bool quell_room_at_all(void);

#endif
