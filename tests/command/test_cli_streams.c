/* SPDX-License-Identifier: MIT */
/* --seeds and --indices: each sample is what it is in a run of its own. */
#include "command.h"
#include "harness.h"

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define SAMPLE "sample --quiet --model builtin:rings --sampler ddpm --steps 4 "
#define COUNT 4

static const char *const seeds[COUNT] = {"7", "0", "18446744073709551615", "7"};
static const char *const indices[COUNT] = {"3", "18446744073709551614", "0", "4"};
#define SEEDS "--seeds 7,0,18446744073709551615,7 "
#define INDICES "--indices 3,18446744073709551614,0,4 "

static void hold(const struct command *command, const char *name, bool listed_seeds,
                 bool listed_indices)
{
    float *all = command_floats(command, name);
    for (size_t i = 0; i < COUNT; i++) {
        char arguments[300];
        snprintf(arguments, sizeof arguments,
                 SAMPLE "--class 1 --seed %s --first %s --count 1 "
                        "--out one.npy",
                 listed_seeds ? seeds[i] : "5", listed_indices ? indices[i] : "2");
        command_check(command, 0, arguments);
        float *one = command_floats(command, "one.npy");
        CHECK(!memcmp(one, all + 2 * i, 2 * sizeof *one), "%s: sample %zu", name, i);
        free(one);
    }
    free(all);
}

TEST(cli_streams, each_is_alone)
{
    struct command command = command_new();
    const uint64_t s[COUNT] = {7, 0, UINT64_MAX, 7}, i[COUNT] = {3, UINT64_MAX - 1, 0, 4};
    command_write_array(&command, "s.npy", "<u8", "(4,)", s, sizeof s);
    command_write_array(&command, "i.npy", "<u8", "(4,)", i, sizeof i);
    command_check(&command, 0, SAMPLE SEEDS INDICES "--class 1 --out both.npy");
    command_check(&command, 0, SAMPLE SEEDS "--first 2 --class 1 --out seeds.npy");
    command_check(&command, 0, SAMPLE INDICES "--seed 5 --class 1 --out indices.npy");
    command_check(&command, 0, SAMPLE "--seeds s.npy --indices i.npy --class 1 --out files.npy");
    hold(&command, "both.npy", true, true);
    hold(&command, "seeds.npy", true, false);
    hold(&command, "indices.npy", false, true);
    command_same(&command, "both.npy", "files.npy");
    command_remove(&command);
}

/* --class each goes by a sample's index. */
TEST(cli_streams, class_each)
{
    struct command command = command_new();
    command_check(&command, 0, SAMPLE "--indices 5,0,3 --seed 1 --class each --out x.npy");
    command_check(&command, 0, SAMPLE "--count 6 --seed 1 --class each --out whole.npy");
    float *x = command_floats(&command, "x.npy"), *whole = command_floats(&command, "whole.npy");
    CHECK(!memcmp(x, whole + 10, 8) && !memcmp(x + 2, whole, 8) && !memcmp(x + 4, whole + 6, 8),
          "samples 5, 0 and 3 of a stream");
    free(x);
    free(whole);
    command_remove(&command);
}

/* A run that was interrupted goes on in the middle of the lists. */
TEST(cli_streams, resume_and_report)
{
    struct command command = command_new();
    uint64_t s[3000], i[3000];
    for (uint64_t k = 0; k < 3000; k++) s[k] = k % 7, i[k] = 5 * k;
    command_write_array(&command, "s.npy", "<i8", "(3000,)", s, sizeof s);
    command_write_array(&command, "i.npy", "<i8", "(3000,)", i, sizeof i);
    command_check(&command, 0, SAMPLE "--seeds s.npy --indices i.npy --out whole.npy");
    command_limit(&command, "ulimit -f 8;");
    CHECK(command_run(&command, SAMPLE "--seeds s.npy --indices i.npy --out x.npy --resume"),
          "it had no limit");
    command_limit(&command, "");
    s[2999] = 4;
    command_write_array(&command, "other.npy", "<i8", "(3000,)", s, sizeof s);
    CHECK(command_run(&command, SAMPLE "--seeds other.npy --indices i.npy --out x.npy --resume") &&
              command_run(&command, SAMPLE "--seeds s.npy --out x.npy --resume"),
          "it goes on with other streams");
    command_check(&command, 0, SAMPLE "--seeds s.npy --indices i.npy --out x.npy --resume");
    command_same(&command, "whole.npy", "x.npy");
    json_t *report = command_json(&command, SAMPLE SEEDS "--out y.npy --json");
    CHECK(!strcmp(json_string_value(json_field(report, "seeds")), "7,0,18446744073709551615,7") &&
              json_is_null(json_field(report, "seed")) &&
              json_is_null(json_field(report, "indices")),
          "the report of seeds");
    json_decref(report);
    command_check(&command, 0, SAMPLE SEEDS "--out y.npy --json > y.json");
    command_remove(&command);
}

