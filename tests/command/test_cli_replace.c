/* SPDX-License-Identifier: MIT */
/* What a file that is written over, or through a link, becomes: what `>` of a shell would leave,
 * but never a part of it. */
#include "command.h"
#include "harness.h"

#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/xattr.h>
#include <unistd.h>

#define GRID "sample --quiet --model builtin:grid25 --count 10 "

static struct stat status_of(const struct command *command, const char *name)
{
    struct stat status = {0};
    CHECK(!stat(scratch_path(&command->work, name).text, &status), "%s is not there", name);
    return status;
}

static unsigned mode_of(const struct command *command, const char *name)
{
    return status_of(command, name).st_mode & 07777;
}

/* Every command that writes a file. */
static const char *const writers[] = {
    GRID "--out y",
    GRID "--resume --out y",
    GRID "--plot y",
    "model --model builtin:grid25 --out y",
    "compare --evaluations 2 --count 100 --quiet --plot y",
    "denoise --t 0.5 --model builtin:grid25 --from x.npy --out y",
    "join --quiet --out y x.npy",
};

#define WRITERS (sizeof writers / sizeof *writers)

static struct command begin(void)
{
    struct command command = command_new();
    command_check(&command, 0, GRID "--out x.npy");
    return command;
}

TEST(replace, mode_and_owner_stay)
{
    struct command command = begin();
    const unsigned modes[] = {0600, 0640, 0664, 0755, 0622};
    for (size_t i = 0; i < WRITERS; i++) {
        struct scratch_path path = scratch_write(&command.work, "y", "before", 0);
        unsigned mode = modes[i % 5];
        CHECK(!chmod(path.text, mode), "chmod");
        if (!geteuid()) CHECK(!chown(path.text, 1234, 4321), "chown");
        bool kept = !setxattr(path.text, "user.quell", "1", 1, 0);
        command_check(&command, 0, writers[i]);
        struct stat status = status_of(&command, "y");
        CHECK((status.st_mode & 07777) == mode && status.st_size != 6, "%s: mode %o, not %o",
              writers[i], status.st_mode & 07777, mode);
        if (!geteuid()) CHECK(status.st_uid == 1234 && status.st_gid == 4321, "%s", writers[i]);
        char value;
        if (kept) CHECK(getxattr(path.text, "user.quell", &value, 1) == 1, "%s", writers[i]);
        remove(path.text);
    }
    command_remove(&command);
}

TEST(replace, new_files_obey_the_umask)
{
    struct command command = begin();
    const unsigned masks[] = {022, 077, 002};
    for (size_t i = 0; i < WRITERS * 3; i++) {
        char before[32];
        snprintf(before, sizeof before, "umask %03o;", masks[i % 3]);
        command_limit(&command, before);
        command_check(&command, 0, writers[i / 3]);
        unsigned mode = mode_of(&command, "y");
        CHECK(mode == (0666 & ~masks[i % 3]), "%s: mode %o", writers[i / 3], mode);
        remove(scratch_path(&command.work, "y").text);
    }
    command_remove(&command);
}

/* A link is followed to what is there, and to what is not there yet. */
TEST(replace, links)
{
    struct command command = begin();
    struct stat status;
    CHECK(!mkdir(scratch_path(&command.work, "sub").text, 0777), "mkdir");
    CHECK(!symlink("sub/link", scratch_path(&command.work, "y").text), "symlink");
    CHECK(!symlink("../real", scratch_path(&command.work, "sub/link").text), "symlink");
    for (size_t i = 0; i < 2 * WRITERS; i++) {
        command_check(&command, 0, writers[i / 2]);
        CHECK(!lstat(scratch_path(&command.work, "y").text, &status) && S_ISLNK(status.st_mode),
              "%s: the link is gone", writers[i / 2]);
        CHECK(!lstat(scratch_path(&command.work, "sub/link").text, &status) &&
                  S_ISLNK(status.st_mode),
              "%s: the second link is gone", writers[i / 2]);
        CHECK(status_of(&command, "real").st_size > 0, "%s", writers[i / 2]);
        if (i % 2) remove(scratch_path(&command.work, "real").text);
    }
    CHECK(!symlink("loop", scratch_path(&command.work, "loop").text), "symlink");
    command_refused(&command, 4, GRID "--out loop", "loop: cannot be created: Too many levels");
    command_refused(&command, 4, GRID "--plot loop", "loop: cannot be created: Too many levels");
    CHECK(!symlink("no/file", scratch_path(&command.work, "far").text), "symlink");
    command_refused(&command, 4, GRID "--out far",
                    "far, a link to no/file: cannot be created: No such file");
    command_remove(&command);
}

/* The other names of a file keep what it was: they may be somebody's data. */
TEST(replace, hard_links)
{
    struct command command = begin();
    scratch_write(&command.work, "other", "before", 0);
    CHECK(!link(scratch_path(&command.work, "other").text, scratch_path(&command.work, "y").text),
          "link");
    command_check(&command, 0, GRID "--out y");
    CHECK(status_of(&command, "other").st_size == 6, "the other name has changed");
    command_same(&command, "x.npy", "y");
    command_remove(&command);
}

