/* SPDX-License-Identifier: MIT */
/* quell sample --resume goes on with what it has written itself, and with nothing that was changed,
 * cut or put in its place. */
#include "resuming.h"
#include "harness.h"
#include "base/digest.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

TEST(resume, foreign_files_are_refused)
{
    struct command command = resume_begin();
    scratch_write(&command.work, "y.npy.part", "a letter", 0);
    resume_refused(&command, 4, RESUME, "is in the way");
    resume_refused(&command, 4, RESUME_RUN "--out y.npy", "is in the way");
    scratch_write(&command.work, "y.npy.resume", "another", 0);
    resume_refused(&command, 4, RESUME, "y.npy.resume: is in the way, and no record");
    remove(scratch_path(&command.work, "y.npy.part").text);
    command_refused(&command, 4, RESUME, "y.npy.resume: is in the way, and no record");
    command_remove(&command);
}

/* The file has `rows` samples, and the record says so of those and of the first `sure`. */
struct left {
    char *part, *record;
    size_t size, rows;
};

static struct left leave(struct command *command)
{
    struct left left;
    resume_stop(command, RESUME_RUN "--out y.npy", SIGKILL);
    left.record = scratch_read(&command->work, "y.npy.resume", NULL);
    left.part = scratch_read(&command->work, "y.npy.part", &left.size);
    CHECK(sscanf(strstr(left.record, "\nwritten ") + 9, "%zu", &left.rows) == 1, "its record");
    CHECK(left.rows && left.size >= RESUME_HEADER + left.rows * RESUME_ROW, "%zu samples",
          left.rows);
    return left;
}

static void put_back(const struct command *command, const struct left *left)
{
    scratch_write(&command->work, "y.npy.part", left->part, left->size);
    scratch_write(&command->work, "y.npy.resume", left->record, 0);
}

static void discard(struct left *left)
{
    free(left->part);
    free(left->record);
}

static unsigned long long digest_of(const void *data, size_t size)
{
    struct quell_digest digest;
    quell_digest_begin(&digest);
    quell_digest_add(&digest, data, size);
    return quell_digest_end(&digest);
}

static void mark(const struct left *left, const char *line, size_t rows)
{
    char text[40], *at = strstr(left->record, line) + 1;
    snprintf(text, sizeof text, "%020zu %016llx", rows,
             digest_of(left->part + RESUME_HEADER, rows * RESUME_ROW));
    memcpy(at + 8, text, 37);
    snprintf(text, sizeof text, "%016llx", digest_of(at, 45));
    memcpy(at + 46, text + 8, 8); /* the line's own check, the lower half */
}

static void mark_sure(const struct left *left, size_t rows) { mark(left, "\nsure    ", rows); }

static void other_boot(const struct left *left)
{
    char *boot = strstr(left->record, "\nboot    ");
    boot[9] = boot[9] == 'z' ? 'y' : 'z';
}

/* A file of which any byte was changed, or the end is missing, is refused: it is not what this run
 * wrote. */
TEST(resume, changed_files_are_refused)
{
    struct command command = resume_begin();
    struct left left = leave(&command);
    const size_t bytes[] = {20, RESUME_HEADER, RESUME_HEADER + left.rows * RESUME_ROW / 2,
                            RESUME_HEADER + left.rows * RESUME_ROW - 1};
    for (int boot = 0; boot < 2; boot++) {
        if (boot) other_boot(&left);
        if (boot) mark_sure(&left, left.rows);
        for (size_t i = 0; i < sizeof bytes / sizeof *bytes; i++) {
            left.part[bytes[i]] ^= 1;
            put_back(&command, &left);
            resume_refused(&command, 4, RESUME, "it was changed");
            left.part[bytes[i]] ^= 1;
        }
        left.size = RESUME_HEADER + (left.rows - 1) * RESUME_ROW;
        mark_sure(&left, left.rows);
        put_back(&command, &left);
        resume_refused(&command, 4, RESUME, "it was changed");
        left.size = RESUME_HEADER + left.rows * RESUME_ROW;
    }
    /* With a record that says the same, the last sample still is not what is drawn. */
    left.part[left.size - 1] ^= 1;
    mark(&left, "\nwritten ", left.rows);
    mark_sure(&left, 0);
    put_back(&command, &left);
    resume_refused(&command, 4, RESUME, "is not what this run draws");
    discard(&left);
    command_remove(&command);
}

static void check_resumed(const struct command *command, size_t expected)
{
    json_t *report = command_json(command, RESUME "--json");
    long long found = json_integer_value(json_field(report, "resumed"));
    CHECK(found == (long long)expected, "%lld of %zu", found, expected);
    json_decref(report);
    resume_whole(command);
    remove(scratch_path(&command->work, "y.npy").text);
}

