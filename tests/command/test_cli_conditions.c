/* SPDX-License-Identifier: MIT */
/* --condition: numbers, files of one array or of one for each sample, none; and what is refused. */
#include "command.h"
#include "conditioned.h"
#include "harness.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define SAMPLE "sample --quiet --model n.safetensors --steps 4 --seed 5 "
#define BOTH "--condition mean=1,2,3 --condition variance=0.5 "

static struct command begin(const char *fields)
{
    static char file[CONDITIONED_MOST_FILE];
    struct command command = command_new();
    scratch_write(&command.work, "n.safetensors", file, conditioned_file(fields, file));
    return command;
}

static const float rows[] = {1, 2, 3, -1, -2, -3, 1, 2, 3, 0, 0, 0};
static const float alike[] = {1, 2, 3, 1, 2, 3, 1, 2, 3, 1, 2, 3};
static const float most_alike[] = {1, 2, 3, 1, 2, 3, 1, 2, 3, 1, 2, 4};

TEST(cli_conditions, numbers_and_files)
{
    struct command command = begin("");
    command_write_array(&command, "one.npy", "<f4", "(3,)", rows, 3 * sizeof *rows);
    command_write_array(&command, "row.npy", "<f4", "(1, 3)", rows, 3 * sizeof *rows);
    command_write_array(&command, "scalar.npy", "<f4", "()", (const float[]){0.5}, sizeof(float));
    command_check(&command, 0, SAMPLE BOTH "--count 4 --out a.npy");
    command_check(&command, 0,
                  SAMPLE "--condition variance=scalar.npy --condition mean=one.npy "
                         "--count 4 --out b.npy");
    command_check(&command, 0,
                  SAMPLE "--condition variance=.5 --condition mean=row.npy --out c.npy");
    command_check(&command, 0, SAMPLE BOTH "--count 1 --out d.npy");
    command_same(&command, "a.npy", "b.npy");
    command_same(&command, "c.npy", "d.npy");
    command_refused(&command, 2,
                    SAMPLE "--condition variance=.5 --condition mean=row.npy --count 4 --out e.npy",
                    "mean=row.npy: has 1 sample: leave --count out or match it");
    command_refused(&command, 3, SAMPLE BOTH "--precision bf16 --out e.npy",
                    "has no weights that could be kept as bf16: leave the precision out");
    command_remove(&command);
}

/* A file of one for each says the count, and each sample is what it is alone. */
TEST(cli_conditions, for_each)
{
    struct command command = begin("");
    command_write_array(&command, "each.npy", "<f4", "(4, 3)", rows, sizeof rows);
    command_check(&command, 0,
                  SAMPLE "--condition mean=each.npy --condition variance=0.5 "
                         "--first 7 --out each.out");
    float *each = command_floats(&command, "each.out");
    for (size_t i = 0; i < 4; i++) {
        char arguments[300];
        snprintf(arguments, sizeof arguments,
                 SAMPLE "--condition variance=0.5 --condition mean=%g,%g,%g --first %zu --count 1 "
                        "--out one.npy",
                 (double)rows[3 * i], (double)rows[3 * i + 1], (double)rows[3 * i + 2], 7 + i);
        command_check(&command, 0, arguments);
        float *one = command_floats(&command, "one.npy");
        CHECK(!memcmp(one, each + 3 * i, 3 * sizeof *one), "sample %zu", i);
        free(one);
    }
    command_check(&command, 0,
                  "denoise --t 0.5 --model n.safetensors --from each.out --condition "
                  "mean=each.npy --condition variance=1 --out y.npy");
    command_refused(&command, 2,
                    SAMPLE "--condition mean=each.npy --condition variance=1 --count 5 --out f.npy",
                    "--condition mean=each.npy: has 4 samples: leave --count out or match it");
    command_refused(&command, 2,
                    "denoise --t 0.5 --model n.safetensors --from one.npy --condition "
                    "mean=each.npy --condition variance=1 --out y2.npy",
                    "--condition each.npy: is for 4 samples, --from has 1 state");
    free(each);
    command_remove(&command);
}

