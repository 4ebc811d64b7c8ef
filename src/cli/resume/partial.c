/* SPDX-License-Identifier: MIT */
#include "cli/resume/partial.h"
#include "cli/cli.h"
#include "cli/resume/in_the_way.h"
#include "cli/interrupt.h"
#include "cli/resume/partial_record.h"
#include "cli/progress.h"
#include "base/fail.h"
#include "base/memory.h"
#include "io/temporary.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#define SYNC_SECONDS 30

static int complain_file(const char *path, const char *what)
{
    return complain(errno == ENOMEM ? EXIT_MEMORY : EXIT_FILE, "%s: %s: %s", path, what,
                    strerror(errno));
}

/* Returns whether `name` is still the name of the open file: the process that had the lock before
 * may have renamed it. */
static bool is_named(const char *name, int file)
{
    struct stat own, there;
    return !fstat(file, &own) && !lstat(name, &there) && own.st_dev == there.st_dev &&
           own.st_ino == there.st_ino;
}

/* Locks a file. Does nothing on a file system without locks. */
static int lock(int file)
{
    if (!flock(file, LOCK_EX | LOCK_NB) || errno == ENOSYS || errno == ENOLCK) return 0;
    return errno == EOPNOTSUPP ? 0 : -1;
}

static int open_file(struct quell_output *out, const char *path)
{
    struct stat status;
    bool new = access(out->target, F_OK), there = !lstat(out->temporary, &status);
    int code = in_the_way(out->temporary);
    if (code != EXIT_DONE) return code;
    out->file = open(out->temporary, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK,
                     new ? 0666 : 0600);
    if (out->file >= 0) return EXIT_DONE;
    if (there) return in_the_way_closed(out->temporary);
    return complain_status(quell_output_fail(path, new ? "cannot be created"
                                                       : "a new file beside it cannot be created"));
}

/* Opens F.part, which is created if it does not exist, and locks it. */
static int open_part(struct partial *partial, struct quell_output *out, const char *path)
{
    do {
        if (out->file >= 0) close(out->file);
        int code = open_file(out, path);
        if (code != EXIT_DONE) return code;
        if (lock(out->file))
            return complain(EXIT_FILE, "%s: another process is writing it: it has %s", path,
                            out->temporary);
    } while (!is_named(out->temporary, out->file));
    int code = in_the_way(out->temporary); /* a link may have been made since it was opened */
    if (code != EXIT_DONE) return code;
    partial->lock = fcntl(out->file, F_DUPFD_CLOEXEC, 3);
    return partial->lock < 0 ? complain_file(path, "cannot be locked") : EXIT_DONE;
}

/* Refuses an output that is the unfinished file of another run. */
static int check_target(const char *target, const char *path)
{
    static const char *const ends[][2] = {{".part", ".resume"}, {".resume", ".part"}};
    size_t length = strlen(target);
    for (int i = 0; i < 2; i++) {
        size_t tail = strlen(ends[i][0]);
        char other[4096];
        if (length <= tail || strcmp(target + length - tail, ends[i][0])) continue;
        snprintf(other, sizeof other, "%.*s%s", (int)(length - tail), target, ends[i][1]);
        if (!access(target, F_OK) && !access(other, F_OK))
            return complain(EXIT_USAGE, "--out %s: belongs to a run that was interrupted, with %s",
                            path, other);
    }
    return EXIT_DONE;
}

static int name_files(struct partial *partial, struct quell_output *out, const char *path)
{
    const char *problem;
    out->path = strdup(path);
    if (!out->path) return complain(EXIT_MEMORY, "%s: no memory for its name", path);
    out->target = quell_temporary_target(path);
    if (!out->target) return complain_status(quell_output_fail(path, "cannot be created"));
    if (quell_temporary_check(out->target, &problem))
        return complain_status(quell_output_fail(path, problem));
    int code = check_target(out->target, path);
    if (code != EXIT_DONE) return code;
    partial->record = quell_temporary_name(out->target, ".resume");
    if (partial->record) out->temporary = quell_temporary_name(out->target, ".part");
    if (out->temporary) return EXIT_DONE;
    return complain(EXIT_MEMORY, "%s: no memory for its name", path);
}

/* Begins a new file. The old samples are removed before the new record is written, so that they are
 * never mistaken for samples of this run. */
static int begin(struct partial *partial, struct quell_output *out, const struct partial_plan *plan)
{
    int code = record_replaceable(partial->record);
    if (code != EXIT_DONE) return code;
    if (ftruncate(out->file, 0)) return complain_file(plan->path, "cannot be written");
    quell_digest_begin(&partial->digest);
    quell_temporary_dress(out->file, out->target);
    partial->file = record_write(partial->record, out->target, plan->settings);
    if (partial->file < 0) return complain_file(partial->record, "cannot be written");
    quell_status status = quell_output_write(out, plan->header, plan->header_bytes);
    return status ? complain_run(status) : EXIT_DONE;
}

