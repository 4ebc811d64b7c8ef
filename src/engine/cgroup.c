/* SPDX-License-Identifier: MIT */
#include "cgroup.h"

#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#define PATH_SIZE 1100

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

bool quell_cgroup_lines(char *text, size_t size)
{
    long length = quell_read_file("/proc/thread-self/cgroup", text, size);
    return length > 0 && (size_t)length + 1 < size;
}

bool quell_cgroup_has(const struct quell_cgroup *group, const char *name)
{
    char path[PATH_SIZE];
    int length = snprintf(path, sizeof path, "%s/%s", group->folder, name);
    return length > 0 && (size_t)length < sizeof path && !access(path, F_OK);
}

long quell_cgroup_read(const struct quell_cgroup *group, const char *name, char *text, size_t size)
{
    char path[PATH_SIZE];
    int length = snprintf(path, sizeof path, "%s/%s", group->folder, name);
    return length > 0 && (size_t)length < sizeof path ? quell_read_file(path, text, size) : -1;
}

/* Returns the path in a line "ID:CONTROLLERS:PATH" if `controller` is one of the controllers or, if
 * `controller` is empty, the path in "0::PATH", the line of version 2. Returns NULL for other
 * lines. */
static const char *path_of(const char *line, const char *controller)
{
    const char *word = strchr(line, ':');
    size_t length = strlen(controller);
    if (!word) return NULL;
    for (word++;; word++) {
        size_t size = strcspn(word, ",:\n");
        if (size == length && !strncmp(word, controller, length)) {
            word = strchr(word, ':');
            return word ? word + 1 : NULL;
        }
        word += size;
        if (*word != ',') return NULL;
    }
}

static const char *find_line(const char *lines, const char *controller)
{
    while (lines && *lines) {
        const char *path = path_of(lines, controller);
        if (path) return path;
        lines = strchr(lines, '\n');
        if (lines) lines++;
    }
    return NULL;
}

/* Stores the folder of a group, if a hierarchy is mounted at `mount` in the root. `path` is the
 * group's path in the hierarchy. */
static bool take(struct quell_cgroup *group, const char *root, const char *mount, const char *path)
{
    int length = snprintf(group->folder, sizeof group->folder, "%s%s", root, mount);
    if (length < 0 || (size_t)length >= sizeof group->folder) return false;
    if (!quell_cgroup_has(group, "cgroup.procs")) return false;
    group->top = (size_t)length;
    size_t size = strcspn(path, "\n");
    if (group->top + size >= sizeof group->folder) return false;
    memcpy(group->folder + group->top, path, size);
    group->folder[group->top + size] = '\0';
    if (strstr(group->folder + group->top, "/..")) return false;
    while (group->folder[group->top] && group->folder[strlen(group->folder) - 1] == '/')
        group->folder[strlen(group->folder) - 1] = '\0';
    return true;
}

bool quell_cgroup_find(const char *lines, const char *root, const char *controller,
                       struct quell_cgroup *group)
{
    char first[64];
    const char *path = find_line(lines, controller);
    group->version = path ? 1 : 2;
    snprintf(first, sizeof first, "/%s", controller);
    if (path) return take(group, root, first, path);
    path = find_line(lines, "");
    return path && (take(group, root, "", path) || take(group, root, "/unified", path));
}

bool quell_cgroup_up(struct quell_cgroup *group)
{
    char *slash = strrchr(group->folder, '/');
    if (strlen(group->folder) <= group->top || !slash) return false;
    *slash = '\0';
    return true;
}
