/* SPDX-License-Identifier: MIT */
/* The calling thread's cgroup and those above it, of version 1 or 2. */
#ifndef QUELL_ENGINE_CGROUP_H
#define QUELL_ENGINE_CGROUP_H

#include <stdbool.h>
#include <stddef.h>

/* folder: of the group; its first `top` bytes are where the hierarchy is mounted. version: 1 or
 * 2. */
struct quell_cgroup {
    char folder[1024];
    size_t top;
    int version;
};

/* Finds the group that a controller ("pids", "cpu") goes by. lines: of /proc/thread-self/cgroup.
 * root: "/sys/fs/cgroup", where all hierarchies are mounted as systemd does it. False: there is
 * none there, or its path leads outside. */
bool quell_cgroup_find(const char *lines, const char *root, const char *controller,
                       struct quell_cgroup *group);

/* Goes on to the group above. False: this is the topmost that can be seen. */
bool quell_cgroup_up(struct quell_cgroup *group);

/* A file of the group's: whether there is one, and its beginning in text[size]; its length, or
 * -1. */
bool quell_cgroup_has(const struct quell_cgroup *group, const char *name);
long quell_cgroup_read(const struct quell_cgroup *group, const char *name, char *text, size_t size);

/* Reads the beginning of a small file into text[size], and ends it with a zero; its length, or
 * -1. */
long quell_read_file(const char *path, char *text, size_t size);

/* Reads all lines about the calling thread's groups; false if they cannot be read. */
bool quell_cgroup_lines(char *text, size_t size);

#endif
