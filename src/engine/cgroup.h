/* SPDX-License-Identifier: MIT */
/* The control group (cgroup, version 1 or 2) of the calling thread, and the groups above it. */
#ifndef QUELL_ENGINE_CGROUP_H
#define QUELL_ENGINE_CGROUP_H

#include <stdbool.h>
#include <stddef.h>

/* A group in one hierarchy. */
struct quell_cgroup {
    char folder[1024]; /* the folder of the group */
    size_t top;        /* the length of the part of `folder` at which the hierarchy is mounted */
    int version;       /* of cgroups: 1 or 2 */
};

/* Finds the group of a controller ("pids", "cpu"). `lines` is the text of /proc/thread-self/cgroup,
 * and `root` is "/sys/fs/cgroup", where systemd mounts all hierarchies. Returns false if there is
 * no such group, or if its path leads outside the root. */
bool quell_cgroup_find(const char *lines, const char *root, const char *controller,
                       struct quell_cgroup *group);

/* Moves to the group above. Returns false if this is the topmost group that can be seen. */
bool quell_cgroup_up(struct quell_cgroup *group);

/* The first returns whether the group has a file of this name. The second reads the beginning of
 * that file into text[size] and returns its length, or -1. */
bool quell_cgroup_has(const struct quell_cgroup *group, const char *name);
long quell_cgroup_read(const struct quell_cgroup *group, const char *name, char *text, size_t size);

/* Reads the beginning of a small file into text[size] and ends it with a '\0'. Returns its length,
 * or -1. */
long quell_read_file(const char *path, char *text, size_t size);

/* Reads all lines about the calling thread's groups. Returns false if they cannot be read. */
bool quell_cgroup_lines(char *text, size_t size);

#endif
