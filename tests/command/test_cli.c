/* SPDX-License-Identifier: MIT */
/* The command line: exit codes, messages, help and JSON. QUELL_COMMAND names the command, and may
 * begin with an emulator. */
#include "command.h"
#include "harness.h"

#include <quell/quell.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define GRID "sample --model builtin:grid25 --count 10 "

TEST(cli, usage)
{
    static const char *const cases[][2] = {
        {"nonsense", "'nonsense'"},
        {"sample", "--model"},
        {"sample --model", "--model: needs a value"},
        {"sample --nonsense", "'--nonsense'"},
        {"sample --model builtin:grid25 extra", "'extra'"},
        {"sample --model builtin:grid25 --count '' --out y.npy", "--count"},
        {"sample --model builtin:grid25 --count -1", "--count '-1'"},
        {"sample --model builtin:grid25 --count 1e3", "--count '1e3'"},
        {"sample --model builtin:grid25 --count ' 5'", "--count"},
        {"sample --model builtin:grid25 --count 18446744073709551615", "more than a file"},
        {"sample --model builtin:grid25 --count 18446744073709551616", "--count"},
        {"sample --model builtin:grid25 --first 18446744073709551615 --count 2", "--first"},
        {"sample --model builtin:grid25 --steps 0", "--steps"},
        {"sample --model builtin:grid25 --steps 1000001", "--steps"},
        {"sample --model builtin:grid25 --sampler euler9", "euler9"},
        {"sample --model builtin:grid25 --sampler ddim:eta=x --out y.npy", "eta"},
        {"sample --model builtin:grid25 --sampler ''", "--sampler"},
        {"sample --model builtin:grid25 --schedule vq --out y.npy", "vq"},
        {"sample --model builtin:grid25 --grid lines --out y.npy", "'lines'"},
        {"sample --model builtin:grid25 --grid linear:final=1 --out y.npy", "min|zero"},
        {"sample --model builtin:grid25 --start 1.5", "--start '1.5': must be a number from 0 to"},
        {"sample --model builtin:grid25 --start 0,5", "--start '0,5'"},
        {"sample --model builtin:grid25 --stop nan", "--stop 'nan'"},
        {"sample --model builtin:grid25 --start .2 --stop .3 --out y.npy",
         "--start is 0.2 and --stop is 0.3"},
        {"sample --model builtin:grid25 --clamp-low 1 --clamp-high -1 --out y",
         "--clamp-low is 1, --clamp-high is -1"},
        {"plan --stop ''", "--stop ''"},
        {"plan --grid linear:final=last", "min|zero"},
        {"sample --model builtin:grid25 --isa sse9 --out y.npy", "sse9"},
        {"sample --model builtin:grid25 --threads x", "--threads"},
        {"sample --model builtin:grid25 --out y.png", "--plot"},
        {"sample --model builtin:grid25 --out y --plot y", "both name y"},
        {"sample --model builtin:grid25 --out - --json", "standard output"},
        {"list nonsense", "'nonsense'"},
        {"list models isas", "'isas'"},
        {"list samplers nonsense", "'nonsense'"},
        {"list samplers ddim extra", "'extra'"},
        {"plan --sampler nonsense", "nonsense"},
        {"model --model builtin:grid25", "--out"},
        {"info --nonsense", "'--nonsense'"},
    };
    struct command command = command_new();
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
        command_refused(&command, 2, cases[i][0], cases[i][1]);
    scratch_write(&command.work, "line.json",
                  "{\"kind\": \"gaussian\", \"dim\": 3, \"variance\": 1}", 0);
    command_refused(&command, 2, "sample --model line.json --plot y.png", "can be plotted");
    command_remove(&command);
}

TEST(cli, models_refused)
{
    struct command command = command_new();
    scratch_write(&command.work, "bad.json", "{\"kind\": \"gaussian\"", 0);
    scratch_write(&command.work, "\x1b[2J.json", "{\"kind\": \"gaussian\", \"\\u001b[2J\": 1}", 0);
    command_refused(&command, 3, "sample --model bad.json --out y.npy", "bad.json: line 1");
    command_refused(&command, 3, "sample --model no.json --out y.npy", "no.json");
    command_refused(&command, 3, "sample --model no.npy --out y.npy", "no.npy");
    command_refused(&command, 3, "sample --model builtin:no --out y.npy", "quell list models");
    command_refused(&command, 3, "sample --model no --out y.npy", "'no'");
    command_refused(&command, 3, "model --model no.json --out y.json", "no.json");
    command_refused(&command, 3, "sample --model *J.json --out y.npy", "'?[2J'");
    command_remove(&command);
}

TEST(cli, bad_isa_in_the_environment)
{
    struct command command = command_new();
    setenv("QUELL_ISA", "sse9", 1);
    command_refused(&command, 2, GRID "--out y.npy", "QUELL_ISA");
    command_refused(&command, 2, "info", "QUELL_ISA");
    unsetenv("QUELL_ISA");
    command_remove(&command);
}

