/* SPDX-License-Identifier: MIT */
/* Where the command writes its files. A run that fails or is stopped leaves none. */
#include "command.h"
#include "harness.h"

#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

#define GRID "sample --model builtin:grid25 --count 10 "

/* What is not a regular file is written in place. This is tried on a pipe of the test first,
 * because a command that renames over its output would replace /dev/full by a file. */
static void check_in_place(const struct command *command)
{
    struct stat status;
    struct scratch_path pipe = scratch_path(&command->work, "pipe");
    CHECK(!mkfifo(pipe.text, 0600), "mkfifo");
    command_check(command, 0, GRID "--quiet --out pipe & timeout 20 cat pipe > copy; wait $!");
    CHECK(!lstat(pipe.text, &status) && S_ISFIFO(status.st_mode), "the pipe is gone");
    command_check(command, 0, GRID "--quiet --out file");
    command_same(command, "file", "copy");
}

TEST(cli, files_refused)
{
    struct command command = command_new();
    check_in_place(&command);
    command_refused(&command, 4, GRID "--out /dev/full", "/dev/full: cannot be written: No space");
    command_refused(&command, 4, GRID "--plot /dev/full", "/dev/full: cannot be written: No space");
    command_refused(&command, 4, GRID "--out no/y.npy",
                    "no/y.npy: cannot be created: No such file");
    command_refused(&command, 4, GRID "--out .", ".: cannot be written: Is a directory");
    command_refused(&command, 4, GRID "--out y.npy --plot no/y.png", "no/y.png");
    command_refused(&command, 4, GRID "--out - > /dev/full", "standard output");
    command_refused(&command, 4, "list > /dev/full", "standard output");
    command_refused(&command, 4, GRID "--json > /dev/full", "standard output");
    command_refused(&command, 4, "model --model builtin:grid25 --out no/m.json", "no/m.json");
    command_check(&command, 0, GRID "--out /dev/null");
    command_remove(&command);
}

/* The message names the file that is at fault, not the output. */
TEST(cli, model_without_a_description)
{
    struct command command = command_new();
    command_refused(&command, 2, "model --model builtin:rings --out r.json",
                    "quell: --model builtin:rings: its kind is network: only");
    command_remove(&command);
}

/* What a name's ending says is said in capitals, too. */
TEST(cli, capitals)
{
    struct command command = command_new();
    command_check(&command, 0, "model -q -m builtin:grid25 -o M.JSON");
    command_check(&command, 0, "sample -q -m M.JSON --schedule vp -n 4 -o X.NPY");
    command_check(&command, 0, "denoise -q -m X.NPY --t 0.5 --from X.NPY -o Y.NPY");
    command_check(&command, 0, "join -q -o Z.NPY X.NPY");
    command_same(&command, "X.NPY", "Z.NPY");
    command_refused(&command, 2, GRID "--out y.PNG", "y.PNG: would be written as .npy: name it");
    command_remove(&command);
}

/* Writes the header of this many states of the plane, and a hole for these. */
static void write_hole(const struct command *command, const char *name, size_t count)
{
    char shape[40];
    struct scratch_path path = scratch_path(&command->work, name);
    snprintf(shape, sizeof shape, "(%zu, 2)", count);
    command_write_array(command, name, "<f4", shape, NULL, 0);
    struct stat status;
    CHECK(!stat(path.text, &status), "%s", name);
    CHECK(!truncate(path.text, status.st_size + (off_t)(count * 2 * sizeof(float))), "%s", name);
}

