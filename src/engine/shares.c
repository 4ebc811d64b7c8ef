/* SPDX-License-Identifier: MIT */
#include "shares.h"

#include <stdint.h>

void quell_shares_begin(struct quell_share *shares, size_t workers, size_t tiles)
{
    size_t each = tiles / workers, longer = tiles % workers, tile = 0;
    for (size_t i = 0; i < workers; i++) {
        atomic_store(&shares[i].next, tile);
        tile += each + (i < longer);
        shares[i].end = tile;
    }
}

size_t quell_shares_take(struct quell_share *shares, size_t workers, size_t worker, size_t *from)
{
    do {
        struct quell_share *share = &shares[*from];
        if (atomic_load(&share->next) < share->end) {
            size_t tile = atomic_fetch_add(&share->next, 1);
            if (tile < share->end) return tile;
        }
        *from = (*from + 1) % workers;
    } while (*from != worker);
    return SIZE_MAX;
}