TEST(cli, json)
{
    struct command command = command_new();
    json_t *root = command_json(
        &command, GRID "--first 4 --seed 7 --steps 3 --threads 2 --isa scalar --clamp-high 2 "
                       "--json --out 'q\"\\uote\xff.npy'");
    CHECK(json_integer_value(json_field(root, "count")) == 10, "count");
    CHECK(json_integer_value(json_field(root, "first")) == 4, "first");
    CHECK(json_integer_value(json_field(root, "seed")) == 7, "seed");
    CHECK(json_integer_value(json_field(root, "steps")) == 3, "steps");
    CHECK(json_integer_value(json_field(root, "threads")) == 2, "threads");
    CHECK(json_number_value(json_field(root, "seconds")) > 0, "seconds");
    CHECK(json_number_value(json_field(root, "samples_per_second")) > 0, "samples_per_second");
    CHECK(!strcmp(json_string_value(json_field(root, "isa")), "scalar"), "isa");
    CHECK(!strcmp(json_string_value(json_field(root, "schedule")), "vp"), "schedule");
    CHECK(!strcmp(json_string_value(json_field(root, "sampler")), "ddim"), "sampler");
    CHECK(!strcmp(json_string_value(json_field(root, "model")), "builtin:grid25"), "model");
    CHECK(!strcmp(json_string_value(json_field(root, "out")), "q\"\\uote\xef\xbf\xbd.npy"), "out");
    CHECK(!strcmp(json_string_value(json_field(root, "grid")), "linear"), "grid");
    CHECK(json_number_value(json_field(root, "start")) == 1, "start");
    CHECK(json_number_value(json_field(root, "stop")) == 0, "stop");
    CHECK(json_is_false(json_field(root, "brownian")), "brownian");
    CHECK(json_is_null(json_field(root, "clamp_low")) &&
              json_number_value(json_field(root, "clamp_high")) == 2,
          "the clamp");
    CHECK(json_number_value(json_field(root, "threshold")) == 0 &&
              json_is_null(json_field(root, "threshold_max")),
          "the threshold");
    CHECK(json_is_true(json_field(root, "reproducible")) && json_is_null(json_field(root, "plot")),
          "reproducible, plot");
    json_decref(root);
    command_remove(&command);
}

TEST(cli, list_and_info)
{
    struct command command = command_new();
    json_t *root = command_json(&command, "list --json");
    const char *names[] = {"samplers", "schedules", "models", "isas", "grids"};
    for (int i = 0; i < 5; i++)
        CHECK(json_array_size(json_field(root, names[i])) >= (i >= 3 ? 1 : 2), "%s", names[i]);
    json_decref(root);
    root = command_json(&command, "list isas --json");
    CHECK(json_object_size(root) == 1, "isas only");
    json_decref(root);
    root = command_json(&command, "info --json");
    CHECK(!strcmp(json_string_value(json_field(root, "version")), quell_version()), "version");
    CHECK(json_integer_value(json_field(root, "threads")) >= 1, "threads");
    json_decref(root);
    command_check(&command, 0, "plan --sampler ddpm --steps 3");
    char *output = command_output(&command);
    int steps = 0;
    for (const char *at = output; (at = strstr(at, "STEP")); at++) steps++;
    CHECK(steps == 3, "%s", output);
    free(output);
    command_remove(&command);
}

/* The first line with an option or, of `quell help`, a command. The line before is a heading. */
static const char *first_option(const char *help)
{
    const char *at = help;
    while ((at = strstr(at, ":\n  ")) && strncmp(at + 4, "-", 1) && strncmp(at + 4, "    --", 6) &&
           strncmp(at + 4, "sample ", 7))
        at++;
    return at;
}

/* Each help says first how the command is called, then what it does, and shows an example before
 * the options, which stand in groups. The exit codes are said once, by `quell help`. */
TEST(cli, help)
{
    static const char *const cases[] = {
        "--help",      "sample --help", "list --help", "info --help",    "plan --help",
        "join --help", "model --help",  "help sample", "compare --help", "denoise --help"};
    struct command command = command_new();
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        command_check(&command, 0, cases[i]);
        char *output = command_output(&command);
        const char *usage = strstr(output, "Usage: quell"), *example = strstr(output, "Example");
        CHECK(usage && (!i || usage == output), "%s", output);
        CHECK(usage < example && example < first_option(output), "%s", output);
        CHECK(!strstr(output, "Exit codes:") == (i > 0), "%s", output);
        for (char *line = strtok(output, "\n"); line; line = strtok(NULL, "\n"))
            CHECK(strlen(line) <= 86, "quell %s: a long line: %s", cases[i], line);
        free(output);
    }
    command_check(&command, 2, "");
    command_remove(&command);
}

TEST(cli, version)
{
    static const char *const cases[] = {"version", "--version", "-V"};
    struct command command = command_new();
    char expected[64];
    snprintf(expected, sizeof expected, "quell %s\n", quell_version());
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        command_check(&command, 0, cases[i]);
        char *output = command_output(&command);
        CHECK(!strcmp(output, expected), "%s: %s", cases[i], output);
        free(output);
    }
    command_remove(&command);
}