TEST(cli_conditions, are_reported)
{
    struct command command = begin("'conditions': {'mean': {'none': 'zeros'}}, ");
    command_write_array(&command, "each.npy", "<f4", "(4, 3)", rows, sizeof rows);
    json_t *root = command_json(&command, "sample --json --model n.safetensors --steps 2 "
                                          "--condition mean=each.npy --condition variance=1");
    const json_t *conditions = json_field(root, "conditions");
    CHECK(!strcmp(json_string_value(json_field(conditions, "mean")), "each"), "mean");
    CHECK(!strcmp(json_string_value(json_field(conditions, "variance")), "1"), "variance");
    json_decref(root);
    root = command_json(&command, "info n.safetensors --json");
    const json_t *mean = json_field(json_field(root, "conditions"), "mean");
    CHECK(json_integer_value(json_array_get(json_field(mean, "shape"), 0)) == 3, "shape");
    CHECK(json_is_true(json_field(mean, "none")), "none");
    json_decref(root);
    command_check(&command, 0, "info n.safetensors");
    char *text = command_output(&command);
    CHECK(strstr(text, "condition    mean, (3): samples may be without it\n"), "%s", text);
    CHECK(strstr(text, "condition    variance, a number: each sample must have it\n"), "%s", text);
    free(text);
    command_remove(&command);
}

