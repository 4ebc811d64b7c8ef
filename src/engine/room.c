/* SPDX-License-Identifier: MIT */
#include "room.h"
#include "tasks.h"

#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

#define ARENA ((size_t)128 << 20) /* that malloc reserves for a thread, until it has aligned it */
#define SPARE ((size_t)1 << 30)
#define MOST_MAPPINGS 8192 /* an eighth of what the kernel allows by default */

static bool is_infinite(int resource)
{
    struct rlimit limit;
    return !getrlimit(resource, &limit) && limit.rlim_cur == RLIM_INFINITY;
}

static bool leaves(int resource, size_t used, size_t wanted)
{
    struct rlimit limit;
    if (getrlimit(resource, &limit)) return false;
    if (limit.rlim_cur == RLIM_INFINITY) return true;
    return used < limit.rlim_cur && limit.rlim_cur - used > wanted &&
           limit.rlim_cur - used > limit.rlim_cur / 2;
}

bool quell_room_for(size_t threads, size_t stack)
{
    if (is_infinite(RLIMIT_AS) && is_infinite(RLIMIT_DATA)) return true;
    char text[256];
    unsigned long pages, data;
    size_t page = (size_t)sysconf(_SC_PAGESIZE);
    if (quell_read_file("/proc/self/statm", text, sizeof text) < 1 ||
        sscanf(text, "%lu %*u %*u %*u %*u %lu", &pages, &data) != 2 ||
        stack > SIZE_MAX / 4 / (threads + 1) - ARENA)
        return false;
    size_t wanted = 2 * threads * (stack + ARENA) + SPARE;
    return leaves(RLIMIT_AS, pages * page, wanted) && leaves(RLIMIT_DATA, data * page, wanted);
}

static bool lends(void)
{
    char text[16];
    return quell_read_file("/proc/sys/vm/overcommit_memory", text, sizeof text) > 0 &&
           (*text == '0' || *text == '1');
}

/* After mlockall a stack counts as locked. */
static bool locks_nothing(void)
{
    if (is_infinite(RLIMIT_MEMLOCK)) return true;
    char text[4096];
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
    return strtoul(text, NULL, 10) >= 2 * MOST_MAPPINGS && lends() && locks_nothing() && has_few_mappings();
}
