/* SPDX-License-Identifier: MIT */
/* quell join: parts put together are the file of one run, and parts that are not of one stream are
 * refused. */
#include "command.h"
#include "harness.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define DRAW "sample --quiet --model builtin:grid25 --sampler ddpm --steps 4 "

/* Draws the samples first .. first + count - 1 to NAME.npy, with their report in NAME.json. */
static void draw_part(const struct command *command, const char *name, const char *more, int first,
                      int count)
{
    char arguments[400];
    snprintf(arguments, sizeof arguments,
             DRAW "--json %s --first %d --count %d --out %s.npy > %s.json", more, first, count,
             name, name);
    command_check(command, 0, arguments);
}

static void draw_parts(const struct command *command)
{
    draw_part(command, "p0", "--seed 3", 40, 7);
    draw_part(command, "p1", "--seed 3 --threads 1", 47, 1);
    draw_part(command, "p10", "--seed 3 --isa scalar", 48, 12);
    draw_part(command, "whole", "--seed 3", 40, 20);
}

TEST(join, equals_one_run)
{
    struct command command = command_new();
    draw_parts(&command);
    command_check(&command, 0, "join --out a.npy --count 20 p0.npy p1.npy p10.npy");
    command_same(&command, "whole.npy", "a.npy");
    char *output = command_output(&command);
    CHECK(!strcmp(output, "a.npy: 20 samples of 3 parts\n"), "%s", output);
    free(output);
    command_check(&command, 0, "join p10.json --out b.npy p0.json p1.json --quiet");
    command_same(&command, "whole.npy", "b.npy");
    output = command_output(&command);
    CHECK(!*output, "quiet: %s", output);
    free(output);
    command_check(&command, 0, "join --out - p0.npy p1.npy p10.npy > c.npy");
    command_same(&command, "whole.npy", "c.npy");
    /* A part that is an image, of more than a chunk. */
    command_check(&command, 0,
                  "sample --model builtin:clouds --steps 1 --count 100 --out images.npy");
    command_check(&command, 0, "join --out d.npy images.npy");
    command_same(&command, "images.npy", "d.npy");
    command_remove(&command);
}

/* The report of joined parts may be joined as a part again. */
TEST(join, reports)
{
    struct command command = command_new();
    draw_parts(&command);
    command_check(&command, 0, "join --out left.npy p1.json p0.json --json > left.json");
    json_t *root = command_json(&command, "join --out all.npy p10.json left.json --json");
    command_same(&command, "whole.npy", "all.npy");
    CHECK(json_integer_value(json_field(root, "first")) == 40, "first");
    CHECK(json_integer_value(json_field(root, "count")) == 20, "count");
    CHECK(json_integer_value(json_field(root, "parts")) == 2, "parts");
    CHECK(json_integer_value(json_field(root, "seed")) == 3, "seed");
    CHECK(!strcmp(json_string_value(json_field(root, "out")), "all.npy"), "out");
    CHECK(json_integer_value(json_array_get(json_field(root, "shape"), 0)) == 20 &&
              json_integer_value(json_array_get(json_field(root, "shape"), 1)) == 2,
          "shape");
    json_decref(root);
    root = command_json(&command, "join --out all.npy p0.npy p1.npy --json");
    CHECK(!json_object_get(root, "first") && !json_object_get(root, "seed"), "known from nowhere");
    json_decref(root);
    command_remove(&command);
}

/* Beyond 2^63 a report has texts; below, seeds that are equal as doubles differ. */
TEST(join, large_numbers)
{
    struct command command = command_new();
    draw_part(&command, "s0", "--seed 9007199254740992", 0, 2);
    draw_part(&command, "s1", "--seed 9007199254740993", 2, 2);
    command_refused(&command, 4, "join --out y.npy s0.json s1.json", "s1.json: its 'seed'");
    command_check(&command, 0,
                  DRAW "--json --first 18446744073709551610 --count 2 --out a.npy > a.json");
    command_check(&command, 0,
                  DRAW "--json --first 18446744073709551612 --count 3 --out b.npy > b.json");
    command_check(&command, 0, DRAW "--first 18446744073709551610 --count 5 --out whole.npy");
    command_check(&command, 0, "join --out ab.npy b.json a.json");
    command_same(&command, "ab.npy", "whole.npy");
    command_remove(&command);
}

