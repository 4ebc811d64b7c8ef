/* SPDX-License-Identifier: MIT */
/* Every estimate here is a lower bound: every task of the machine counts against the user's limit,
 * and a limit that cannot be read counts as 0. */
#include "tasks.h"
#include "cgroup.h"

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/sysinfo.h>

/* Reads a number from a text; "max" stands for SIZE_MAX. Returns false if the text has no
 * number. */
static bool take_number(const char *text, size_t *number)
{
    char *end;
    *number = SIZE_MAX;
    if (!strncmp(text, "max", 3)) return true;
    *number = strtoul(text, &end, 10);
    return end != text;
}

static bool read_number(const char *path, size_t *number)
{
    char text[64];
    return quell_read_file(path, text, sizeof text) > 0 && take_number(text, number);
}

static bool read_of_group(const struct quell_cgroup *group, const char *name, size_t *number)
{
    char text[64];
    return quell_cgroup_read(group, name, text, sizeof text) > 0 && take_number(text, number);
}

static size_t rest(size_t limit, size_t used) { return limit > used ? limit - used : 0; }

static size_t least(size_t a, size_t b) { return a < b ? a : b; }

/* Counts the machine's tasks, by /proc/loadavg and by the system call, which counts to 65535. Both
 * are read because a container may have a /proc/loadavg of its own. */
static size_t count_tasks(void)
{
    char text[128];
    struct sysinfo information;
    if (quell_read_file("/proc/loadavg", text, sizeof text) < 1) return 0;
    const char *slash = strchr(text, '/');
    size_t count = slash ? strtoul(slash + 1, NULL, 10) : 0;
    if (!count || sysinfo(&information)) return 0;
    return count > information.procs ? count : information.procs;
}

/* Returns whether the user's limit can be read. A user namespace has the limit of its creator,
 * which cannot be read inside. */
static bool sees_users_limit(void)
{
    char text[128];
    unsigned long inside = 1, outside = 1, count = 0;
    return quell_read_file("/proc/self/uid_map", text, sizeof text) > 0 &&
           sscanf(text, "%lu %lu %lu", &inside, &outside, &count) == 3 && !inside && !outside &&
           count == UINT32_MAX;
}

size_t quell_tasks_of_machine(void)
{
    struct rlimit own;
    size_t threads, numbers, count = count_tasks();
    if (!count || !sees_users_limit() || getrlimit(RLIMIT_NPROC, &own) ||
        !read_number("/proc/sys/kernel/threads-max", &threads) ||
        !read_number("/proc/sys/kernel/pid_max", &numbers))
        return 0;
    size_t most = least(threads, numbers);
    if (own.rlim_cur != RLIM_INFINITY) most = least(most, own.rlim_cur);
    return rest(most, count);
}

/* Returns how many more tasks one group allows: SIZE_MAX if it has no limit of its own. */
static size_t free_of_group(const struct quell_cgroup *group)
{
    size_t limit, used;
    if (!quell_cgroup_has(group, "cgroup.procs")) return 0;
    if (!quell_cgroup_has(group, "pids.max")) return SIZE_MAX;
    if (!read_of_group(group, "pids.max", &limit)) return 0;
    if (limit == SIZE_MAX) return limit;
    return read_of_group(group, "pids.current", &used) ? rest(limit, used) : 0;
}

/* Returns the least number of the group and all groups above it. Only the hierarchy's root has
 * neither a limit nor a type; if the topmost group that can be seen has one, a container hides the
 * groups above, and the result is 0. */
size_t quell_tasks_of(const char *lines, const char *root)
{
    struct quell_cgroup group;
    if (!quell_cgroup_find(lines, root, "pids", &group)) return 0;
    size_t found = free_of_group(&group);
    while (found && quell_cgroup_up(&group)) found = least(found, free_of_group(&group));
    return quell_cgroup_has(&group, "pids.max") || quell_cgroup_has(&group, "cgroup.type") ? 0
                                                                                           : found;
}

size_t quell_tasks_of_groups(void)
{
    char lines[4096];
    return quell_cgroup_lines(lines, sizeof lines) ? quell_tasks_of(lines, "/sys/fs/cgroup") : 0;
}
