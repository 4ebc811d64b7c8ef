/* SPDX-License-Identifier: MIT */
/* quell quantize: what it says of a network is what samples show, the file gives the same bits on
 * every instruction set, and what has nothing to quantise is refused. */
#include "command.h"
#include "effort.h"
#include "glyph_judge.h"
#include "harness.h"

#include <math.h>
#include <quell/quell.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#define MEANS "--class each --guidance 2 --count 12 --sampler heun --steps 6"
#define HOW MEANS " --seed 3"
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

static int compare_doubles(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

/* The sliced Wasserstein distance of two sets in the plane, by many directions around it. */
static double sliced(const struct command *command, const char *first, const char *second)
{
    enum { DIRECTIONS = 720, COUNT = VALUES / 2 };
    float *x[2] = {command_floats(command, first), command_floats(command, second)};
    double squares = 0;
    for (size_t d = 0; d < DIRECTIONS; d++) {
        double angle = 3.14159265358979 * (double)d / DIRECTIONS, line[2][COUNT];
        for (size_t s = 0; s < 2; s++) {
            for (size_t i = 0; i < COUNT; i++)
                line[s][i] =
                    cos(angle) * (double)x[s][2 * i] + sin(angle) * (double)x[s][2 * i + 1];
            qsort(line[s], COUNT, sizeof **line, compare_doubles);
        }
        for (size_t i = 0; i < COUNT; i++) squares += pow(line[0][i] - line[1][i], 2);
    }
    free(x[0]);
    free(x[1]);
    return sqrt(squares / DIRECTIONS / COUNT);
}

/* The command has 64 directions, by chance. */
static void check_sets(const struct command *command, const json_t *report)
{
    double apart = json_number_value(json_field(report, "wasserstein"));
    double floor = json_number_value(json_field(report, "floor"));
    double right = sliced(command, "x.npy", "y.npy"), other = sliced(command, "x.npy", "w.npy");
    CHECK(fabs(apart - right) < 0.15 * right, "the sets are %g apart, not %g", apart, right);
    CHECK(fabs(floor - other) < 0.15 * other, "another seed makes %g, not %g", floor, other);
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
    command_check(&command, 0, "sample -m builtin:rings " MEANS " --seed 2 -o w.npy --quiet");
    check_sets(&command, report);
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

/* How many letters of a file the judge reads as they were asked for, one class after the other. */
static size_t count_right(const struct command *command, const char *name, size_t count)
{
    float *x = command_floats(command, name);
    size_t right = 0;
    for (size_t i = 0; i < count; i++)
        right += glyph_judged(x + i * GLYPH_DIM) == glyph_merged[i % GLYPH_CLASSES];
    free(x);
    return right;
}

/* All linear maps of builtin:glyphs with whole weights, guided as it is used: a judge reads as many
 * letters as before but for half a hundredth. */
TEST(quantize, letters_stay_letters)
{
    enum { EACH = 20, COUNT = EACH * GLYPH_CLASSES };
    if (!is_long()) return;
    struct command command = command_new();
    char arguments[300];
    command_check(&command, 0,
                  "quantize -m builtin:glyphs -o q.safetensors --class each --guidance 2 --count 4 "
                  "--steps 8 --bound 9 --quiet");
    for (size_t i = 0; i < 2; i++) {
        const char *model = i ? "q.safetensors" : "builtin:glyphs", *out = i ? "y.npy" : "x.npy";
        snprintf(arguments, sizeof arguments,
                 "sample -m %s --class each --guidance 2 --count %d --sampler dpmpp_2m --steps 20 "
                 "--seed 1 -o %s --quiet",
                 model, COUNT, out);
        command_check(&command, 0, arguments);
    }
    size_t before = count_right(&command, "x.npy", COUNT);
    size_t after = count_right(&command, "y.npy", COUNT);
    CHECK(before > 0.98 * COUNT, "%zu of %d are right", before, COUNT);
    CHECK((double)after > (double)before - 0.005 * COUNT, "%zu of %d are right, %zu before", after,
          COUNT, before);
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
