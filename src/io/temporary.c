/* SPDX-License-Identifier: MIT */
#include "io/temporary.h"
#include "base/memory.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define MOST_NAMES 1000
#define MOST_LINKS 40

static char *copy_text(const char *text)
{
    size_t size = strlen(text) + 1;
    char *copy = quell_new(size, 1);
    if (copy) memcpy(copy, text, size);
    return copy;
}

/* The length of a path up to its last component. */
static size_t folder_of(const char *path)
{
    const char *slash = strrchr(path, '/');
    return slash ? (size_t)(slash - path) + 1 : 0;
}

/* Follows the links of `path`, which it frees, and returns the name of what is no link any more. */
static char *follow(char *path)
{
    for (int links = 0; path && links < MOST_LINKS; links++) {
        char to[PATH_MAX];
        ssize_t length = readlink(path, to, sizeof to);
        if (length < 0) return path;
        size_t folder = *to == '/' ? 0 : folder_of(path);
        char *next = quell_new(folder + (size_t)length + 1, 1);
        if (next) memcpy(next, path, folder);
        if (next) memcpy(next + folder, to, (size_t)length);
        free(path);
        path = next;
    }
    free(path);
    errno = path ? ELOOP : ENOMEM;
    return NULL;
}

char *quell_temporary_target(const char *path)
{
    char *target = realpath(path, NULL);
    if (target) return target;
    int reason = errno;
    target = reason == ENOMEM ? NULL : copy_text(path); /* it may be a link */
    if (!target) errno = ENOMEM;
    return target && (reason == ENOENT || reason == EACCES) ? follow(target) : target;
}

char *quell_temporary_spoken(const char *path)
{
    struct stat status;
    int reason = errno;
    bool link = !lstat(path, &status) && S_ISLNK(status.st_mode);
    char *target = link ? quell_temporary_target(path) : NULL, *spoken = NULL;
    size_t size = target ? strlen(path) + strlen(target) + 16 : 0;
    if (target) spoken = quell_new(size, 1);
    if (spoken) snprintf(spoken, size, "%s, a link to %s", path, target);
    free(target);
    if (!spoken) spoken = copy_text(path);
    errno = reason;
    return spoken;
}

/* FNV-1a */
static uint32_t number_of(const char *name)
{
    uint32_t number = 2166136261u;
    for (; *name; name++) number = (number ^ (unsigned char)*name) * 16777619u;
    return number;
}

char *quell_temporary_name(const char *target, const char *suffix)
{
    size_t folder = folder_of(target), tail = strlen(suffix), kept = strlen(target) - folder;
    size_t size = folder + kept + tail + 16;
    char *name = quell_new(size, 1), number[16] = "";
    if (!name) return NULL;
    if (kept + tail > NAME_MAX) {
        snprintf(number, sizeof number, "~%08lx", (unsigned long)number_of(target + folder));
        kept = NAME_MAX - tail - strlen(number);
        while (kept && ((unsigned char)target[folder + kept] & 0xC0) == 0x80) kept--; /* UTF-8 */
    }
    snprintf(name, size, "%.*s%s%s", (int)(folder + kept), target, number, suffix);
    return name;
}

/* Creates TARGET.PID.N.part, for the first N = 0, 1, ... for which `make` creates a new file. */
static int create(const char *target, char **temporary, int (*make)(int file, const char *name),
                  int file)
{
    for (int n = 0; n < MOST_NAMES; n++) {
        char suffix[48];
        snprintf(suffix, sizeof suffix, ".%ld.%d.part", (long)getpid(), n);
        char *name = quell_temporary_name(target, suffix);
        if (!name) {
            errno = ENOMEM;
            return -1;
        }
        int made = make(file, name);
        if (made >= 0) {
            *temporary = name;
            return made;
        }
        free(name);
        if (errno != EEXIST) return -1;
    }
    return -1;
}

/* A file that will replace another one must not be readable by other users meanwhile. */
static int make_new(int replaced, const char *name)
{
    return open(name, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, replaced ? 0600 : 0666);
}

static int make_link(int file, const char *name)
{
    char own[64];
    snprintf(own, sizeof own, "/proc/self/fd/%d", file);
    return linkat(AT_FDCWD, own, AT_FDCWD, name, AT_SYMLINK_FOLLOW);
}

