/* SPDX-License-Identifier: MIT */
/* The record beside an unfinished file. It is a text of five lines and then the settings:
 *
 *     An unfinished file of `quell sample`: ...
 *     sure    SAMPLES DIGEST CHECK       DIGEST is that of the samples, CHECK that of
 *     written SAMPLES DIGEST CHECK       the line's text before it
 *     boot    which start of which machine wrote it
 *     rest    BYTES DIGEST               of the settings
 *
 * The digests show whether a record was damaged or cut off, or belongs to another run. */
#ifndef QUELL_CLI_RESUME_PARTIAL_RECORD_H
#define QUELL_CLI_RESUME_PARTIAL_RECORD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* The file's first `rows` samples, and the digest of their bytes. */
struct record_mark {
    size_t rows;
    uint64_t digest;
};

/* written: everything that was finished. sure: what is on the disk, even if the machine stops. */
enum record_line { RECORD_SURE, RECORD_WRITTEN, RECORD_LINES };

/* file: a descriptor of the record. same_boot: the machine has not been restarted, so nothing was
 * lost. */
struct record {
    int file;
    struct record_mark mark[RECORD_LINES];
    bool same_boot;
};

/* Writes a new record and returns its descriptor, or -1 with errno. It gets the mode and the owner
 * of the file `target`, if that exists, because the settings tell what a secret was made of. */
int record_write(const char *name, const char *target, const char *settings);

/* Writes a mark. Returns 0, or -1 with errno. It does not bring it to the disk: fdatasync()
 * does. */
int record_put(int file, enum record_line line, const struct record_mark *mark);

/* Checks that a file of this name may be overwritten: there is none, or it is a record or the
 * beginning of one. This and record_read() return an exit code, and have complained if it is not
 * EXIT_DONE. */
int record_replaceable(const char *name);

/* What writing and reading have in common. */
#define RECORD_ABOUT \
    "An unfinished file of `quell sample`: the same command with --resume goes on with it.\n"
#define RECORD_BOOT 64
#define RECORD_MARK 55 /* bytes of a line of a mark */

/* The line of a mark, with its final '\n' and '\0'. */
void record_line(char text[RECORD_MARK + 1], enum record_line line, const struct record_mark *mark);

/* Writes a text that identifies the start of this machine: until the next start, nothing that was
 * written is lost. */
void record_boot(char boot[RECORD_BOOT]);

/* The line about the settings. Returns its length. */
size_t record_rest(char *text, size_t size, const char *settings, size_t length);

/* Reads a record and compares its settings with those of this run. */
int record_read(const char *name, const char *part, const char *settings, struct record *record);

#endif
