/* SPDX-License-Identifier: MIT */
#include "room.h"
#include "cgroup.h"

#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

/* malloc reserves this much for a thread, until it has aligned its arena. */
#define ARENA ((size_t)128 << 20)
#define SPARE ((size_t)1 << 30)
#define MOST_MAPPINGS 8192 /* an eighth of what the kernel allows by default */

static bool is_infinite(const struct rlimit *limit) { return limit->rlim_cur == RLIM_INFINITY; }

static bool leaves(const struct rlimit *limit, size_t used, size_t wanted)
{
    if (is_infinite(limit)) return true;
    size_t left = used < limit->rlim_cur ? limit->rlim_cur - used : 0;
    return left > wanted && left > limit->rlim_cur / 2;
}

bool quell_room_for(size_t threads, size_t stack)
{
    struct rlimit space, data;
    if (getrlimit(RLIMIT_AS, &space) || getrlimit(RLIMIT_DATA, &data)) return false;
    if (is_infinite(&space) && is_infinite(&data)) return true;
    char text[256];
    unsigned long pages, used;
    size_t page = (size_t)sysconf(_SC_PAGESIZE);
    if (quell_read_file("/proc/self/statm", text, sizeof text) < 1 ||
        sscanf(text, "%lu %*u %*u %*u %*u %lu", &pages, &used) != 2 ||
        stack > SIZE_MAX / 4 / (threads + 1) - ARENA)
        return false;
    size_t wanted = 2 * threads * (stack + ARENA) + SPARE;
    return leaves(&space, pages * page, wanted) && leaves(&data, used * page, wanted);
}

static bool lends(void)
{
    char text[16];
    return quell_read_file("/proc/sys/vm/overcommit_memory", text, sizeof text) > 0 &&
           (*text == '0' || *text == '1');
}

/* Returns whether no limit on locked memory applies: after mlockall, a stack counts as locked. */
static bool locks_nothing(void)
{
    struct rlimit limit;
    char text[4096];
    if (!getrlimit(RLIMIT_MEMLOCK, &limit) && is_infinite(&limit)) return true;
    if (quell_read_file("/proc/self/status", text, sizeof text) < 1) return false;
    const char *line = strstr(text, "\nVmLck:");
    return line && !strtoul(line + 7, NULL, 10);
}

static bool has_few_mappings(void)
{
    char text[16384];
    size_t lines = 0;
    int file = open("/proc/self/maps", O_RDONLY | O_CLOEXEC);
    if (file < 0) return false;
    for (long got; lines < MOST_MAPPINGS && (got = (long)read(file, text, sizeof text)) > 0;)
        for (long i = 0; i < got; i++) lines += text[i] == '\n';
    close(file);
    return lines > 0 && lines < MOST_MAPPINGS;
}

bool quell_room_at_all(void)
{
    char text[32];
    if (quell_read_file("/proc/sys/vm/max_map_count", text, sizeof text) < 1) return false;
    return strtoul(text, NULL, 10) >= 2 * MOST_MAPPINGS && lends() && locks_nothing() &&
           has_few_mappings();
}