/* After the machine was started again, what had been written to the disk for sure is kept, and more
 * if it is there. */
TEST(resume, after_a_loss_of_power)
{
    struct command command = resume_begin();
    struct left left = leave(&command);
    other_boot(&left);
    put_back(&command, &left);
    check_resumed(&command, left.rows);
    mark_sure(&left, 7);
    memset(left.part + RESUME_HEADER + 7 * RESUME_ROW, 0,
           left.size - RESUME_HEADER - 7 * RESUME_ROW);
    put_back(&command, &left);
    check_resumed(&command, 7);
    left.size = RESUME_HEADER + 9 * RESUME_ROW;
    put_back(&command, &left);
    check_resumed(&command, 7);
    mark_sure(&left, 0);
    put_back(&command, &left);
    check_resumed(&command, 0);
    discard(&left);
    command_remove(&command);
}

/* A line of the record as if another version had written it, with digests that are right. */
static void write_again(const struct left *left, const char *line, const char *by)
{
    char *at = strstr(left->record, line), *rest = strstr(left->record, "\nrest "), text[64];
    memcpy(at + 1, by, strlen(by));
    char *settings = strchr(rest + 1, '\n') + 1;
    snprintf(text, sizeof text, "%016llx", digest_of(settings, strlen(settings)));
    memcpy(settings - 17, text, 16);
}

/* The message says what is wrong with the record, and what would be right. */
TEST(resume, damaged_records_are_refused)
{
    static const struct {
        const char *line;
        size_t at;
        const char *reason;
    } cases[] = {
        {"An unfinished", 3, "y.npy.resume: is in the way, and no record of an unfinished file"},
        {"\nsure ", 2, "y.npy.resume: its line 2 is damaged: restore it from a copy, or leave"},
        {"\nsure ", 20, "its line 2 is damaged"},
        {"\nwritten ", 25, "its line 3 is damaged"},
        {"\nwritten ", 40, "its line 3 is damaged"},
        {"\nwritten ", 50, "its line 3 is damaged"},
        {"\nrest ", 3, "its line 5 is damaged"},
        {"\nrest ", 20, "its settings are damaged"},
        {"\nversion ", 9, "its settings are damaged"},
        {"\nseed ", 6, "its settings are damaged"},
        {"\nshape ", 0, "its settings are damaged"},
    };
    struct command command = resume_begin();
    struct left left = leave(&command);
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        char *byte = strstr(left.record, cases[i].line) + cases[i].at;
        *byte ^= 1;
        put_back(&command, &left);
        resume_refused(&command, 4, RESUME, cases[i].reason);
        *byte ^= 1;
    }
    for (size_t length = strlen(left.record) - 1; length; length -= length < 9 ? 1 : length / 9) {
        char kept = left.record[length];
        left.record[length] = '\0';
        put_back(&command, &left);
        resume_refused(&command, 4, RESUME, "y.npy.resume: it was cut");
        left.record[length] = kept;
    }
    write_again(&left, "\nversion ", "version 9");
    put_back(&command, &left);
    resume_refused(&command, 2, RESUME, "was drawn by quell 9");
    write_again(&left, "\nversion ", "verzion ");
    put_back(&command, &left);
    resume_refused(&command, 2, RESUME, "another version of quell, whose record has 'verzion");
    command_check(&command, 0, RESUME_RUN "--out y.npy"); /* as was said */
    resume_whole(&command);
    discard(&left);
    command_remove(&command);
}

/* A file that has other names, or is reached by a link, is not written to. */
TEST(resume, links_are_refused)
{
    static const char *const names[] = {"y.npy.part", "y.npy.resume"};
    struct command command = resume_begin();
    struct left left = leave(&command);
    for (int i = 0; i < 2; i++)
        for (int hard = 0; hard < 2; hard++) {
            char reason[100];
            struct scratch_path there = scratch_path(&command.work, "there");
            struct scratch_path name = scratch_path(&command.work, names[i]);
            put_back(&command, &left);
            CHECK(!rename(name.text, there.text), "rename");
            CHECK(!(hard ? link : symlink)(there.text, name.text), "link");
            snprintf(reason, sizeof reason, "%s: %s is in the way: move it", names[i],
                     hard ? "a file that has other names, too," : "a symbolic link");
            resume_refused(&command, 4, RESUME, reason);
            command_run(&command, RESUME_RUN "--out y.npy");
            size_t size;
            char *now = scratch_read(&command.work, "there", &size);
            const char *was = i ? left.record : left.part;
            size_t old = i ? strlen(left.record) : left.size;
            CHECK(size == old && !memcmp(now, was, size), "%s: written to", names[i]);
            free(now);
            remove(name.text);
            remove(there.text);
        }
    discard(&left);
    command_remove(&command);
}
