/* SPDX-License-Identifier: MIT */
/* How long work is asked to end before its time. */
#ifndef QUELL_BASE_LOOKOUT_H
#define QUELL_BASE_LOOKOUT_H

#include <stdbool.h>

/* look: returns whether the results are not needed any more; from then on it always does. leads: it
 * is called by the thread that may call the host's functions. */
struct quell_lookout {
    bool (*look)(void *data, bool leads);
    void *data;
};

#endif
