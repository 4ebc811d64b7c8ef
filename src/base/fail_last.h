/* SPDX-License-Identifier: MIT */
/* To which failure the message of this thread belongs. */
#ifndef QUELL_BASE_FAIL_LAST_H
#define QUELL_BASE_FAIL_LAST_H

#include <quell/status.h>
#include <stdbool.h>

/* The failure that this thread recorded last: its status, and how many were recorded up to it
 * (quell_fail_count). */
struct quell_failed {
    unsigned count;
    quell_status status;
};

/* Exported for quell_mpi; no part of the public interface. */
QUELL_API struct quell_failed quell_fail_last(void);

/* Returns whether the message says why a function of the caller's has returned `result`. It must be
 * recorded during the call: `before` is quell_fail_count() before it. A stop is explained only by a
 * message that was recorded with QUELL_STOPPED, because any other is that of a failure which the
 * function has handled. */
bool quell_fail_explains(int result, unsigned before);

#endif
