/* SPDX-License-Identifier: MIT */
/* quell quantize: what it says of a network is what samples show, the file gives the same bits on
 * every instruction set, and what has nothing to quantise is refused. */
#include "command.h"
#include "harness.h"

#include <math.h>
#include <quell/quell.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#define HOW "--class each --guidance 2 --count 12 --sampler heun --steps 6 --seed 3"
enum { VALUES = 12 * 2 };

static void draw(const struct command *command, const char *model, const char *out,
                 const char *more)
{
    char arguments[300];
    snprintf(arguments, sizeof arguments, "sample -m %s " HOW " -o %s --quiet %s", model, out,
             more);
    command_check(command, 0, arguments);
}

/* How far the second samples are from the first, in units of the deviation of those. */
static double distance(const struct command *command)
{
    float *x = command_floats(command, "x.npy"), *y = command_floats(command, "y.npy");
    double mean = 0, squares = 0, moved = 0;
    for (size_t i = 0; i < VALUES; i++) mean += (double)x[i] / VALUES;
    for (size_t i = 0; i < VALUES; i++) {
        squares += pow((double)x[i] - mean, 2);
        moved += pow((double)y[i] - (double)x[i], 2);
    }
    free(x);
    free(y);
    return sqrt(moved / squares);
}

TEST(quantize, moves_samples_as_it_says)
{
    struct command command = command_new();
    json_t *report = command_json(
        &command, "quantize -m builtin:rings -o q.safetensors --bound 0.03 " HOW " --json");
    long long runs = json_integer_value(json_field(report, "runs"));
    double moved = json_number_value(json_field(report, "moved"));
    long long quantised = json_integer_value(json_field(report, "quantised"));
    draw(&command, "builtin:rings", "x.npy", "");
    draw(&command, "q.safetensors", "y.npy", "");
    CHECK(moved > 0 && moved <= 0.03 && quantised > 0, "%lld moved by %g", quantised, moved);
    CHECK(runs > 1 + quantised && json_number_value(json_field(report, "seconds")) > 0,
          "%lld runs for %lld instructions", runs, quantised);
    CHECK(fabs(distance(&command) - moved) < 1e-6, "moved by %g, not %g", distance(&command),
          moved);
    json_decref(report);
    quell_entry entry = quell_entry_init();
    for (size_t i = 0; !quell_list(QUELL_LIST_ISAS, i, &entry); i++) {
        char isa[80];
        if (!entry.available) continue;
        snprintf(isa, sizeof isa, "--isa %s --threads %zu", entry.name, 1 + i);
        draw(&command, "q.safetensors", "z.npy", isa);
        command_same(&command, "y.npy", "z.npy");
    }
    command_remove(&command);
}

/* With a high bound all of them have whole weights, and the file is the same again. */
TEST(quantize, a_high_bound)
{
    struct command command = command_new();
    json_t *report = command_json(
        &command, "quantize -m builtin:rings -o q.safetensors --bound 9 " HOW " --json --quiet");
    const json_t *all = json_field(report, "instructions");
    for (size_t i = 0; i < json_array_size(all); i++) {
        const json_t *one = json_array_get(all, i);
        CHECK(json_is_true(json_field(one, "quantised")) || !json_object_get(one, "moves"),
              "one that may be quantised is not");
    }
    CHECK(json_integer_value(json_field(report, "bytes_after")) <
              json_integer_value(json_field(report, "bytes_before")),
          "the file is no smaller");
    json_decref(report);
    command_check(&command, 0,
                  "quantize -m builtin:rings -o r.safetensors --bound 9 " HOW
                  " --quiet --isa scalar --threads 1");
    command_same(&command, "q.safetensors", "r.safetensors");
    command_remove(&command);
}

TEST(quantize, refused)
{
    struct command command = command_new();
    command_refused(&command, 2, "quantize -m builtin:rings", "--model and --out are needed");
    command_refused(&command, 2, "quantize -m builtin:grid25 -o q.safetensors", "is no network");
    command_refused(&command, 2, "quantize -m builtin:rings -o q.npy", "q.npy");
    command_refused(&command, 2, "quantize -m builtin:rings -o q.safetensors --bound 1e-6 --quiet",
                    "take a higher bound");
    const int32_t classes[3] = {0, 1, 0};
    command_write_array(&command, "k.npy", "<i4", "(3,)", classes, sizeof classes);
    command_refused(&command, 2, "quantize -m builtin:rings -o q.safetensors --classes k.npy",
                    "k.npy: has 3 classes, --count is 8");
    command_refused(&command, 2, "quantize -m builtin:rings -o - ", "--out: must be a file");
    command_remove(&command);
}
