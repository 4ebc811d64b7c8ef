/* SPDX-License-Identifier: MIT */
#include "together.h"
#include "base/part.h"

#include <stdatomic.h>

/* The least numbers of elements that a crew shares. Below them one worker is done before two have
 * synchronised. Drawing a normal number takes as long as updating several elements. */
#define LEAST QUELL_LEAST_SHARED
#define LEAST_DRAWN (QUELL_LEAST_SHARED / 4)

static size_t least(size_t a, size_t b) { return a < b ? a : b; }

/* Moves to the next piece of a sharer's part of each row. */
static int next_shared(const struct quell_tile *tile, struct quell_piece *piece)
{
    size_t width = tile->elements;
    size_t begin = quell_part_begin(width, tile->sharer, tile->sharers);
    size_t end = quell_part_begin(width, tile->sharer + 1, tile->sharers);
    size_t next = piece->rows ? piece->element + piece->elements : begin;
    if (next == end) {
        piece->row++;
        next = begin;
    }
    if (begin == end || piece->row >= tile->rows) return 0;
    piece->rows = 1;
    piece->element = next;
    piece->elements = least(QUELL_CHUNK, end - next);
    return 1;
}

int quell_tile_next(const struct quell_tile *tile, struct quell_piece *piece)
{
    if (tile->sharers > 1) return next_shared(tile, piece);
    size_t width = tile->elements, end = piece->element + piece->elements;
    if (width <= QUELL_CHUNK || end == width) {
        piece->row += piece->rows;
        end = 0;
    }
    if (piece->row >= tile->rows) return 0;
    size_t rows = width <= QUELL_CHUNK ? quell_chunk_rows(width) : 1;
    piece->rows = least(rows, tile->rows - piece->row);
    piece->element = end;
    piece->elements = least(QUELL_CHUNK, width - end);
    return 1;
}

/* What the workers of a crew share. */
struct shared {
    const struct quell_tile *tile;
    quell_tile_part *part;
    const void *what;
    atomic_int bad;
};

/* Helpers draw noise into their own scratch memory, which no evaluation uses at this time. */
static void work(void *data, size_t worker, size_t workers)
{
    struct shared *shared = data;
    const struct quell_job *job = shared->tile->job;
    struct quell_tile own = *shared->tile;
    own.sharer = worker;
    own.sharers = workers;
    if (worker) {
        size_t number = own.worker * job->helpers + worker - 1;
        quell_tile_take_noise(&own, (float *)(void *)(job->help + number * job->per_help));
    }
    if (shared->part(&own, shared->what)) atomic_store(&shared->bad, 1);
}

int quell_tile_together(struct quell_tile *tile, bool draws, quell_tile_part *part,
                        const void *what)
{
    const struct quell_job *job = tile->job;
    if (!job->crews || tile->rows * tile->elements < (draws ? LEAST_DRAWN : LEAST))
        return part(tile, what);
    struct shared shared = {tile, part, what, 0};
    quell_crew_work_briefly(&job->crews[tile->worker], work, &shared);
    return atomic_load(&shared.bad);
}