TEST(join, parts_refused)
{
    struct command command = command_new();
    draw_parts(&command);
    draw_part(&command, "seed", "--seed 4", 60, 5);
    draw_part(&command, "again", "--seed 3", 46, 2);
    command_check(&command, 0,
                  "sample --model builtin:rings --steps 1 --count 3 --out shape.npy "
                  "--plot /dev/null");
    command_check(&command, 0,
                  "sample --model builtin:clouds --steps 1 --count 3 --out images.npy");
    scratch_write(&command.work, "no.json", "{\"out\": \"p0.npy\", \"count\": 7}", 0);
    scratch_write(&command.work, "kept.json", "{\"out\": null, \"first\": 0, \"count\": 7}", 0);
    scratch_write(&command.work, "short.json",
                  "{\"out\": \"p0.npy\", \"first\": 40, \"count\": 8, "
                  "\"samples_digest\": \"0123456789abcdef\"}",
                  0);
    scratch_write(&command.work, "old.json", "{\"out\": \"p0.npy\", \"first\": 40, \"count\": 7}",
                  0);
    scratch_write(&command.work, "list.json", "[1]", 0);
    scratch_write(&command.work, "cut.json", "{\"out\": ", 0);
    static const struct {
        int code;
        const char *arguments, *reason;
    } cases[] = {
        {2, "", "--out and the parts are needed"},
        {2, "--out y.npy", "--out and the parts are needed"},
        {2, "p0.npy", "--out and the parts are needed"},
        {2, "--out y.npy p0.npy p1.json", "p0.npy and p1.json: name all reports or all .npy"},
        {2, "--out p1.npy p0.npy p1.npy", "--out p1.npy: is one of the parts"},
        {2, "--json --out - p1.npy", "both want standard output"},
        {4, "--out y.npy p0.npy none.npy", "none.npy: cannot be read: No such file"},
        {4, "--out y.npy p0.npy p0.json.npy", "p0.json.npy: cannot be read"},
        {4, "--out y.npy p0.npy images.npy", "images.npy: its samples have another shape"},
        {4, "--out y.npy images.npy p0.npy", "p0.npy: its samples have another shape"},
        {4, "--out y.npy --count 21 p0.npy p1.npy p10.npy", "--count 21: the parts have 20"},
        {4, "--out y.npy p0.json p10.json",
         "p0.json ends before sample 47, p10.json begins with 48: samples are missing"},
        {4, "--out y.npy p0.json again.json p10.json",
         "p0.json ends before sample 47, again.json begins with 46: samples are there twice"},
        {4, "--out y.npy p0.json p0.json", "there twice"},
        {4, "--out y.npy p0.json p1.json p10.json seed.json",
         "seed.json: its 'seed' is not that of p0.json"},
        {4, "--out y.npy p0.npy p1.npy p10.npy p1.npy", "p1.npy has the samples of p1.npy"},
        {4, "--out y.npy no.json", "no.json: its field 'first' is not what"},
        {4, "--out y.npy kept.json", "kept.json: its field 'out' is not what"},
        {4, "--out y.npy short.json", "p0.npy: has 7 samples, but short.json reports 8"},
        {4, "--out y.npy old.json", "old.json: its field 'samples_digest' is not what"},
        {4, "--out y.npy cut.json", "cut.json: line 1"},
        {4, "--out y.npy none.json", "none.json: cannot be read: No such file"},
        {4, "--out y.npy list.json", "list.json: is not a JSON object"},
        {4, "--out no/y.npy p0.npy", "no/y.npy: cannot be created"},
        {4, "--out - p0.npy > /dev/full", "standard output: cannot be written"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        char arguments[200];
        snprintf(arguments, sizeof arguments, "join %s", cases[i].arguments);
        command_refused(&command, cases[i].code, arguments, cases[i].reason);
    }
    command_remove(&command);
}

/* What only the bytes of the inputs tell: another model, guide, list of times under the same name,
 * and samples that were written over after the report. */
TEST(join, changed_refused)
{
    struct command command = command_new();
    const char *model = "{\"kind\": \"gaussian\", \"dim\": 2, \"variance\": %d}";
    for (int variance = 1; variance <= 2; variance++) {
        char text[100], arguments[200];
        snprintf(text, sizeof text, model, variance);
        scratch_write(&command.work, "m.json", text, 0);
        scratch_write(&command.work, "times.txt", variance == 1 ? "1 0.5 0" : "1 0.4 0", 0);
        for (int kind = 0; kind < 3; kind++) {
            static const char *const more[] = {"m.json", "builtin:grid25 --times times.txt",
                                               "builtin:grid25 --guide m.json --guidance 2"};
            snprintf(arguments, sizeof arguments,
                     "sample --json --model %s --first %d --count 3 --out %c%d.npy > %c%d.json",
                     more[kind], 3 * variance, 'a' + kind, variance, 'a' + kind, variance);
            command_check(&command, 0, arguments);
        }
    }
    command_refused(&command, 4, "join --out y.npy a1.json a2.json",
                    "a2.json: its 'model_digest' is not that of a1.json");
    command_refused(&command, 4, "join --out y.npy b1.json b2.json",
                    "b2.json: its 'sampler_digest' is not that of b1.json");
    command_refused(&command, 4, "join --out y.npy c1.json c2.json",
                    "c2.json: its 'guide_digest' is not that of c1.json");
    draw_parts(&command);
    draw_part(&command, "from", "--seed 3 --from p0.npy", 60, 7);
    command_refused(&command, 4, "join --out y.npy p0.json p1.json p10.json from.json",
                    "from.json: its 'from' is not that of p0.json");
    command_check(&command, 0, DRAW "--seed 4 --first 47 --count 1 --out p1.npy");
    command_refused(&command, 4, "join --out y.npy p0.json p1.json p10.json",
                    "p1.npy: its samples are not those that p1.json reports");
    command_check(&command, 0, "join --out y.npy p0.npy p1.npy p10.npy");
    command_remove(&command);
}

/* The digest of samples is the same for every kind of run: in batches, resumed, or joined from
 * parts in any order. */
TEST(join, digests_of_samples)
{
    struct command command = command_new();
    draw_parts(&command);
    json_t *whole = command_json(&command, DRAW "--json --seed 3 --first 40 --count 20");
    json_t *joined = command_json(&command, "join --out y.npy p1.json p0.json p10.json --json");
    const char *a = json_string_value(json_field(whole, "samples_digest"));
    const char *b = json_string_value(json_field(joined, "samples_digest"));
    CHECK(!strcmp(a, b), "%s, joined %s", a, b);
    json_decref(whole);
    json_decref(joined);
    command_remove(&command);
}

TEST(join, values_refused)
{
    struct command command = command_new();
    const float good[2] = {1, 2}, other[2] = {1, -2}, bad[2] = {3, INFINITY};
    const double wide[2] = {1, 2};
    command_write_array(&command, "good.npy", "<f4", "(1, 2)", good, sizeof good);
    command_write_array(&command, "other.npy", "<f4", "(1, 2)", other, sizeof other);
    command_write_array(&command, "bad.npy", "<f4", "(1, 2)", bad, sizeof bad);
    command_write_array(&command, "wide.npy", "<f8", "(1, 2)", wide, sizeof wide);
    command_write_array(&command, "number.npy", "<f4", "()", good, 4);
    command_check(&command, 0, "join --out y.npy good.npy other.npy; rm y.npy");
    command_refused(&command, 4, "join --out y.npy good.npy bad.npy",
                    "bad.npy: element [0, 1] is inf");
    command_refused(&command, 4, "join --out y.npy good.npy wide.npy", "wide.npy: is of float64");
    command_refused(&command, 4, "join --out y.npy number.npy", "number.npy: is a single number");
    command_remove(&command);
}
