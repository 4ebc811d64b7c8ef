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

/* RECORD_WRITTEN marks all samples that were finished, RECORD_SURE those that are on the disk even
 * if the machine stops. */
enum record_line { RECORD_SURE, RECORD_WRITTEN, RECORD_LINES };

struct record {
    int file; /* a descriptor of the record */
    struct record_mark mark[RECORD_LINES];
    bool same_boot; /* the machine has not been restarted since, so nothing was lost */
};

/* Writes a new record, and returns its descriptor, or -1 with errno. If the file `target` exists,
 * the record gets its mode and owner, because the settings may reveal how a secret file was
 * made. */
int record_write(const char *name, const char *target, const char *settings);

/* Writes a mark. Returns 0, or -1 with errno. The caller brings it to the disk by fdatasync(). */
int record_put(int file, enum record_line line, const struct record_mark *mark);

/* Checks that the file `name` may be overwritten: it does not exist, or it is a record or the
 * beginning of one. This and record_read() return an exit code; if it is not EXIT_DONE, they have
 * complained. */
int record_replaceable(const char *name);

/* Used both for writing and for reading. */
#define RECORD_ABOUT \
    "An unfinished file of `quell sample`: the same command with --resume goes on with it.\n"
#define RECORD_BOOT 64
#define RECORD_MARK 55 /* bytes of the line of a mark */

/* Formats the line of a mark, with a final '\n' and '\0'. */
void record_line(char text[RECORD_MARK + 1], enum record_line line, const struct record_mark *mark);

/* Writes a text that identifies the start of this machine: until the next start, nothing that was
 * written is lost. */
void record_boot(char boot[RECORD_BOOT]);

/* Formats the line about the settings. Returns its length. */
size_t record_rest(char *text, size_t size, const char *settings, size_t length);

/* Reads a record and compares its settings with those of this run. */
int record_read(const char *name, const char *part, const char *settings, struct record *record);

#endif
