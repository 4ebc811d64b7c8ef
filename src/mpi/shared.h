/* SPDX-License-Identifier: MIT */
#ifndef QUELL_MPI_SHARED_H
#define QUELL_MPI_SHARED_H

#include <sched.h>
#include <stddef.h>

/* Returns the number of processors of masks[self], if each is divided among the ranks whose masks
 * contain it, rounded down, but at least 1. */
size_t quell_share_processors(const cpu_set_t *masks, size_t ranks, size_t self);

#endif
