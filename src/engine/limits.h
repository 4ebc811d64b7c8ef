/* SPDX-License-Identifier: MIT */
/* How many threads the system allows this process. OpenMP's settings play no part here. */
#ifndef QUELL_ENGINE_LIMITS_H
#define QUELL_ENGINE_LIMITS_H

#include <stddef.h>

/* The number of processors in the affinity mask; 0 if it is not known. */
size_t quell_affinity_limit(void);

/* ceil(quota / period), the least of the calling thread's cgroup and those above it, read once; 0
 * if there is none. Thread-safe. */
size_t quell_cgroup_limit(void);

/* The same for other files: lines is the text of /proc/thread-self/cgroup, and root the folder
 * where hierarchies are mounted. */
size_t quell_processors_of(const char *lines, const char *root);

#endif
