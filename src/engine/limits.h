/* SPDX-License-Identifier: MIT */
/* What the system allows this process in threads. Neither knows of OpenMP. */
#ifndef QUELL_ENGINE_LIMITS_H
#define QUELL_ENGINE_LIMITS_H

#include <stddef.h>

/* The processors in the affinity mask; 0 if that is not known. */
size_t quell_affinity_limit(void);

/* ceil(quota / period) of the cgroup, read once; 0 if there is none. Thread-safe. */
size_t quell_cgroup_limit(void);

#endif