TEST(cli_streams, refused)
{
    struct command command = command_new();
    const uint64_t negative[] = {1, (uint64_t)-3}, last[] = {0, UINT64_MAX};
    command_write_array(&command, "negative.npy", "<i8", "(2,)", negative, sizeof negative);
    command_write_array(&command, "last.npy", "<u8", "(2,)", last, sizeof last);
    command_check(&command, 0, SAMPLE "--seeds 1,2 --out x.npy");
    static const struct {
        int code;
        const char *arguments, *says;
    } wrong[] = {
        {2, SAMPLE "--seeds 1,2 --seed 3 --out f.npy", "--seeds"},
        {2, SAMPLE "--indices 1,2 --first 3 --out f.npy", "--indices"},
        {2, SAMPLE "--seeds 1,2 --indices 3 --out f.npy",
         "--indices 3: is for 1 sample, but --seeds for 2"},
        {2, SAMPLE "--seeds 1,2 --count 3 --out f.npy",
         "--seeds 1,2: has 2 samples: leave --count"},
        {2, SAMPLE "--seeds 1,-2 --out f.npy",
         "--seeds: '-2' must be a whole number from 0 to 2^64 -"},
        {2, SAMPLE "--seeds 1,,2 --out f.npy", "--seeds: '' must be a whole number"},
        {2, SAMPLE "--seeds 1,2, --out f.npy", "--seeds: '' must be a whole number"},
        {2, SAMPLE "--indices 18446744073709551615 --out f.npy", "from 0 to 2^64 - 2"},
        {2, SAMPLE "--seeds 18446744073709551616 --out f.npy", "must be a whole number"},
        {2, SAMPLE "--seeds 1,2 --class each --out f.npy", "give --classes, or --indices"},
        {4, SAMPLE "--seeds none.npy --out f.npy", "none.npy"},
        {4, SAMPLE "--seeds negative.npy --out f.npy", "value 1 is -3: must not be negative"},
        {2, SAMPLE "--indices last.npy --out f.npy", "indices[1] is 2^64 - 1"},
        {2, "sample --quiet --model builtin:rings --from x.npy --seeds 1,2 --out f.npy",
         "--seeds: has no effect: x_1 is that of --from"},
        {2, "sample --quiet --model builtin:rings --from x.npy --first 2 --out f.npy",
         "--first: has no effect: x_1 is that of --from"},
        {2, "sample --quiet --model builtin:rings --from x.npy --class each --seed 2 --out f.npy",
         "--seed: has no effect: x_1 is that of --from"},
    };
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++)
        command_refused(&command, wrong[i].code, wrong[i].arguments, wrong[i].says);
    command_remove(&command);
}

/* Files of several streams are joined in the order that they are named in; their reports say no
 * order. */
TEST(cli_streams, join)
{
    struct command command = command_new();
    command_check(&command, 0, SAMPLE SEEDS INDICES "--out whole.npy");
    command_check(&command, 0, SAMPLE "--seeds 7 --indices 3 --out a.npy --json > a.json");
    command_check(&command, 0,
                  SAMPLE "--seeds 0,18446744073709551615,7 --indices 18446744073709551614,0,4 "
                         "--out b.npy --json > b.json");
    command_check(&command, 0, "join --quiet --out x.npy a.npy b.npy");
    command_same(&command, "whole.npy", "x.npy");
    command_refused(&command, 4, "join --out f.npy a.json b.json",
                    "a.json: its samples have seeds of their own (--seeds), and so no order");
    command_remove(&command);
}
