/* SPDX-License-Identifier: MIT */
/* How a pass's tiles are handed out: each worker has a share of neighbouring tiles, the same in all
 * passes with that many, so that memory stays near the thread that touched it first; a worker
 * whose own share is done helps with the others'. */
#ifndef QUELL_ENGINE_SHARES_H
#define QUELL_ENGINE_SHARES_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include "base/memory.h"

/* On a cache line of its own. touched: the worker has had its memory, which belongs to it alone. */
struct quell_share {
    _Alignas(QUELL_CACHE_LINE) atomic_size_t next;
    size_t end;
    bool touched;
};

/* Shares out the tiles 0, ..., tiles - 1. */
void quell_shares_begin(struct quell_share *shares, size_t workers, size_t tiles);

/* A tile for a worker, or SIZE_MAX when none is left. *from: whose share it takes from; the worker
 * begins with its own. */
size_t quell_shares_take(struct quell_share *shares, size_t workers, size_t worker, size_t *from);

#endif