/* What is known to be larger than its disk is refused before it is drawn, by each that writes. */
TEST(cli, no_room)
{
    struct command command = command_new();
    struct statvfs disk;
    char sample[100];
    CHECK(!statvfs(command.work.folder, &disk), "statvfs");
    size_t room = (size_t)disk.f_bavail * disk.f_frsize, count = (room + ((size_t)1 << 30)) / 8;
    command_refused(&command, 4, "sample -m builtin:grid25 -n 99999999999999999 -o x.npy",
                    "--out x.npy: would have 800 PB, but the disk has");
    command_check(&command, 0, "sample -q -m builtin:grid25 -n 3 -o x.npy"); /* nothing was left */
    snprintf(sample, sizeof sample, "sample -m builtin:grid25 -n %zu -o - > out", count);
    command_check(&command, 4, sample);
    write_hole(&command, "x.npy", count);
    command_refused(&command, 4, "denoise -m builtin:grid25 --t 0.5 --from x.npy -o y.npy",
                    "--out y.npy: would have");
    command_check(&command, 4, "denoise -m builtin:grid25 --t 0.5 --from x.npy -o - > out");
    command_refused(&command, 4, "join -o y.npy x.npy", "--out y.npy: would have");
    command_remove(&command);
}

/* The disk is full in the middle of the run: what was there before stays. */
TEST(cli, disk_full)
{
    struct command command = command_new();
    scratch_write(&command.work, "y.npy", "before", 0);
    char arguments[] =
        "sample --quiet --model builtin:grid25 --steps 1 --count 3000000 --out y.npy";
    command_limit(&command, "ulimit -f 2000;");
    command_refused(&command, 4, arguments, "y.npy: cannot be written: File too large");
    char *text = scratch_read(&command.work, "y.npy", NULL);
    CHECK(!strcmp(text, "before"), "the old file is gone");
    free(text);
    command_remove(&command);
}

/* A batch takes minutes: the run must end in the middle of it. */
#define SAMPLE \
    "sample --model builtin:grid25 --steps 20000 --count 1000000000 --out y.npy --plot y.png"
#define COMPARE "compare --model builtin:shapes --evaluations 20000 --count 200 --plot y.svg"

/* Returns the bits of the signals that a process has a handler for, or all bits if that cannot be
 * read. */
static unsigned long long caught(pid_t process)
{
    char name[64], line[256];
    unsigned long long bits = 0;
    snprintf(name, sizeof name, "/proc/%ld/status", (long)process);
    FILE *file = fopen(name, "r");
    while (file && fgets(line, sizeof line, file)) sscanf(line, "SigCgt: %llx", &bits);
    if (file) fclose(file);
    return file ? bits : ~0ull;
}

/* Waits until the run handles signals. */
static void wait_for_handler(pid_t process)
{
    for (int wait = 0; !(caught(process) >> (SIGTERM - 1) & 1) && wait < 3000; wait++)
        usleep(10000);
    usleep(50000);
}

/* The file that was there before stays as it is, and no other is left. */
static void check_signal(const char *arguments, const char *name, int number)
{
    struct command command = command_new();
    scratch_write(&command.work, name, "before", 0);
    command_start(&command, arguments);
    wait_for_handler(command.process);
    CHECK(!kill(command.process, number), "kill");
    int code = command_wait(&command);
    char *errors = command_errors(&command);
    CHECK(code == 128 + number, "signal %d: exit code %d: %s", number, code, errors);
    CHECK(strstr(errors, "stopped"), "%s", errors);
    CHECK(scratch_count(&command.work, ".") == 1, "signal %d: something is left", number);
    char *text = scratch_read(&command.work, name, NULL);
    CHECK(!strcmp(text, "before"), "the old file is gone");
    free(text);
    free(errors);
    command_remove(&command);
}

TEST(signals, interrupt) { check_signal(SAMPLE, "y.npy", SIGINT); }
TEST(signals, terminate) { check_signal(SAMPLE, "y.npy", SIGTERM); }
TEST(signals, interrupt_compare) { check_signal(COMPARE, "y.svg", SIGINT); }
TEST(signals, terminate_compare) { check_signal(COMPARE, "y.svg", SIGTERM); }

/* The other signals that end a process from outside. */
TEST(signals, other_signals)
{
    const int numbers[] = {SIGHUP, SIGQUIT, SIGALRM, SIGUSR1, SIGUSR2, SIGXCPU, SIGPROF, SIGRTMAX};
    for (size_t i = 0; i < sizeof numbers / sizeof *numbers; i++)
        check_signal(SAMPLE, "y.npy", numbers[i]);
}

/* A crash leaves no file either, and neither does the limit on processor time, of which the kernel
 * tells by SIGXCPU. */
