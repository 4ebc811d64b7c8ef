/* SPDX-License-Identifier: MIT */
/* What the kernel would still give in threads, by what can be read of its limits. */
#ifndef QUELL_ENGINE_TASKS_H
#define QUELL_ENGINE_TASKS_H

#include <stddef.h>

/* At least so many more threads may be made by the user on the machine, and in the calling
 * thread's cgroup and those above it; 0 where one of the limits cannot be read, or hides behind a
 * container's wall. No memory is asked for; each takes some 20 microseconds. */
size_t quell_tasks_of_machine(void);
size_t quell_tasks_of_groups(void);

/* The latter by other files: the lines of /proc/thread-self/cgroup, and what is mounted in
 * `root`. */
size_t quell_tasks_of(const char *lines, const char *root);

#endif
