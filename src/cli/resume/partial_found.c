/* SPDX-License-Identifier: MIT */
/* Decides which samples of an unfinished file belong to this run. The record has the settings of
 * that run, and a digest of the samples that were written. A file that was changed is refused,
 * because one damaged sample in a million would never be noticed later. */
#include "cli/resume/partial.h"
#include "cli/cli.h"
#include "cli/interrupt.h"
#include "cli/resume/partial_record.h"
#include "base/fail.h"
#include "base/memory.h"

#include <errno.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define CHUNK ((size_t)1 << 20)

static int complain_file(const char *path, const char *what)
{
    return complain(errno == ENOMEM ? EXIT_MEMORY : EXIT_FILE, "%s: %s: %s", path, what,
                    strerror(errno));
}

static quell_status read_part(const struct quell_output *out, size_t at, size_t bytes, char *to)
{
    while (bytes) {
        ssize_t more = pread(out->file, to, bytes, (off_t)at);
        if (more < 0 && errno == EINTR) continue;
        if (more <= 0)
            return quell_fail(QUELL_IO_FAILED, "%s: cannot be read: %s", out->temporary,
                              more ? strerror(errno) : "it was cut");
        at += (size_t)more, to += more, bytes -= (size_t)more;
    }
    return QUELL_OK;
}

quell_status partial_read(const struct quell_output *out, const struct partial_plan *plan,
                          size_t first, size_t rows, float *x)
{
    return read_part(out, plan->header_bytes + first * plan->row, rows * plan->row, (char *)x);
}

static quell_status add(struct quell_digest *digest, const struct quell_output *out,
                        const struct partial_plan *plan, size_t rows, bool stoppable)
{
    char *bytes = quell_new_untouched(CHUNK, 1);
    quell_status status =
        bytes ? QUELL_OK : quell_fail(QUELL_NO_MEMORY, "%s: no memory", out->temporary);
    size_t end = rows * plan->row;
    while (!status && digest->total < end) {
        size_t at = (size_t)digest->total, left = end - at, now = left < CHUNK ? left : CHUNK;
        status = stoppable && interrupt_signal
                     ? QUELL_STOPPED
                     : read_part(out, plan->header_bytes + at, now, bytes);
        if (!status) quell_digest_add(digest, bytes, now);
    }
    free(bytes);
    return status;
}

quell_status partial_add(struct quell_digest *digest, const struct quell_output *out,
                         const struct partial_plan *plan, size_t rows)
{
    return add(digest, out, plan, rows, false);
}

static bool is_marked(const struct quell_digest *digest, const struct record_mark *mark)
{
    return quell_digest_end(digest) == mark->digest;
}

/* Counts the samples that can be used. If the machine was restarted after they were written, and
 * some are missing or changed, only those count that are certain to have been on the disk. */
static int settle(struct partial *partial, const struct quell_output *out,
                  const struct partial_plan *plan, const struct record *record, size_t there)
{
    struct record_mark sure = record->mark[RECORD_SURE], written = record->mark[RECORD_WRITTEN];
    quell_digest_begin(&partial->digest);
    quell_status status = QUELL_OK;
    if (sure.rows <= there) status = add(&partial->digest, out, plan, sure.rows, true);
    bool good = !status && sure.rows <= there && is_marked(&partial->digest, &sure);
    struct quell_digest all = partial->digest;
    if (good && written.rows <= there) status = add(&all, out, plan, written.rows, true);
    if (status) return complain_run(status);
    bool whole = good && written.rows <= there && is_marked(&all, &written);
    if (!good || (!whole && written.rows <= there && record->same_boot))
        return complain(EXIT_FILE,
                        "%s: its samples are not those that were written: it was changed; leave "
                        "--resume out to draw anew",
                        out->temporary);
    if (whole) partial->digest = all;
    partial->done = whole ? written.rows : sure.rows;
    return EXIT_DONE;
}

static int check_header(const struct quell_output *out, const struct partial_plan *plan,
                        const struct record *record)
{
    char header[QUELL_NPY_HEADER];
    size_t head = plan->header_bytes;
    if (read_part(out, 0, head, header)) return complain_file(out->temporary, "cannot be read");
    if (!memcmp(header, plan->header, head) && record->mark[RECORD_WRITTEN].rows <= plan->count &&
        record->mark[RECORD_SURE].rows <= record->mark[RECORD_WRITTEN].rows)
        return EXIT_DONE;
    return complain(EXIT_FILE, "%s: is not what this run would write: it was changed",
                    out->temporary);
}

/* Finds the number of whole samples. If the file ends before its first sample, there are none. */
static int find_done(struct partial *partial, const struct quell_output *out,
                     const struct partial_plan *plan, size_t bytes)
{
    struct record record;
    int code = record_read(partial->record, out->temporary, plan->settings, &record);
    if (code != EXIT_DONE) return code;
    size_t head = plan->header_bytes, there = bytes < head ? 0 : (bytes - head) / plan->row;
    if (bytes >= head) code = check_header(out, plan, &record);
    if (code == EXIT_DONE) code = settle(partial, out, plan, &record, there);
    if (code == EXIT_DONE && partial->done)
        partial->file = record.file;
    else
        close(record.file);
    return code;
}

int partial_find(struct partial *partial, const struct quell_output *out,
                 const struct partial_plan *plan)
{
    struct stat status;
    if (fstat(out->file, &status)) return complain_file(out->temporary, "cannot be read");
    if (!status.st_size) return EXIT_DONE;
    if (access(partial->record, F_OK))
        return complain(EXIT_FILE,
                        "%s: is in the way, and not from a run that was interrupted, which has %s "
                        "beside it: move it",
                        out->temporary, partial->record);
    if (plan->resume) return find_done(partial, out, plan, (size_t)status.st_size);
    if (!plan->quiet)
        complain(0, "%s: what an interrupted run had finished is drawn anew: --resume keeps it",
                 out->temporary);
    return EXIT_DONE;
}