static int is_there(const char *target)
{
    struct stat status;
    return !stat(target, &status);
}

int quell_temporary_unnamed(const char *target)
{
    size_t folder = folder_of(target);
    char *name = quell_new(folder + 2, 1), own[64];
    if (!name) return -1;
    memcpy(name, folder ? target : ".", folder ? folder : 1);
    int file = open(name, O_TMPFILE | O_WRONLY | O_CLOEXEC, is_there(target) ? 0600 : 0666);
    free(name);
    snprintf(own, sizeof own, "/proc/self/fd/%d", file);
    if (file < 0 || !access(own, F_OK)) return file;
    close(file);
    return -1;
}

int quell_temporary_link(int file, const char *target, char **temporary)
{
    return create(target, temporary, make_link, file);
}

/* The number of a descriptor by its name: "/dev/fd/3" is 3. */
static int descriptor_of(const char *path)
{
    static const char *const folders[] = {"/dev/fd/", "/proc/self/fd/"};
    if (!strcmp(path, "/dev/stdout")) return STDOUT_FILENO;
    if (!strcmp(path, "/dev/stderr")) return STDERR_FILENO;
    for (size_t i = 0; i < sizeof folders / sizeof *folders; i++) {
        size_t length = strlen(folders[i]);
        if (strncmp(path, folders[i], length)) continue;
        const char *digits = path + length;
        if (*digits && strlen(digits) < 9 && !digits[strspn(digits, "0123456789")])
            return atoi(digits);
    }
    return -1;
}

int quell_temporary_is_in_place(const char *path)
{
    struct stat status;
    if (descriptor_of(path) >= 0) return 1;
    return !stat(path, &status) && !S_ISREG(status.st_mode) && !S_ISDIR(status.st_mode);
}

int quell_temporary_in_place(const char *path, const char **problem)
{
    int own = descriptor_of(path);
    *problem = "cannot be opened";
    if (own >= 0) return fcntl(own, F_DUPFD_CLOEXEC, 3);
    if (quell_temporary_is_in_place(path)) return open(path, O_WRONLY | O_CLOEXEC | O_NOCTTY);
    errno = 0;
    return -1;
}

static int stat_folder(const char *name, struct stat *status)
{
    size_t folder = folder_of(name);
    char *path = quell_new(folder + 2, 1);
    if (!path) return -1;
    memcpy(path, folder ? name : ".", folder ? folder : 1);
    int failed = stat(path, status);
    free(path);
    return failed;
}

int quell_temporary_is_sticky(const char *name)
{
    struct stat folder;
    return !stat_folder(name, &folder) && folder.st_mode & S_ISVTX;
}

/* Whether the rename at the end would be refused. This must be found out before all samples are
 * drawn. */
static int is_kept(const char *target, const struct stat *status)
{
    struct stat folder;
    uid_t own = geteuid();
    return own && status->st_uid != own && !stat_folder(target, &folder) &&
           folder.st_mode & S_ISVTX && folder.st_uid != own;
}

int quell_temporary_check(const char *target, const char **problem)
{
    struct stat status;
    *problem = "cannot be created";
    if (stat(target, &status)) return errno == ENOENT ? 0 : -1;
    *problem = "cannot be written";
    if (S_ISDIR(status.st_mode)) {
        errno = EISDIR;
        return -1;
    }
    if (access(target, W_OK)) return -1;
    if (!is_kept(target, &status)) return 0;
    *problem = "is another user's, in a folder where only its owner may replace it";
    errno = EPERM;
    return -1;
}

static int open_beside(const char *target, char **temporary, const char **problem)
{
    if (quell_temporary_check(target, problem)) return -1;
    int replaced = is_there(target), file = create(target, temporary, make_new, replaced);
    *problem = replaced ? "a new file beside it cannot be created" : "cannot be created";
    if (file >= 0) quell_temporary_dress(file, target);
    return file;
}

int quell_temporary_open(const char *path, char **target, char **temporary, const char **problem)
{
    *temporary = NULL;
    *target = quell_temporary_target(path);
    int file = *target ? quell_temporary_in_place(path, problem) : -1;
    if (!*target) *problem = "cannot be created";
    if (file < 0 && *target && !errno) file = open_beside(*target, temporary, problem);
    if (file >= 0) return file;
    int reason = errno;
    free(*target);
    *target = NULL;
    errno = reason;
    return -1;
}
