/* SPDX-License-Identifier: MIT */
#include "limits.h"
#include "cgroup.h"

#include <sched.h>
#include <stdatomic.h>
#include <stdio.h>

/* Returns ceil(quota / period) of one group, or 0 if it has no quota. */
static size_t processors_of(const struct quell_cgroup *group)
{
    char quota[64] = "", period[64] = "";
    long most = 0, every = 0;
    if (group->version == 2) {
        if (quell_cgroup_read(group, "cpu.max", quota, sizeof quota) < 1) return 0;
        if (sscanf(quota, "%ld %ld", &most, &every) != 2) return 0;
    } else {
        if (quell_cgroup_read(group, "cpu.cfs_quota_us", quota, sizeof quota) < 1) return 0;
        if (quell_cgroup_read(group, "cpu.cfs_period_us", period, sizeof period) < 1) return 0;
        if (sscanf(quota, "%ld", &most) != 1 || sscanf(period, "%ld", &every) != 1) return 0;
    }
    if (most <= 0 || every <= 0) return 0;
    return (size_t)(most / every) + (most % every != 0);
}

/* Returns the least number of the group and all groups above it. In a container that does not see
 * its own path, the topmost folder is that of the group. */
size_t quell_processors_of(const char *lines, const char *root)
{
    struct quell_cgroup group;
    size_t found = 0;
    if (!quell_cgroup_find(lines, root, "cpu", &group)) return 0;
    do {
        size_t own = processors_of(&group);
        if (own && (!found || own < found)) found = own;
    } while (quell_cgroup_up(&group));
    return found;
}

static size_t read_groups(void)
{
    char lines[4096];
    return quell_cgroup_lines(lines, sizeof lines) ? quell_processors_of(lines, "/sys/fs/cgroup")
                                                   : 0;
}

/* An affinity mask with more processors than cpu_set_t holds counts as no limit. */
size_t quell_affinity_limit(void)
{
    cpu_set_t set;
    if (sched_getaffinity(0, sizeof set, &set)) return 0;
    return (size_t)CPU_COUNT(&set);
}

size_t quell_cgroup_limit(void)
{
    static atomic_size_t quota; /* 1 + the limit; 0: not read yet */
    size_t known = atomic_load(&quota);
    if (!known) atomic_store(&quota, known = read_groups() + 1);
    return known - 1;
}
