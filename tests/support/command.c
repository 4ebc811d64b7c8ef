/* SPDX-License-Identifier: MIT */
#include "command.h"
#include "harness.h"

#include <signal.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

extern char **environ;

struct command command_new(void)
{
    struct command command = {.work = scratch_new(), .log = scratch_new()};
    return command;
}

void command_remove(const struct command *command)
{
    scratch_remove(&command->work);
    scratch_remove(&command->log);
}

void command_limit(struct command *command, const char *before)
{
    snprintf(command->before, sizeof command->before, "%s", before);
}

bool command_as_nobody(struct command *command)
{
    if (geteuid() || chmod(command->work.folder, 0777)) return false;
    command->as = "setpriv --reuid=65534 --regid=65534 --clear-groups --";
    if (!command_run(command, "--version")) return true;
    command->as = NULL;
    return false;
}

/* Signals as they are in a terminal. Tests that are started with nohup or in the background of a
 * script inherit some that are ignored, which quell, too, would ignore. */
static void take_signals(posix_spawnattr_t *attributes)
{
    sigset_t all, none;
    sigfillset(&all);
    sigemptyset(&none);
    posix_spawnattr_init(attributes);
    posix_spawnattr_setsigdefault(attributes, &all);
    posix_spawnattr_setsigmask(attributes, &none);
    posix_spawnattr_setflags(attributes, POSIX_SPAWN_SETSIGDEF | POSIX_SPAWN_SETSIGMASK);
}

static pid_t start(const struct command *command, const char *arguments)
{
    char script[2000];
    const char *quell = getenv("QUELL_COMMAND");
    if (!quell) {
        fputs("QUELL_COMMAND is not set: it must name the command quell\n", stderr);
        abort();
    }
    /* A pipe or several commands cannot take the place of the shell. */
    const char *exec = strpbrk(arguments, "|;") ? "" : "exec";
    /* Meson's name for the emulator, where there is one. */
    const char *emulator = getenv("MESON_EXE_WRAPPER");
    snprintf(script, sizeof script, "cd %s || exit; exec > %s/out 2> %s/err; %s %s %s %s %s %s",
             command->work.folder, command->log.folder, command->log.folder, command->before, exec,
             command->as ? command->as : "", emulator ? emulator : "", quell, arguments);
    char *words[] = {"/bin/sh", "-c", script, NULL};
    posix_spawnattr_t attributes;
    take_signals(&attributes);
    pid_t process;
    if (posix_spawn(&process, words[0], NULL, &attributes, words, environ)) {
        perror(words[0]);
        abort();
    }
    posix_spawnattr_destroy(&attributes);
    return process;
}

static int wait_for(pid_t process)
{
    int status;
    if (waitpid(process, &status, 0) != process) return -1;
    return WIFSIGNALED(status) ? 128 + WTERMSIG(status) : WEXITSTATUS(status);
}

int command_run(const struct command *command, const char *arguments)
{
    return wait_for(start(command, arguments));
}

void command_start(struct command *command, const char *arguments)
{
    command->process = start(command, arguments);
}

int command_wait(const struct command *command) { return wait_for(command->process); }

char *command_output(const struct command *command)
{
    return scratch_read(&command->log, "out", NULL);
}

char *command_errors(const struct command *command)
{
    return scratch_read(&command->log, "err", NULL);
}

void command_check(const struct command *command, int expected, const char *arguments)
{
    int code = command_run(command, arguments);
    char *errors = command_errors(command);
    CHECK(code == expected, "quell %s: exit code %d, not %d: %s", arguments, code, expected,
          errors);
    free(errors);
}

json_t *command_json(const struct command *command, const char *arguments)
{
    command_check(command, 0, arguments);
    char *output = command_output(command);
    json_t *root = json_loads(output);
    CHECK(root, "quell %s: not JSON: %s", arguments, output);
    free(output);
    return root;
}

const json_t *json_field(const json_t *root, const char *name)
{
    const json_t *value = json_object_get(root, name);
    CHECK(value, "no field %s", name);
    return value;
}

void command_same(const struct command *command, const char *left, const char *right)
{
    size_t left_size, right_size;
    char *a = scratch_read(&command->work, left, &left_size);
    char *b = scratch_read(&command->work, right, &right_size);
    CHECK(a && b, "%s or %s is not there", left, right);
    CHECK(left_size == right_size && !memcmp(a, b, left_size), "%s differs from %s", left, right);
    free(a);
    free(b);
}

/* Checks that it fails for this reason only: one line on stderr, no file. */
void command_refused(const struct command *command, int code, const char *arguments,
                     const char *reason)
{
    int before = scratch_count(&command->work, ".");
    command_check(command, code, arguments);
    char *errors = command_errors(command), *newline = strchr(errors, '\n');
    CHECK(strstr(errors, reason), "quell %s: not '%s': %s", arguments, reason, errors);
    CHECK(!strncmp(errors, "quell: ", 7), "quell %s: %s", arguments, errors);
    CHECK(newline && !newline[1], "quell %s: not one line: %s", arguments, errors);
    CHECK(scratch_count(&command->work, ".") == before, "quell %s: left a file", arguments);
    free(errors);
}

enum { NPY_HEADER = 128 };

void command_write_array(const struct command *command, const char *name, const char *type,
                         const char *shape, const void *values, size_t bytes)
{
    char *file = malloc(NPY_HEADER + bytes);
    memset(file, ' ', NPY_HEADER);
    memcpy(file, "\x93NUMPY\1\0\x76\0", 10);
    int length = snprintf(file + 10, NPY_HEADER - 10,
                          "{'descr': '%s', 'fortran_order': False, 'shape': %s, }", type, shape);
    file[10 + length] = ' ';
    file[NPY_HEADER - 1] = '\n';
    if (bytes) memcpy(file + NPY_HEADER, values, bytes);
    scratch_write(&command->work, name, file, NPY_HEADER + bytes);
    free(file);
}

float *command_floats(const struct command *command, const char *name)
{
    size_t size;
    char *bytes = scratch_read(&command->work, name, &size);
    CHECK(bytes && size >= NPY_HEADER, "%s is not there", name);
    memmove(bytes, bytes + NPY_HEADER, size - NPY_HEADER);
    return (float *)(void *)bytes;
}
