/* SPDX-License-Identifier: MIT */
#include "cli/partial.h"
#include "cli/cli.h"
#include "cli/interrupt.h"
#include "cli/partial_record.h"
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

/* Whether the name is still that of the file: who had the lock may have given it another. */
static bool is_named(const char *name, int file)
{
    struct stat own, there;
    return !fstat(file, &own) && !lstat(name, &there) && own.st_dev == there.st_dev &&
           own.st_ino == there.st_ino;
}

/* A file system without locks does without. */
static int lock(int file)
{
    if (!flock(file, LOCK_EX | LOCK_NB) || errno == ENOSYS || errno == ENOLCK) return 0;
    return errno == EOPNOTSUPP ? 0 : -1;
}

/* F.part, new or as it is, locked. */
static int open_part(struct partial *partial, struct quell_output *out, const char *path)
{
    struct stat status;
    bool new = access(out->target, F_OK);
    do {
        if (out->file >= 0) close(out->file);
        out->file = open(out->temporary, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK,
                         new ? 0666 : 0600);
        if (out->file < 0)
            return complain_file(path, new ? "cannot be created"
                                           : "a new file beside it cannot be created");
        if (lock(out->file))
            return complain(EXIT_FILE, "%s: another process is writing it: it has %s", path,
                            out->temporary);
    } while (!is_named(out->temporary, out->file));
    if (fstat(out->file, &status) || !S_ISREG(status.st_mode))
        return complain(EXIT_FILE, "%s: is in the way, and no file: move it", out->temporary);
    partial->lock = fcntl(out->file, F_DUPFD_CLOEXEC, 3);
    return partial->lock < 0 ? complain_file(path, "cannot be locked") : EXIT_DONE;
}

/* The file that another run has not finished yet is no place for this one. */
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
    if (!out->target) return complain_file(path, "cannot be created");
    if (quell_temporary_check(out->target, &problem)) return complain_file(path, problem);
    int code = check_target(out->target, path);
    if (code != EXIT_DONE) return code;
    partial->record = quell_temporary_name(out->target, ".resume");
    if (partial->record) out->temporary = quell_temporary_name(out->target, ".part");
    if (out->temporary) return EXIT_DONE;
    return complain(EXIT_MEMORY, "%s: no memory for its name", path);
}

/* The samples that are there, as far as the record and the file agree with the run. */
static int find_done(struct partial *partial, const struct quell_output *out,
                     const struct partial_plan *plan, size_t bytes)
{
    size_t sure = 0, row = plan->row, head = plan->header_bytes;
    char header[QUELL_NPY_HEADER];
    int code = record_compare(partial->record, out->temporary, plan->settings, &sure);
    if (code != EXIT_DONE || bytes < head) return code;
    if (pread(out->file, header, head, 0) != (ssize_t)head)
        return complain_file(out->temporary, "cannot be read");
    size_t done = (bytes - head) / row;
    if (memcmp(header, plan->header, head) || done > plan->count)
        return complain(EXIT_FILE, "%s: is not what this run would write: it was changed",
                        out->temporary);
    partial->done = done < sure ? done : sure;
    return EXIT_DONE;
}

/* What an earlier run has left is looked at before it is touched. */
static int look(struct partial *partial, const struct quell_output *out,
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

/* The old samples go before the new record comes: none is ever taken for another's. */
static int begin(struct partial *partial, struct quell_output *out, const struct partial_plan *plan)
{
    if (ftruncate(out->file, 0)) return complain_file(plan->path, "cannot be written");
    quell_temporary_dress(out->file, out->target);
    partial->file = record_write(partial->record, plan->settings);
    if (partial->file < 0) return complain_file(partial->record, "cannot be written");
    quell_status status = quell_output_write(out, plan->header, plan->header_bytes);
    return status ? complain_run(status) : EXIT_DONE;
}

static int go_on(struct partial *partial, struct quell_output *out, const struct partial_plan *plan)
{
    off_t end = (off_t)(plan->header_bytes + partial->done * plan->row);
    partial->file = open(partial->record, O_RDWR | O_CLOEXEC);
    if (partial->file < 0) return complain_file(partial->record, "cannot be opened");
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
    if (code == EXIT_DONE) code = look(partial, out, plan);
    if (code != EXIT_DONE) {
        partial_close(partial, out, plan, true);
        quell_output_discard(out); /* without a name for its record, it has only names itself */
        return code;
    }
    out->stop = &interrupt_signal;
    if (!plan->resume) interrupt_removes(out->temporary);
    if (!plan->resume) interrupt_removes(partial->record);
    return partial->done ? go_on(partial, out, plan) : begin(partial, out, plan);
}

quell_status partial_read(const struct quell_output *out, const struct partial_plan *plan,
                          size_t first, size_t rows, float *x)
{
    size_t at = plan->header_bytes + first * plan->row, bytes = rows * plan->row;
    for (size_t got = 0; got < bytes;) {
        ssize_t more = pread(out->file, (char *)x + got, bytes - got, (off_t)(at + got));
        if (more < 0 && errno == EINTR) continue;
        if (more <= 0)
            return quell_fail(QUELL_IO_FAILED, "%s: cannot be read: %s", out->temporary,
                              more ? strerror(errno) : "it was cut");
        got += (size_t)more;
    }
    return QUELL_OK;
}

quell_status partial_sync(struct partial *partial, struct quell_output *out, size_t done)
{
    double now = progress_clock();
    if (!partial->record || now - partial->synced < SYNC_SECONDS) return QUELL_OK;
    partial->synced = now;
    if (fdatasync(out->file) || record_sure(partial->file, done))
        return quell_fail_file(out->path, "cannot be written");
    return QUELL_OK;
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

/* Only whole samples are counted. */
static void cut(struct partial *partial, struct quell_output *out, const struct partial_plan *plan)
{
    struct stat status;
    size_t head = plan->header_bytes;
    if (fstat(out->file, &status) || status.st_size < (off_t)head) return;
    size_t done = ((size_t)status.st_size - head) / plan->row;
    if (ftruncate(out->file, (off_t)(head + done * plan->row)) || fdatasync(out->file)) return;
    record_sure(partial->file, done);
}

/* F.part stays if it is not ours, and if it is to; but not if there is nothing in it. */
static bool stays(const struct partial *partial, const struct quell_output *out, bool keep)
{
    struct stat status;
    if (partial->lock < 0 || !is_named(out->temporary, out->file)) return true;
    return keep && !fstat(out->file, &status) && status.st_size;
}

void partial_close(struct partial *partial, struct quell_output *out,
                   const struct partial_plan *plan, bool keep)
{
    if (!partial->record) return;
    if (out->temporary && stays(partial, out, keep)) {
        if (keep && partial->file >= 0) cut(partial, out, plan);
        free(out->temporary);
        out->temporary = NULL;
    } else if (out->temporary) {
        unlink(partial->record);
    }
    quell_output_discard(out);
    forget(partial);
}
