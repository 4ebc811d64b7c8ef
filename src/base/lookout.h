/* SPDX-License-Identifier: MIT */
/* A lookout: how long work finds out that its result is no longer needed. */
#ifndef QUELL_BASE_LOOKOUT_H
#define QUELL_BASE_LOOKOUT_H

#include <stdbool.h>

/* look: returns whether the result is no longer needed; once it has returned true it always does.
 * leads: whether the calling thread is the one that may call the host's functions. */
struct quell_lookout {
    bool (*look)(void *data, bool leads);
    void *data;
};

#endif
