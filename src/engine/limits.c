/* SPDX-License-Identifier: MIT */
#include "limits.h"

#include <sched.h>
#include <stdatomic.h>
#include <stdio.h>

/* Reads the limit of cgroup v2. */
static size_t read_cgroup(void)
{
    FILE *file = fopen("/sys/fs/cgroup/cpu.max", "re");
    if (!file) return 0;
    long quota = 0, period = 0;
    int fields = fscanf(file, "%ld %ld", &quota, &period);
    fclose(file);
    if (fields != 2 || quota <= 0 || period <= 0) return 0;
    return (size_t)((quota + period - 1) / period);
}

/* An affinity mask with more processors than cpu_set_t holds is taken for no limit. */
size_t quell_affinity_limit(void)
{
    cpu_set_t set;
    if (sched_getaffinity(0, sizeof set, &set)) return 0;
    return (size_t)CPU_COUNT(&set);
}

size_t quell_cgroup_limit(void)
{
    static atomic_size_t quota; /* 1 + the limit */
    size_t known = atomic_load(&quota);
    if (!known) atomic_store(&quota, known = read_cgroup() + 1);
    return known - 1;
}
