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

/* In these command lines %s stands for a name. */
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
    {2, "sample --model builtin:rings --classes 'x%s' --out y", "must be 0 to 1, or -1 for none"},
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
    {4, "denoise --t 0.5 --model builtin:grid25 --from '%s.npy' --out y", "No such file"},
    {2, "compare --samplers '%s'", "no such sampler"},
    {2, "compare --evaluations '%s'", "must be whole numbers"},
    {4, "compare --evaluations 2 --count 50 --quiet --plot 'no/%s'", "No such file"},
};

/* Controls of U+0080 to U+009F, what turns the order of characters around, what has no width, and
 * what ends a line or a paragraph. */
static const char *const hidden[] = {
    "\xc2\x85", "\xc2\x9b", "\u00ad", "\u061c", "\u200b", "\u200e", "\u200f", "\u2028",    "\u2029",
    "\u202a",   "\u202e",   "\u2060", "\u2066", "\u2069", "\ufeff", "\ufffb", "\U000e0041"};

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
    for (size_t k = 0; k < sizeof hidden / sizeof *hidden; k++)
        CHECK(!strstr(errors, hidden[k]), "%s: hidden character %zu", cases[i].arguments, k);
    CHECK(!reason || strstr(errors, cases[i].reason), "%s: not '%s': %s", cases[i].arguments,
          cases[i].reason, errors);
    free(errors);
}

#define CASES (sizeof cases / sizeof *cases)

/* Not UTF-8, cut UTF-8, a terminal's sequences, a line feed, C1 controls, characters that are not
 * shown or turn others around. */
TEST(messages, names_of_any_bytes)
{
    const char *const names[] = {"a\xff\xfe",  "\xc3",          "\x1b[2Jx",
                                 "a\nb",       "\xc2\x9b\x32J", "é\xe2\x82",
                                 "a\u202egpj", "\u200b\u2028",  "\ufeff\u2066"};
    struct command command = command_new();
    for (size_t i = 0; i < 2 * CASES; i++) check_message(&command, i % CASES, names[i % 9], true);
    command_remove(&command);
}

/* On the terminal as in messages; JSON has them escaped, and so their value is kept. */
TEST(messages, fields_of_models)
{
    char text[2000] = "{\"kind\": \"gaussian\", \"dim\": 2, \"variance\": 1, \"comment\": [\"";
    char *output;
    struct command command = command_new();
    size_t count = sizeof hidden / sizeof *hidden;
    for (size_t k = 0; k < count; k++) strcat(text, hidden[k]);
    strcat(text, "\"]}");
    scratch_write(&command.work, "a\u202e.json", text, 0);
    for (int json = 0; json < 2; json++) {
        command_check(&command, 0, json ? "info --json a\u202e.json" : "info a\u202e.json");
        output = command_output(&command);
        for (size_t k = 0; k < count; k++)
            CHECK(!strstr(output, hidden[k]), "%d: hidden character %zu: %s", json, k, output);
        CHECK(!json || strstr(output, "\\u202E\\u2060"), "not escaped: %s", output);
        CHECK(!json || strstr(output, "\\uDB40\\uDC41"), "not escaped: %s", output);
        free(output);
    }
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
    strcat(name, "m"); /* A file has a name before its ending. */
    for (size_t i = 0; i < CASES; i++) check_message(&command, i, name, true);
    command_remove(&command);
}
