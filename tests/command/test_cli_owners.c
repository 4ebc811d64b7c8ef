/* SPDX-License-Identifier: MIT */
/* What has the name of a file that the command wants to write, and whose it is: each obstacle is
 * named itself, before the first sample is drawn, and left as it is. */
#include "command.h"
#include "harness.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#define GRID "sample --quiet --model builtin:grid25 --count 3 --steps 2 "

static void make_socket(const char *path)
{
    struct sockaddr_un name = {.sun_family = AF_UNIX};
    int made = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    snprintf(name.sun_path, sizeof name.sun_path, "%s", path);
    CHECK(made >= 0 && !bind(made, (struct sockaddr *)&name, sizeof name), "%s: socket", path);
    close(made);
}

static void make_folder(const char *path) { CHECK(!mkdir(path, 0700), "%s: mkdir", path); }
static void make_pipe(const char *path) { CHECK(!mkfifo(path, 0600), "%s: mkfifo", path); }
static void make_link(const char *path) { CHECK(!symlink("nowhere", path), "%s: symlink", path); }

static const struct {
    const char *what;
    void (*make)(const char *path);
} obstacles[] = {{"a folder", make_folder},
                 {"a pipe", make_pipe},
                 {"a symbolic link", make_link},
                 {"a socket", make_socket}};

TEST(owners, what_is_in_the_way_is_named)
{
    static const char *const names[] = {"y.npy.part", "y.npy.resume"};
    struct command command = command_new();
    for (size_t i = 0; i < sizeof obstacles / sizeof *obstacles; i++)
        for (int n = 0; n < 2; n++)
            for (int resume = 0; resume < 2; resume++) {
                char reason[100];
                struct scratch_path path = scratch_path(&command.work, names[n]);
                obstacles[i].make(path.text);
                snprintf(reason, sizeof reason, "quell: %s: %s is in the way: move it\n", names[n],
                         obstacles[i].what);
                command_refused(&command, 4,
                                resume ? GRID "--out y.npy --resume" : GRID "--out y.npy", reason);
                remove(path.text);
            }
    command_remove(&command);
}

static void give(const struct command *command, const char *name, mode_t mode)
{
    struct scratch_path path = scratch_write(&command->work, name, "hers", 0);
    CHECK(!chmod(path.text, mode), "%s: chmod", name);
}

/* The message on a link says where it leads, because that is where the permission is missing. */
static void check_links(const struct command *command)
{
    static const char *const cases[][2] = {
        {"closed/y.npy", "closed/y.npy: cannot be created: Permission"},
        {"hidden/y.npy", "hidden/y.npy: cannot be created: Permission"},
        {"closed", "/closed: cannot be written: Is a directory"}};
    static const char *const options[] = {"--out link", "--plot link", "--out link --resume"};
    struct scratch_path path = scratch_path(&command->work, "link");
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        CHECK(!symlink(cases[i][0], path.text), "%s: symlink", cases[i][0]);
        for (size_t o = 0; o < sizeof options / sizeof *options; o++) {
            char arguments[200];
            snprintf(arguments, sizeof arguments, GRID "%s", options[o]);
            command_refused(command, 4, arguments, "quell: link, a link to ");
            command_refused(command, 4, arguments, cases[i][1]);
        }
        remove(path.text);
    }
}