static int go_on(struct partial *partial, struct quell_output *out, const struct partial_plan *plan)
{
    off_t end = (off_t)(plan->header_bytes + partial->done * plan->row);
    if (ftruncate(out->file, end) || lseek(out->file, end, SEEK_SET) < 0)
        return complain_file(out->temporary, "cannot be written");
    return EXIT_DONE;
}

int partial_open(struct partial *partial, struct quell_output *out, const struct partial_plan *plan)
{
    *out = (struct quell_output){.file = -1};
    *partial = (struct partial){.file = -1, .lock = -1, .synced = progress_clock()};
    int code = name_files(partial, out, plan->path);
    if (code == EXIT_DONE) code = open_part(partial, out, plan->path);
    if (code == EXIT_DONE) code = partial_find(partial, out, plan);
    if (code != EXIT_DONE) {
        partial_close(partial, out, plan, true);
        quell_output_discard(out); /* frees what is left of the output */
        return code;
    }
    out->stop = &interrupt_signal;
    if (!plan->resume) interrupt_removes(out->temporary);
    if (!plan->resume) interrupt_removes(partial->record);
    return partial->done ? go_on(partial, out, plan) : begin(partial, out, plan);
}

static struct record_mark mark_of(const struct partial *partial, size_t row)
{
    return (struct record_mark){(size_t)partial->digest.total / row,
                                quell_digest_end(&partial->digest)};
}

/* Brings the samples to the disk, and after them a record that says so. */
static int make_sure(const struct partial *partial, const struct quell_output *out,
                     const struct record_mark *mark)
{
    return fdatasync(out->file) || record_put(partial->file, RECORD_SURE, mark) ||
                   fdatasync(partial->file)
               ? -1
               : 0;
}

quell_status partial_note(struct partial *partial, const struct quell_output *out,
                          const struct partial_plan *plan, const float *x, size_t rows)
{
    double now = progress_clock();
    if (!partial->record) return QUELL_OK;
    quell_digest_add(&partial->digest, x, rows * plan->row);
    struct record_mark mark = mark_of(partial, plan->row);
    int wrong = record_put(partial->file, RECORD_WRITTEN, &mark);
    if (!wrong && now - partial->synced >= SYNC_SECONDS) {
        partial->synced = now;
        wrong = make_sure(partial, out, &mark);
    }
    return wrong ? quell_fail_file(out->path, "cannot be written") : QUELL_OK;
}

static void forget(struct partial *partial)
{
    interrupt_removes(NULL);
    if (partial->file >= 0) close(partial->file);
    if (partial->lock >= 0) close(partial->lock);
    free(partial->record);
    *partial = (struct partial){.file = -1, .lock = -1};
}

quell_status partial_commit(struct partial *partial, struct quell_output *out)
{
    if (!is_named(out->temporary, out->file))
        return quell_fail(QUELL_IO_FAILED, "%s: was taken away while it was written",
                          out->temporary);
    quell_status status = quell_output_commit(out);
    if (status) return status;
    unlink(partial->record);
    forget(partial);
    return QUELL_OK;
}

/* Cuts the file after its last whole sample, in case writing a batch was interrupted. */
static void cut(struct partial *partial, struct quell_output *out, const struct partial_plan *plan)
{
    struct stat status;
    size_t head = plan->header_bytes;
    if (out->file < 0) return; /* the file is complete, and only could not be renamed */
    if (fstat(out->file, &status) || status.st_size < (off_t)head) return;
    size_t done = ((size_t)status.st_size - head) / plan->row;
    if (ftruncate(out->file, (off_t)(head + done * plan->row))) return;
    if (partial_add(&partial->digest, out, plan, done) != QUELL_OK) return;
    struct record_mark mark = mark_of(partial, plan->row);
    if (record_put(partial->file, RECORD_WRITTEN, &mark)) return;
    if (make_sure(partial, out, &mark)) return; /* the mark before this one stays valid */
}

/* Returns whether F.part must not be removed: it belongs to another run, or `keep` asks for it and
 * it is not empty. */
static bool stays(const struct partial *partial, const struct quell_output *out, bool keep)
{
    struct stat status;
    if (partial->lock < 0 || !is_named(out->temporary, partial->lock)) return true;
    return keep && !fstat(partial->lock, &status) && status.st_size;
}

void partial_close(struct partial *partial, struct quell_output *out,
                   const struct partial_plan *plan, bool keep)
{
    if (!partial->record) return;
    if (out->temporary && stays(partial, out, keep)) {
        if (keep && partial->file >= 0) cut(partial, out, plan);
        free(out->temporary);
        out->temporary = NULL;
    } else if (out->temporary && partial->file >= 0) {
        unlink(partial->record);
    }
    quell_output_discard(out);
    forget(partial);
}
