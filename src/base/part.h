/* SPDX-License-Identifier: MIT */
/* The parts of an array whose elements the workers of a crew divide among themselves. Each has one
 * run of them: a network divides images by lines, but to read every other half a page of what one
 * has written oneself takes longer than to read whole pages of which another core has written
 * half. */
#ifndef QUELL_BASE_PART_H
#define QUELL_BASE_PART_H

#include <stddef.h>

/* An array with fewer floats is left to one worker, who is done before two have met. */
#define QUELL_LEAST_SHARED 16384

/* Parts begin at multiples of a cache line of floats. */
#define QUELL_PART_STEP 16

/* Where the part of a worker begins, and that of the one before it ends. */
static inline size_t quell_part_begin(size_t count, size_t worker, size_t workers)
{
    if (worker == workers) return count;
    return count / workers * worker / QUELL_PART_STEP * QUELL_PART_STEP;
}

#endif
