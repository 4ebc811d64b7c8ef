/* SPDX-License-Identifier: MIT */
/* What the command says is one line of UTF-8 without control characters, whatever it was given, and
 * says why, however long the names are. */
#include "command.h"
#include "harness.h"
#include "base/utf8.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

/* %s is a name. */
static const struct {
    int code;
    const char *arguments, *reason;
} cases[] = {
    {3, "sample --model '%s.json' --out y", "No such file"},
    {3, "sample --model '%s.npy' --out y", "No such file"},
    {3, "sample --model '%s.safetensors' --out y", "No such file"},
    {3, "sample --model '%s' --out y", "must be builtin:NAME"},
    {4, "sample --model builtin:grid25 --count 5 --out 'no/%s'", "No such file"},
    {4, "sample --model builtin:grid25 --count 5 --plot 'no/%s'", "No such file"},
    {4, "sample --model builtin:grid25 --from '%s.npy' --out y", "No such file"},
    {4, "sample --model builtin:rings --classes '%s.npy' --out y", "No such file"},
    {4, "sample --model builtin:grid25 --times '%s.npy' --out y", "No such file"},
    {2, "sample --model builtin:grid25 --sampler '%s' --out y", "no such sampler"},
    {2, "sample --model builtin:grid25 --grid '%s' --out y", "no such grid"},
    {2, "sample --model builtin:grid25 --schedule '%s' --out y", "no such schedule"},
    {2, "sample --model builtin:grid25 --isa '%s' --out y", "no such instruction set"},
    {2, "sample --model builtin:grid25 --seed '%s' --out y", "must be a whole number"},
    {2, "sample --model builtin:rings --class '%s' --out y", "must be 0 to 1"},
    {2, "sample --model builtin:rings --class 0 --guidance '%s' --out y", "must be a number"},
    {2, "sample '%s'", "no such argument"},
    {2, "sample '--%s'", "no option"},
    {2, "'%s'", "no command"},
    {2, "list '%s'", "must be samplers"},
    {2, "list samplers '%s'", "there is none"},
    {3, "info '%s.json'", "No such file"},
    {3, "model --model '%s.json' --out y", "No such file"},
    {4, "model --model builtin:grid25 --out 'no/%s'", "No such file"},
    {4, "join --out y '%s.npy'", "No such file"},
    {4, "join --out y '%s.json'", "No such file"},
    {4, "denoise --model builtin:grid25 --from '%s.npy' --out y", "No such file"},
    {2, "compare --samplers '%s'", "no such sampler"},
    {2, "compare --evaluations '%s'", "must be whole numbers"},
    {4, "compare --evaluations 2 --count 50 --quiet --plot 'no/%s'", "No such file"},
};

static void check_message(const struct command *command, size_t i, const char *name, bool reason)
{
    char arguments[3000];
    snprintf(arguments, sizeof arguments, cases[i].arguments, name);
    int code = command_run(command, arguments);
    char *errors = command_errors(command), *newline = strchr(errors, '\n');
    CHECK(code == cases[i].code, "%s: exit code %d: %s", cases[i].arguments, code, errors);
    CHECK(newline && !newline[1], "%s: not one line", cases[i].arguments);
    CHECK(quell_is_utf8(errors), "%s: not UTF-8", cases[i].arguments);
    *newline = '\0';
    for (const char *at = errors; *at; at++)
        CHECK((unsigned char)*at >= ' ' && *at != 0x7f, "%s: a control character",
              cases[i].arguments);
    CHECK(!reason || strstr(errors, cases[i].reason), "%s: not '%s': %s", cases[i].arguments,
          cases[i].reason, errors);
    free(errors);
}

#define CASES (sizeof cases / sizeof *cases)

/* Not UTF-8, cut UTF-8, a terminal's sequences, a line feed, C1 controls. */
TEST(messages, names_of_any_bytes)
{
    const char *const names[] = {"a\xff\xfe", "\xc3",          "\x1b[2Jx",
                                 "a\nb",      "\xc2\x9b\x32J", "é\xe2\x82"};
    struct command command = command_new();
    for (size_t i = 0; i < CASES; i++) check_message(&command, i, names[i % 6], true);
    command_remove(&command);
}

/* A path of 500 bytes in a folder of its own, so that it could be there. */
TEST(messages, long_paths)
{
    struct command command = command_new();
    char name[600] = "";
    for (int k = 0; k < 2; k++) {
        for (int i = 0; i < 125; i++) strcat(name, "é");
        CHECK(!mkdir(scratch_path(&command.work, name).text, 0777), "mkdir");
        strcat(name, "/");
    }
    for (size_t i = 0; i < CASES; i++) check_message(&command, i, name, true);
    command_remove(&command);
}