TEST(signals, crash)
{
    struct command command = command_new();
    command_start(&command, SAMPLE);
    wait_for_handler(command.process);
    CHECK(!kill(command.process, SIGABRT), "kill");
    int code = command_wait(&command), left = scratch_count(&command.work, ".");
    CHECK(code == 128 + SIGABRT && left == 0, "exit code %d, %d files", code, left);
    command_limit(&command, "ulimit -S -t 1;");
    CHECK((code = command_run(&command, SAMPLE)) == 128 + SIGXCPU, "exit code %d", code);
    CHECK(scratch_count(&command.work, ".") == 0, "something is left");
    command_remove(&command);
}

/* The first signal ends the run even while it waits for a reader that does not read. */
static void check_full_pipe(const char *arguments, int number)
{
    struct command command = command_new();
    struct scratch_path pipe = scratch_path(&command.work, "pipe");
    char line[300];
    CHECK(!mkfifo(pipe.text, 0600), "mkfifo");
    int reader = open(pipe.text, O_RDONLY | O_NONBLOCK | O_CLOEXEC), held = 0, before = -1;
    CHECK(reader >= 0, "open");
    snprintf(line, sizeof line, "%s > pipe", arguments);
    command_start(&command, line);
    wait_for_handler(command.process);
    while (held != before || !held) {
        before = held;
        usleep(200000);
        CHECK(!ioctl(reader, FIONREAD, &held), "FIONREAD");
    }
    CHECK(!kill(command.process, number), "kill");
    int code = command_wait(&command);
    CHECK(code == 128 + number, "%s: exit code %d", arguments, code);
    close(reader);
    command_remove(&command);
}

TEST(signals, full_pipe)
{
    check_full_pipe("sample --model builtin:grid25 --steps 1 --count 3000000 --out -", SIGINT);
    check_full_pipe("sample --model builtin:grid25 --steps 1 --count 9000000 --out -", SIGTERM);
}

/* If the reader has gone away, the run ends with an error, and not by SIGPIPE, which would leave
 * files. */
TEST(signals, broken_pipe)
{
    struct command command = command_new();
    command_check(
        &command, 0,
        "sample --quiet --model builtin:grid25 --steps 1 --count 1000000 --plot y.png --out - "
        "| head -c 100 > head.npy; ls > names");
    char *names = scratch_read(&command.work, "names", NULL), *errors = command_errors(&command);
    CHECK(!strcmp(names, "head.npy\nnames\n"), "left: %s", names);
    CHECK(strstr(errors, "standard output: cannot be written: Broken pipe"), "%s", errors);
    free(names);
    free(errors);
    command_remove(&command);
}

TEST(cli, where_output_goes)
{
    struct command command = command_new();
    scratch_write(&command.work, "real.npy", "before", 0);
    command_check(&command, 0, GRID "--out a.npy");
    char *errors = command_errors(&command), *output = command_output(&command);
    CHECK(!*errors && strstr(output, "10 samples in "), "%s%s", errors, output);
    free(errors);
    free(output);
    command_check(&command, 0, GRID "--quiet --out - > b.npy");
    command_same(&command, "a.npy", "b.npy");
    CHECK(!symlink("real.npy", scratch_path(&command.work, "link.npy").text), "symlink");
    command_check(&command, 0, GRID "--quiet --out link.npy");
    command_same(&command, "a.npy", "real.npy");
    output = command_output(&command);
    CHECK(!*output, "quiet: %s", output);
    free(output);
    command_remove(&command);
}

/* One line says which file is missing, and in which folder. */
TEST(cli, onnx_is_missing)
{
    struct command command = command_new();
    command_check(&command, 0, "info");
    char *output = command_output(&command);
    if (strstr(output, "built without ONNX Runtime"))
        command_refused(&command, 3, "sample --model n.onnx --out y.npy",
                        "n.onnx: this quell was built without ONNX Runtime: build it where "
                        "libonnxruntime-dev is, or with -Donnx_path");
    else
        command_refused(&command, 3, "sample --model n.onnx --out y.npy", "n.onnx: No such file");
    free(output);
    command_remove(&command);
}
