/* SPDX-License-Identifier: MIT */
/* The record beside an unfinished file: a text, five lines of its own and then the settings:
 *
 *     An unfinished file of `quell sample`: ...
 *     sure    SAMPLES DIGEST CHECK       the digest is that of the samples, the check that of the
 *     written SAMPLES DIGEST CHECK       line before it
 *     boot    which start of which machine wrote it
 *     rest    BYTES DIGEST               of the settings
 *
 * A record that was damaged or cut is told from one of another run by its digests. */
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

/* written: all that was finished. sure: what is safe even if the machine ends. */
enum record_line { RECORD_SURE, RECORD_WRITTEN, RECORD_LINES };

/* file: a descriptor of it. same_boot: the machine has gone on since, and has lost nothing. */
struct record {
    int file;
    struct record_mark mark[RECORD_LINES];
    bool same_boot;
};

/* Writes a new one and returns a descriptor of it, -1 with errno on failure. It gets the mode and
 * the owner of the file `target`, if that is there: the settings name what a secret was made of. */
int record_write(const char *name, const char *target, const char *settings);

/* 0, or -1 with errno. Nothing is made sure of: fdatasync() does. */
int record_put(int file, enum record_line line, const struct record_mark *mark);

/* Whether what has the name may be written over: a record, or the beginning of one, or nothing.
 * An exit code; it has complained if it is not EXIT_DONE. So does record_read(). */
int record_replaceable(const char *name);

/* What writing and reading have in common. */
#define RECORD_ABOUT \
    "An unfinished file of `quell sample`: the same command with --resume goes on with it.\n"
#define RECORD_BOOT 64
#define RECORD_MARK 55 /* bytes of a line of a mark */

/* The line of a mark, with its final '\n' and '\0'. */
void record_line(char text[RECORD_MARK + 1], enum record_line line, const struct record_mark *mark);

/* Which start of which machine this is: while it goes on, what was written is there. */
void record_boot(char boot[RECORD_BOOT]);

/* The line about the settings. Returns its length. */
size_t record_rest(char *text, size_t size, const char *settings, size_t length);

/* Reads it and holds it against the settings of now. */
int record_read(const char *name, const char *part, const char *settings, struct record *record);

#endif