/* As a user who is not root, among files of others. */
TEST(owners, files_of_others)
{
    static const struct {
        const char *name;
        mode_t mode;
        const char *arguments, *reason;
    } cases[] = {
        {"y.npy", 0644, "--out y.npy", "y.npy: cannot be written: Permission denied"},
        {"y.npy.part", 0644, "--out y.npy",
         "y.npy.part: cannot be opened: Permission denied: it is "},
        {"y.npy.part", 0600, "--out y.npy --resume", "y.npy.part: cannot be opened: Permission"},
        {"y.npy.resume", 0644, "--out y.npy",
         "y.npy.resume: cannot be opened: Permission denied: it"},
        {"y.npy.resume", 0, "--out y.npy --resume", "y.npy.resume: cannot be opened: Permission"},
        {"sticky/y.npy", 0666, "--out sticky/y.npy", "is another user's, in a folder where only"},
        {"sticky/y.png", 0666, "--plot sticky/y.png", "is another user's, in a folder where only"},
        {"sticky/y.npy.part", 0666, "--out sticky/y.npy", "a file of another user's is in the way"},
        {"sticky/y.npy.part", 0666, "--out sticky/y.npy --resume",
         "a file of another user's is in"},
        {"sticky/y.npy.resume", 0666, "--out sticky/y.npy", "a file of another user's is in the"},
        {"closed/y.npy", 0666, "--out closed/y.npy",
         "a new file beside it cannot be created: Perm"},
        {"closed/z.npy", 0666, "--out closed/y.npy", "closed/y.npy: cannot be created: Permission"},
        {"hidden/y.npy", 0666, "--out hidden/y.npy", "hidden/y.npy: cannot be created: Permission"},
    };
    static const struct {
        const char *name;
        mode_t mode;
    } folders[] = {{"sticky", 01777}, {"closed", 0755}, {"hidden", 0700}};
    struct command command = command_new();
    if (!command_as_nobody(&command)) {
        command_remove(&command);
        return;
    }
    for (int i = 0; i < 3; i++) {
        struct scratch_path path = scratch_path(&command.work, folders[i].name);
        CHECK(!mkdir(path.text, 0700) && !chmod(path.text, folders[i].mode), "%s", path.text);
    }
    check_links(&command);
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        char arguments[200];
        snprintf(arguments, sizeof arguments, GRID "%s", cases[i].arguments);
        give(&command, cases[i].name, cases[i].mode);
        int before = scratch_count(&command.work, "sticky");
        command_refused(&command, 4, arguments, cases[i].reason);
        char *text = scratch_read(&command.work, cases[i].name, NULL);
        CHECK(text && !strcmp(text, "hers"), "%s: was written to", cases[i].name);
        CHECK(scratch_count(&command.work, "sticky") == before, "%s: left a file", arguments);
        free(text);
        remove(scratch_path(&command.work, cases[i].name).text);
    }
    command_check(&command, 0, GRID "--out sticky/y.npy");
    command_check(&command, 0, GRID "--out sticky/y.npy --resume");
    command_remove(&command);
}

/* The last step is the rename: where that fails, --resume keeps what is finished. A folder that
 * comes in the file's place while it is drawn makes it fail. */
TEST(owners, finished_samples_outlive_a_failed_rename)
{
    struct command command = command_new();
    struct scratch_path path = scratch_path(&command.work, "y.npy");
    for (int resume = 1; resume >= 0; resume--) {
        command_start(&command, resume ? "sample --quiet --model builtin:grid25 --count 300000 "
                                         "--steps 30 --out y.npy --resume"
                                       : "sample --quiet --model builtin:grid25 --count 300000 "
                                         "--steps 30 --out y.npy");
        for (int wait = 0; access(scratch_path(&command.work, "y.npy.part").text, F_OK); wait++) {
            CHECK(wait < 60000, "it does not begin");
            usleep(1000);
        }
        CHECK(!mkdir(path.text, 0777), "mkdir");
        int code = command_wait(&command), left = scratch_count(&command.work, ".");
        CHECK(code == 4 && left == (resume ? 3 : 1), "exit code %d, %d files", code, left);
        CHECK(!rmdir(path.text), "rmdir");
        if (!resume) break;
        json_t *report =
            command_json(&command, "sample --quiet --model builtin:grid25 --count 300000 "
                                   "--steps 30 --out y.npy --resume --json");
        CHECK(json_integer_value(json_field(report, "resumed")) == 300000, "not all were kept");
        json_decref(report);
        CHECK(!remove(path.text), "remove");
    }
    command_remove(&command);
}
