/* SPDX-License-Identifier: MIT */
/* How many threads the system allows this process. OpenMP's settings play no part here. */
#ifndef QUELL_ENGINE_LIMITS_H
#define QUELL_ENGINE_LIMITS_H

#include <stddef.h>

/* Returns the number of processors in the affinity mask, or 0 if it is not known. */
size_t quell_affinity_limit(void);

/* Returns ceil(quota / period) of the calling thread's cgroup or of one above it, whichever is
 * least, or 0 if none has a quota. The files are read once. Thread-safe. */
size_t quell_cgroup_limit(void);

/* Computes the same from other files: `lines` is the text of /proc/thread-self/cgroup, and `root`
 * is the folder where hierarchies are mounted. */
size_t quell_processors_of(const char *lines, const char *root);

#endif