TEST(cli_conditions, refused)
{
    struct command command = begin("");
    command_write_array(&command, "two.npy", "<f4", "(2,)", rows, 2 * sizeof *rows);
    static const struct {
        const char *arguments, *reason;
    } cases[] = {
        {"", "--condition mean=VALUE is needed: 3 numbers of shape (3)"},
        {"--condition mean=1,2,3", "--condition variance=VALUE is needed: a number"},
        {BOTH "--condition mean=1,2,3", "--condition mean=1,2,3: 'mean' is given twice"},
        {BOTH "--condition energy=50", "the model has no condition 'energy'"},
        {"--condition mean", "--condition mean: must be NAME=VALUE"},
        {"--condition mean=1,2",
         "mean=1,2: must be 3 numbers with commas of float32, up to 3.4e38, or an .npy file"},
        {"--condition mean=1,2,3,4", "must be 3 numbers with commas"},
        {"--condition mean=1,x,3", "must be 3 numbers with commas"},
        {"--condition mean=1,inf,3", "must be 3 numbers with commas"},
        {"--condition mean=1,2,3 --condition variance=one",
         "must be a number of float32, up to 3.4e38"},
        {"--condition mean=none", "the model does not say what none of it is"},
        {"--condition mean=two.npy", "has the shape (2), must have (3) for all samples"},
        {"--condition mean=away.npy", "away.npy"},
        {BOTH "--guidance 2",
         "guidance leads away from no condition, but nothing says what stands"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        char arguments[300];
        snprintf(arguments, sizeof arguments, SAMPLE "--count 2 --out f.npy %s",
                 cases[i].arguments);
        int code = strstr(cases[i].reason, "away.npy") ? 4 : 2;
        command_refused(&command, code, arguments, cases[i].reason);
    }
    command_refused(&command, 2,
                    "sample --quiet --model builtin:grid25 --condition energy=1 --out f.npy",
                    "--condition energy=1: the model has no conditions");
    int code = command_run(&command, SAMPLE "--condition mean=two.npy --condition variance=1 --out "
                                            "two.npy");
    CHECK(code == 2, "an output that is an input: %d", code);
    command_remove(&command);
}

/* Guidance away from the condition itself is no guidance, and is refused where that can be seen;
 * none is what the file says. */
TEST(cli_conditions, guidance)
{
    struct command command =
        begin("'conditions': {'mean': {'none': 'zeros'}, 'variance': {'none': 'same'}}, ");
    command_check(&command, 0, SAMPLE BOTH "--count 4 --out plain.npy");
    command_check(&command, 0, SAMPLE BOTH "--count 4 --guidance 2 --out two.npy");
    command_check(&command, 0,
                  SAMPLE BOTH "--count 4 --guidance 2 --negative-condition mean=0,0,0 "
                              "--out zeros.npy");
    command_write_array(&command, "alike.npy", "<f4", "(4, 3)", alike, sizeof alike);
    command_write_array(&command, "most.npy", "<f4", "(4, 3)", most_alike, sizeof most_alike);
    command_check(&command, 0,
                  SAMPLE "--condition mean=most.npy --condition variance=0.5 --guidance 2 "
                         "--negative-condition mean=1,2,3 --out same.npy");
    command_refused(&command, 2,
                    SAMPLE "--condition mean=alike.npy --condition variance=0.5 --guidance 2 "
                           "--negative-condition mean=1,2,3 --out f.npy",
                    "guidance has no effect: it leads away from the classes and the conditions");
    command_write_array(&command, "away.npy", "<f4", "(4, 3)", (const float[12]){0},
                        12 * sizeof(float));
    command_check(&command, 0,
                  SAMPLE "--condition mean=alike.npy --condition variance=0.5 --guidance 2 "
                         "--negative-condition mean=away.npy --out files.npy");
    command_same(&command, "files.npy", "zeros.npy");
    command_refused(&command, 2,
                    SAMPLE BOTH "--count 4 --guidance 2 --negative-condition mean=1,2,3 "
                                "--out f.npy",
                    "guidance has no effect: it leads away from the classes and the conditions");
    command_check(&command, 0,
                  SAMPLE BOTH "--count 4 --guidance 2 --guidance-rescale 0.7 "
                              "--out rescaled.npy");
    command_same(&command, "two.npy", "zeros.npy");
    float *plain = command_floats(&command, "plain.npy"),
          *same = command_floats(&command, "same.npy");
    float *two = command_floats(&command, "two.npy"),
          *rescaled = command_floats(&command, "rescaled.npy");
    for (int i = 0; i < 12; i++) {
        CHECK(i >= 9 || (plain[i] - same[i] < 1e-5f && same[i] - plain[i] < 1e-5f),
              "same, element %d", i);
        CHECK(plain[i] != two[i] && two[i] != rescaled[i], "guided, element %d", i);
    }
    free(plain), free(same), free(two), free(rescaled);
    command_check(&command, 0, SAMPLE BOTH "--count 4 --guidance 1 --out one.npy");
    command_same(&command, "plain.npy", "one.npy");
    command_refused(&command, 2,
                    SAMPLE BOTH "--count 4 --guidance 1 --negative-condition mean=0,0,0 "
                                "--out f.npy",
                    "negative conditions have no effect: the weight of");
    command_refused(&command, 2,
                    SAMPLE "--condition mean=1,2,3 --condition variance=16777217 --out f.npy",
                    "variance=16777217: the whole number 16777217 is not one of float32");
    command_refused(&command, 2,
                    SAMPLE "--condition mean=1,2,3 --condition variance=1e39 --out f.npy",
                    "must be a number of float32, up to 3.4e38");
    command_refused(&command, 2, SAMPLE BOTH "--negative-condition mean=0,0,0 --out f.npy",
                    "--negative-condition: needs --guidance");
    command_refused(&command, 2,
                    SAMPLE BOTH "--guidance 2 --negative-condition energy=1 --out f.npy",
                    "--negative-condition energy=1: the model has no condition 'energy'");
    command_refused(&command, 2, SAMPLE BOTH "--guidance 2 --negative-class 1 --out f.npy",
                    "--negative-class: the model has no classes");
    command_refused(&command, 2,
                    SAMPLE "--guidance 2 --condition mean=none --condition variance=1 --out f.npy",
                    "must be given that is not none");
    command_remove(&command);
}

/* A run that goes on has the bits of one that was not interrupted, and other values are another
 * run. */
TEST(cli_conditions, resume)
{
    struct command command = begin("");
    command_write_array(&command, "each.npy", "<f4", "(4, 3)", rows, sizeof rows);
    command_check(&command, 0,
                  SAMPLE "--condition mean=each.npy --condition variance=1 --resume "
                         "--out a.npy");
    command_check(&command, 0,
                  SAMPLE "--condition mean=each.npy --condition variance=1 --out b.npy");
    command_same(&command, "a.npy", "b.npy");
    command_remove(&command);
}
