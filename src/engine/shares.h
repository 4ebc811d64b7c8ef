/* SPDX-License-Identifier: MIT */
/* Divides the tiles of a pass among workers. Each worker has a share of neighbouring tiles, the
 * same in all passes with that many tiles, so that memory stays near the thread that touched it
 * first. A worker that has finished its own share takes tiles from the others' shares. */
#ifndef QUELL_ENGINE_SHARES_H
#define QUELL_ENGINE_SHARES_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include "base/memory.h"

/* One worker's share, on a cache line of its own. `touched` says whether the worker has touched its
 * own memory, which no other worker uses. */
struct quell_share {
    _Alignas(QUELL_CACHE_LINE) atomic_size_t next;
    size_t end;
    bool touched;
};

/* Divides the tiles 0, ..., tiles - 1 into shares. */
void quell_shares_begin(struct quell_share *shares, size_t workers, size_t tiles);

/* Returns the next tile for a worker, or SIZE_MAX if none is left. *from is the share from which
 * the worker takes tiles; initially its own. */
size_t quell_shares_take(struct quell_share *shares, size_t workers, size_t worker, size_t *from);

#endif
