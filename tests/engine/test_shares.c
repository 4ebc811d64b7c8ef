/* SPDX-License-Identifier: MIT */
/* Each worker has a share of the tiles. It takes the tiles of its own share first, and then those
 * of others; every tile is taken once. */
#include "harness.h"
#include "engine/shares.h"

#include <omp.h>
#include <stdint.h>
#include <string.h>

enum { MOST_TILES = 997, MOST_WORKERS = 8 };

static struct quell_share shares[MOST_WORKERS];

/* One worker alone takes all: its own share first, then the next worker's, and so on. */
TEST(shares, one_worker_takes_all)
{
    for (size_t workers = 1; workers <= MOST_WORKERS; workers++)
        for (size_t tiles = 0; tiles <= 40; tiles++)
            for (size_t worker = 0; worker < workers; worker++) {
                quell_shares_begin(shares, workers, tiles);
                size_t from = worker, first = tiles / workers * worker;
                first += worker < tiles % workers ? worker : tiles % workers;
                for (size_t i = 0; i < tiles; i++) {
                    size_t tile = quell_shares_take(shares, workers, worker, &from);
                    CHECK(tile == (first + i) % tiles, "%zu of %zu: took %zu as number %zu", worker,
                          workers, tile, i);
                }
                CHECK(quell_shares_take(shares, workers, worker, &from) == SIZE_MAX, "one more");
                CHECK(quell_shares_take(shares, workers, worker, &from) == SIZE_MAX, "one more");
            }
}

TEST(shares, threads_take_each_once)
{
    for (size_t round = 0; round < 200; round++) {
        unsigned char taken[MOST_TILES] = {0};
        size_t workers = round % MOST_WORKERS + 1, tiles = MOST_TILES - round;
        quell_shares_begin(shares, workers, tiles);
#pragma omp parallel num_threads((int)workers)
        {
            size_t worker = (size_t)omp_get_thread_num(), from = worker;
            for (size_t i; (i = quell_shares_take(shares, workers, worker, &from)) != SIZE_MAX;)
                taken[i]++;
        }
        for (size_t i = 0; i < tiles; i++)
            CHECK(taken[i] == 1, "%zu workers: tile %zu of %zu taken %d times", workers, i, tiles,
                  taken[i]);
    }
}
