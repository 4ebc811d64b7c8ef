/* SPDX-License-Identifier: MIT */
#include "scratch.h"

#include <dirent.h>
#include <ftw.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

struct scratch scratch_new(void)
{
    struct scratch scratch;
    const char *where = getenv("TMPDIR");
    snprintf(scratch.folder, sizeof scratch.folder, "%s/quell-test-XXXXXX", where ? where : "/tmp");
    if (!mkdtemp(scratch.folder)) {
        perror(scratch.folder);
        abort();
    }
    return scratch;
}

static int remove_entry(const char *path, const struct stat *status, int type, struct FTW *walk)
{
    (void)status, (void)type, (void)walk;
    return remove(path);
}

void scratch_remove(const struct scratch *scratch)
{
    nftw(scratch->folder, remove_entry, 16, FTW_DEPTH | FTW_PHYS);
}

struct scratch_path scratch_path(const struct scratch *scratch, const char *name)
{
    struct scratch_path path;
    snprintf(path.text, sizeof path.text, "%s/%s", scratch->folder, name);
    return path;
}

struct scratch_path scratch_write(const struct scratch *scratch, const char *name, const void *data,
                                  size_t size)
{
    struct scratch_path path = scratch_path(scratch, name);
    /* ext4 waits for the disk when a file that was emptied and written anew is closed. */
    struct stat before;
    if (!lstat(path.text, &before) && S_ISREG(before.st_mode)) unlink(path.text);
    FILE *file = fopen(path.text, "wb");
    size_t bytes = size ? size : strlen(data);
    if (!file || fwrite(data, 1, bytes, file) != bytes || fclose(file)) {
        perror(path.text);
        abort();
    }
    return path;
}

char *scratch_read(const struct scratch *scratch, const char *name, size_t *size)
{
    struct scratch_path path = scratch_path(scratch, name);
    FILE *file = fopen(path.text, "rb");
    char *text = NULL;
    size_t room = 0, filled = 0, got;
    if (!file) return NULL;
    do {
        text = realloc(text, room += 1 << 16);
        if (!text) abort();
        got = fread(text + filled, 1, room - filled - 1, file);
        filled += got;
    } while (got);
    fclose(file);
    text[filled] = '\0';
    if (size) *size = filled;
    return text;
}

int scratch_count(const struct scratch *scratch, const char *name)
{
    struct scratch_path path = scratch_path(scratch, name);
    DIR *folder = opendir(path.text);
    int count = -2; /* . and .. */
    while (folder && readdir(folder)) count++;
    if (folder) closedir(folder);
    return count;
}
