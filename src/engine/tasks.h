/* SPDX-License-Identifier: MIT */
/* Estimates how many more threads the kernel would allow, from the limits that can be read. */
#ifndef QUELL_ENGINE_TASKS_H
#define QUELL_ENGINE_TASKS_H

#include <stddef.h>

/* Return a lower bound on how many more threads the user may start: on this machine, and in the
 * calling thread's cgroup and those above it. They return 0 if a limit cannot be read, or if a
 * container hides it. They take no memory and some 20 microseconds for each call. */
size_t quell_tasks_of_machine(void);
size_t quell_tasks_of_groups(void);

/* Computes the second bound from other files: `lines` is the text of /proc/thread-self/cgroup, and
 * `root` is the folder where hierarchies are mounted. */
size_t quell_tasks_of(const char *lines, const char *root);

#endif
