/* SPDX-License-Identifier: MIT */
/* The calling thread's cgroup and those above it, of version 1 or 2. */
#ifndef QUELL_ENGINE_CGROUP_H
#define QUELL_ENGINE_CGROUP_H

#include <stdbool.h>
#include <stddef.h>

/* folder: the group's folder, whose first `top` bytes are where the hierarchy is mounted. version:
 * 1 or 2. */
struct quell_cgroup {
    char folder[1024];
    size_t top;
    int version;
};

/* Finds the group of a controller ("pids", "cpu"). lines: the text of /proc/thread-self/cgroup.
 * root: "/sys/fs/cgroup", where systemd mounts all hierarchies. Returns false if there is no such
 * group, or if its path leads outside the root. */
bool quell_cgroup_find(const char *lines, const char *root, const char *controller,
                       struct quell_cgroup *group);

/* Moves to the group above. Returns false if this is the topmost group that can be seen. */
bool quell_cgroup_up(struct quell_cgroup *group);

/* For a file of the group: whether it exists; and its beginning, in text[size], with its length as
 * the result, or -1. */
bool quell_cgroup_has(const struct quell_cgroup *group, const char *name);
long quell_cgroup_read(const struct quell_cgroup *group, const char *name, char *text, size_t size);

/* Reads the beginning of a small file into text[size] and ends it with a '\0'. Returns its length,
 * or -1. */
long quell_read_file(const char *path, char *text, size_t size);

/* Reads all lines about the calling thread's groups; false if they cannot be read. */
bool quell_cgroup_lines(char *text, size_t size);

#endif
