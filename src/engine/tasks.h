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

/* Reads the beginning of a small file into text[size], and ends it with a zero; its length, or -1.
 */
long quell_read_file(const char *path, char *text, size_t size);

#endif