TEST(replace, inputs_are_refused)
{
    static const char *const cases[][2] = {
        {"sample --quiet --model x.npy --out x.npy", "--out x.npy: is the file of --model"},
        {"sample --quiet --model x.npy --plot ./link", "--plot ./link: is the file of --model"},
        {"sample --quiet --model builtin:grid25 --from x.npy --out link", "is the file of --from"},
        {"sample --quiet --model builtin:grid25 --from x.npy --out x.npy --resume", "of --from"},
        {"sample --quiet --model builtin:grid25 --guidance 2 --guide x.npy --out x.npy",
         "is the file of --guide"},
        {"denoise --model builtin:grid25 --from x.npy --out x.npy", "is the file of --from"},
        {"denoise --model x.npy --from z.npy --out x.npy", "is the file of --model"},
        {"compare --model x.npy --plot link", "is the file of --model"},
        {"model --model m.json --out m.json", "is the file of --model"},
        {"join --out x.npy x.npy", "is one of the parts"},
        {"sample --quiet --model builtin:grid25 --out x.npy --plot link", "both name"},
    };
    struct command command = begin();
    CHECK(!symlink("x.npy", scratch_path(&command.work, "link").text), "symlink");
    scratch_write(&command.work, "m.json", "{\"kind\": \"gaussian\", \"dim\": 2, \"variance\": 1}",
                  0);
    command_check(&command, 0, GRID "--out z.npy");
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        command_refused(&command, 2, cases[i][0], cases[i][1]);
        command_same(&command, "x.npy", "z.npy");
    }
    command_remove(&command);
}

/* The process's own descriptors are written as they are. */
TEST(replace, standard_output_by_name)
{
    struct command command = begin();
    const char *const names[] = {"/dev/stdout", "/dev/fd/1", "/proc/self/fd/1"};
    char line[200];
    for (int i = 0; i < 3; i++) {
        snprintf(line, sizeof line, GRID "--out %s > y", names[i]);
        command_check(&command, 0, line);
        command_same(&command, "x.npy", "y");
        snprintf(line, sizeof line, GRID "--out %s | cat > y", names[i]);
        command_check(&command, 0, line);
        command_same(&command, "x.npy", "y");
        snprintf(line, sizeof line, GRID "--out %s --json > z", names[i]);
        command_check(&command, 2, line);
    }
    command_check(&command, 0, "sample --model builtin:grid25 --count 10 --out /dev/stdout > y");
    command_same(&command, "x.npy", "y");
    command_check(&command, 0, GRID "--out /dev/fd/5 5> y");
    command_same(&command, "x.npy", "y");
    command_remove(&command);
}

/* "-" is standard output, which takes one file only. */
TEST(replace, standard_output_by_dash)
{
    struct command command = begin();
    command_check(&command, 0, GRID "--plot y.png");
    command_check(&command, 0, "sample --model builtin:grid25 --count 10 --plot - > y");
    command_same(&command, "y.png", "y");
    command_check(&command, 0, "denoise --t 0.5 --model builtin:grid25 --from x.npy --out d.npy");
    command_check(&command, 0, "denoise --t 0.5 --model builtin:grid25 --from x.npy --out - > y");
    command_same(&command, "d.npy", "y");
    command_check(&command, 0, "model --model builtin:grid25 --out m.json");
    command_check(&command, 0, "model --model builtin:grid25 --out - > y");
    command_same(&command, "m.json", "y");
    static const char *const cases[][2] = {
        {GRID "--plot - --out - > /dev/null", "--out - and --plot -: both want standard output"},
        {GRID "--plot /dev/stdout --json > /dev/null", "--json and --plot /dev/stdout: both want"},
        {"compare --count 10 --plot - > /dev/null", "--plot -: the table goes to standard output"},
        {"compare --count 10 --plot /dev/stdout > /dev/null", "the table goes to standard output"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
        command_refused(&command, 2, cases[i][0], cases[i][1]);
    CHECK(access(scratch_path(&command.work, "-").text, F_OK), "a file called -");
    command_remove(&command);
}

/* A temporary name is never longer than a name may be, and is whole UTF-8. */
TEST(replace, long_names)
{
    struct command command = begin();
    char name[300], line[700];
    for (size_t bytes = 240; bytes <= 256; bytes++) {
        memset(name, 0, sizeof name);
        for (size_t at = 0; at + 2 <= bytes; at += 2) memcpy(name + at, "\xc3\xa9", 2);
        if (bytes % 2) name[bytes - 1] = 'x';
        for (size_t i = 0; i < 2; i++) {
            snprintf(line, sizeof line, GRID "%s --out %s", i ? "--resume" : "", name);
            if (bytes > 255)
                command_refused(&command, 4, line, "File name too long");
            else
                command_check(&command, 0, line);
        }
        if (bytes > 255) continue;
        command_same(&command, "x.npy", name);
        remove(scratch_path(&command.work, name).text);
        CHECK(scratch_count(&command.work, ".") == 1, "%zu bytes: something is left", bytes);
    }
    command_check(&command, 0, GRID "--out y.part");
    command_same(&command, "x.npy", "y.part");
    command_check(&command, 0, GRID "--resume --out y.resume");
    command_same(&command, "x.npy", "y.resume");
    command_remove(&command);
}

/* What may not be written, or not be replaced, is left as it is. Root may write anything. */
TEST(replace, without_permission)
{
    struct command command = begin();
    scratch_write(&command.work, "y", "before", 0);
    CHECK(!chmod(scratch_path(&command.work, "y").text, 0444), "chmod");
    for (size_t i = 0; i < WRITERS && geteuid(); i++)
        command_refused(&command, 4, writers[i], "y: cannot be written: Permission denied");
    CHECK(!chmod(scratch_path(&command.work, "y").text, 0644), "chmod");
    CHECK(!chmod(command.work.folder, 0555), "chmod");
    for (size_t i = 0; i < WRITERS && geteuid(); i++)
        command_refused(&command, 4, writers[i], "y: a new file beside it cannot be created: Perm");
    CHECK(!chmod(command.work.folder, 0755), "chmod");
    CHECK(status_of(&command, "y").st_size == 6, "it has changed");
    command_remove(&command);
}
