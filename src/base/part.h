/* SPDX-License-Identifier: MIT */
/* How the workers of a crew divide the elements of an array. Each worker has one contiguous part.
 * (A network divides images by lines instead, which leaves a worker half of every page: reading
 * those halves back takes longer than reading whole pages of which another core has written
 * half.) */
#ifndef QUELL_BASE_PART_H
#define QUELL_BASE_PART_H

#include <stddef.h>

/* With fewer floats one worker does all: it is done before two workers could have met. */
#define QUELL_LEAST_SHARED 16384

/* Parts begin at multiples of a cache line of floats. */
#define QUELL_PART_STEP 16

/* Returns where the part of a worker begins, which is where the previous worker's part ends. */
static inline size_t quell_part_begin(size_t count, size_t worker, size_t workers)
{
    if (worker == workers) return count;
    return count / workers * worker / QUELL_PART_STEP * QUELL_PART_STEP;
}

#endif
