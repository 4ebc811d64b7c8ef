/* SPDX-License-Identifier: MIT */
#include "cli/outputs.h"
#include "cli/cli.h"
#include "io/ending.h"
#include "io/temporary.h"

#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

bool is_standard_output(const char *path)
{
    static const char *const names[] = {"-", "/dev/stdout", "/dev/fd/1", "/proc/self/fd/1"};
    for (size_t i = 0; i < sizeof names / sizeof *names; i++)
        if (!strcmp(path, names[i])) return true;
    return false;
}

bool is_same_file(const char *a, const char *b)
{
    struct stat one, other;
    return !stat(a, &one) && !stat(b, &other) && S_ISREG(one.st_mode) &&
           one.st_dev == other.st_dev && one.st_ino == other.st_ino;
}

int places_check(const struct place *outputs, const struct place *inputs)
{
    for (; outputs->option; outputs++)
        for (const struct place *in = inputs; in->option; in++)
            if (outputs->path && in->path && is_same_file(outputs->path, in->path))
                return complain(EXIT_USAGE, "%s %s: is the file of %s: name another",
                                outputs->option, outputs->path, in->option);
    return EXIT_DONE;
}

int standard_check(const char *option, const char *path, int json)
{
    if (!path || !is_standard_output(path)) return EXIT_DONE;
    if (json)
        return complain(EXIT_USAGE, "--json and %s %s: both want standard output", option, path);
    if (isatty(STDOUT_FILENO))
        return complain(EXIT_USAGE, "%s %s: standard output is a terminal; redirect it", option,
                        path);
    return EXIT_DONE;
}

/* Finds the file system of the folder in which a file is written, or that of standard output if
 * this is a file. Returns false if the output is not written to a disk, but to a pipe or a device.
 */
static bool find_system(const char *path, struct statvfs *system)
{
    struct stat status;
    if (is_standard_output(path))
        return !fstat(STDOUT_FILENO, &status) && S_ISREG(status.st_mode) &&
               !fstatvfs(STDOUT_FILENO, system);
    if (quell_temporary_is_in_place(path)) return false;
    char *target = quell_temporary_target(path), *slash = target ? strrchr(target, '/') : NULL;
    if (slash) slash[slash == target] = '\0';
    bool found = target && !statvfs(slash ? target : ".", system);
    free(target);
    return found;
}

/* Sets *bytes to the free space of the file system in which a file is, or would be. Returns false
 * if the file system does not report it; some report that they have no blocks at all. */
static bool free_beside(const char *path, uint64_t *bytes)
{
    struct statvfs system;
    if (!find_system(path, &system) || !system.f_blocks) return false;
    if (__builtin_mul_overflow((uint64_t)system.f_bavail, system.f_frsize, bytes))
        *bytes = UINT64_MAX;
    return true;
}

/* A number of bytes as a text, such as "35 GB". */
struct size_words {
    char text[24];
};
static struct size_words size_words(uint64_t bytes)
{
    static const char *const units[] = {"bytes", "kB", "MB", "GB", "TB", "PB", "EB"};
    struct size_words words;
    double value = (double)bytes;
    size_t unit = 0;
    while (value >= 999.5 && unit + 1 < sizeof units / sizeof *units) value /= 1000, unit++;
    snprintf(words.text, sizeof words.text, "%.3g %s", value, units[unit]);
    return words;
}

int room_check(const char *option, const char *path, uint64_t bytes, uint64_t there)
{
    uint64_t room = 0;
    if (bytes <= there || !free_beside(path, &room) || bytes - there <= room) return EXIT_DONE;
    return complain(EXIT_FILE, "%s %s: would have %s, but the disk has %s free", option, path,
                    size_words(bytes).text, size_words(room).text);
}

int outputs_open(struct quell_output *output, const char *option, const char *path, uint64_t bytes)
{
    int code = room_check(option, path, bytes, 0);
    if (code != EXIT_DONE) return code;
    quell_status status =
        is_standard_output(path) ? quell_output_standard(output) : quell_output_open(output, path);
    return status ? complain_run(status) : EXIT_DONE;
}

int format_check(const char *option, const char *path, const char *own, bool plots)
{
    static const char *const pictures[] = {".png", ".svg", ".jpg", ".jpeg", ".gif", ".pdf"};
    const char *hint = "";
    if (!path || !quell_ending_is_other(path, own)) return EXIT_DONE;
    for (size_t i = 0; plots && i < sizeof pictures / sizeof *pictures; i++)
        if (quell_ending_is(path, pictures[i])) hint = ", or see --plot";
    return complain(EXIT_USAGE, "%s %s: would be written as %s: name it so%s", option, path, own,
                    hint);
}
