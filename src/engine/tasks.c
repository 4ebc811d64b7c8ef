/* SPDX-License-Identifier: MIT */
/* All of it errs to the side of too few: what counts against a user's limit is taken to be every
 * task of the machine, and a limit that cannot be seen is one. */
#include "tasks.h"

#include <fcntl.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/sysinfo.h>
#include <unistd.h>

long quell_read_file(const char *path, char *text, size_t size)
{
    int file = open(path, O_RDONLY | O_CLOEXEC);
    if (file < 0) return -1;
    long length = 0;
    while ((size_t)length + 1 < size) {
        long more = (long)read(file, text + length, size - 1 - (size_t)length);
        if (more < 0) length = -1;
        if (more <= 0) break;
        length += more;
    }
    close(file);
    if (length >= 0) text[length] = '\0';
    return length;
}

/* The number in a file; "max" is the largest. */
static bool read_number(const char *path, size_t *number)
{
    char text[64], *end;
    if (quell_read_file(path, text, sizeof text) < 1) return false;
    *number = SIZE_MAX;
    if (!strncmp(text, "max", 3)) return true;
    *number = strtoul(text, &end, 10);
    return end != text;
}

static size_t rest(size_t limit, size_t used) { return limit > used ? limit - used : 0; }

static size_t least(size_t a, size_t b) { return a < b ? a : b; }

/* Of /proc/loadavg, or, as containers may have one of their own there, of the system call, which
 * counts to 65535. */
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

/* A user namespace has its creator's limit, which cannot be read in it. */
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

/* A file of the group's; whether there is such a file. */
static bool has(const char *folder, const char *name)
{
    char path[1100];
    int length = snprintf(path, sizeof path, "%s/%s", folder, name);
    return length > 0 && (size_t)length < sizeof path && !access(path, F_OK);
}

/* What one group leaves: all, where it has no limit of its own. */
static size_t free_of_group(const char *folder)
{
    char path[1100];
    size_t limit, used;
    if (!has(folder, "cgroup.procs")) return 0;
    if (!has(folder, "pids.max")) return SIZE_MAX;
    snprintf(path, sizeof path, "%s/pids.max", folder);
    if (!read_number(path, &limit)) return 0;
    if (limit == SIZE_MAX) return limit;
    snprintf(path, sizeof path, "%s/pids.current", folder);
    return read_number(path, &used) ? rest(limit, used) : 0;
}

/* Of the group and all above it, to the hierarchy's root, which alone has no limit and no type;
 * where the topmost one has, a container hides its parents. */
static size_t free_of_groups(const char *mount, const char *path)
{
    char folder[1024];
    size_t top = strlen(mount), found = SIZE_MAX;
    int length = snprintf(folder, sizeof folder, "%s%s", mount, path);
    if (length < 0 || (size_t)length >= sizeof folder || strstr(path, "/..")) return 0;
    for (;;) {
        size_t end = strlen(folder);
        while (end > top && folder[end - 1] == '/') folder[--end] = '\0';
        found = least(found, free_of_group(folder));
        if (end == top || !found) break;
        *strrchr(folder, '/') = '\0';
    }
    return has(folder, "pids.max") || has(folder, "cgroup.type") ? 0 : found;
}

static const char *first_with(const char *const *folders, size_t count)
{
    for (size_t i = 0; i < count; i++)
        if (has(folders[i], "cgroup.procs")) return folders[i];
    return NULL;
}

/* Whether a line of /proc/self/cgroup, "ID:CONTROLLERS:PATH", has the controller of tasks. */
static bool controls_tasks(const char *line)
{
    const char *word = strchr(line, ':');
    for (; word && word[1] != '\0'; word = strchr(word + 1, ',')) {
        if (!strncmp(word + 1, "pids", 4) && (word[5] == ',' || word[5] == ':')) return true;
        if (strcspn(word + 1, ",") > strcspn(word + 1, ":")) break;
    }
    return false;
}

/* Of version 1's hierarchy of tasks, if there is one, else of version 2's. */
size_t quell_tasks_of_groups(void)
{
    static const char *const first[] = {"/sys/fs/cgroup/pids"};
    static const char *const second[] = {"/sys/fs/cgroup", "/sys/fs/cgroup/unified"};
    char text[4096], *rest_of_text = NULL;
    long length = quell_read_file("/proc/thread-self/cgroup", text, sizeof text);
    if (length < 1 || (size_t)length + 1 >= sizeof text) return 0;
    const char *unified = NULL, *pids = NULL;
    for (char *line = strtok_r(text, "\n", &rest_of_text); line;
         line = strtok_r(NULL, "\n", &rest_of_text)) {
        if (controls_tasks(line)) pids = strchr(strchr(line, ':') + 1, ':');
        if (!strncmp(line, "0::", 3)) unified = line + 2;
    }
    const char *mount = pids ? first_with(first, 1) : first_with(second, 2);
    const char *path = pids ? pids : unified;
    return mount && path ? free_of_groups(mount, path + 1) : 0;
}
