/* SPDX-License-Identifier: MIT */
/* `quell compare`: the table is complete, its numbers are what the library's own samples give, and
 * what is wrong is said before anything is drawn. */
#include "command.h"
#include "effort.h"
#include "harness.h"
#include "models.h"
#include "distance/distance.h"
#include "engine/exact.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define COUNT 3000

TEST(compare, usage)
{
    static const char *const cases[][2] = {
        {"compare --samplers ddpm,,ddim", "a name is empty"},
        {"compare --samplers ,ddim", "a name is empty"},
        {"compare --samplers ddim,", "a name is empty"},
        {"compare --samplers ddim,nonsense --plot y.svg", "'nonsense'"},
        {"compare --samplers ddim:eta=x --plot y.svg", "eta"},
        {"compare --samplers eta=1,ddim", "eta=1"},
        {"compare --evaluations 8,,16", "--evaluations '8,,16'"},
        {"compare --evaluations 16,8", "--evaluations '16,8'"},
        {"compare --evaluations 8,8", "--evaluations"},
        {"compare --evaluations 0,8", "--evaluations"},
        {"compare --evaluations 1.5", "--evaluations"},
        {"compare --evaluations 8, ", "--evaluations"},
        {"compare --evaluations 1e7", "--evaluations"},
        {"compare --samplers pc:corrections=7 --evaluations 5 --plot y.svg",
         "--evaluations 5: no step of pc:corrections=7 takes so few"},
        {"compare --samplers pc:corrections=7,pc:corrections=6 --evaluations 1,5 --json",
         "no step of any sampler takes so"},
        {"compare --count 1", "--count '1'"},
        {"compare --schedule vq --plot y.svg", "vq"},
        {"compare --grid lines --plot y.svg", "lines"},
        {"compare --start 0.1 --stop 0.2 --plot y.svg", "--start is 0.1 and --stop is 0.2"},
        {"compare --isa sse9", "sse9"},
        {"compare extra", "'extra'"},
        {"compare --model builtin:shapes --grid linear:final=zero --samplers dpm_zero", "dpm_zero"},
    };
    struct command command = command_new();
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
        command_refused(&command, 2, cases[i][0], cases[i][1]);
    command_refused(&command, 3, "compare --model no.json --plot y.svg", "no.json");
    command_remove(&command);
}

TEST(compare, files_refused)
{
    struct command command = command_new();
    command_refused(&command, 4, "compare --count 100 --plot /dev/full",
                    "/dev/full: cannot be written: No space");
    command_refused(&command, 4, "compare --count 100 > /dev/full", "standard output");
    command_refused(&command, 4, "compare --count 100 --json > /dev/full", "standard output");
    command_refused(&command, 4, "compare --count 100 --plot no/y.svg", "no/y.svg: cannot be");
    command_remove(&command);
}

static quell_draw draw_of(uint64_t seed, uint64_t first)
{
    quell_draw draw = quell_draw_defaults();
    draw.seed = seed;
    draw.first = first;
    draw.count = COUNT;
    return draw;
}

/* The root of the mean square distance of sorted values: samples of one element need no
 * directions. */
static int by_value(const void *left, const void *right)
{
    float a = *(const float *)left, b = *(const float *)right;
    return (a > b) - (a < b);
}

static double line_distance(float *a, float *b)
{
    double sum = 0;
    qsort(a, COUNT, sizeof *a, by_value);
    qsort(b, COUNT, sizeof *b, by_value);
    for (size_t i = 0; i < COUNT; i++) sum += pow((double)a[i] - (double)b[i], 2);
    return sqrt(sum / COUNT);
}

static double number(const json_t *root, const char *name)
{
    const json_t *value = json_field(root, name);
    CHECK(json_is_number(value), "%s is no number", name);
    return json_number_value(value);
}

static void check_close(double found, double expected, const char *what)
{
    CHECK(fabs(found - expected) <= 1e-5 * fabs(expected), "%s: %.9g, not %.9g", what, found,
          expected);
}

static const json_t *trial_of(const json_t *root, size_t sampler, size_t trial)
{
    const json_t *one = json_array_get(json_field(root, "samplers"), sampler);
    return json_array_get(json_field(one, "trials"), trial);
}

/* The distances of a model of one element, from the library's samples. */
static void check_numbers(const json_t *root, const quell_denoiser *denoiser, const char *spec,
                          size_t sampler)
{
    float x[COUNT], exact[COUNT], other[COUNT];
    const uint64_t seed = 7 + UINT64_C(0x9e3779b97f4a7c15);
    quell_draw draw = draw_of(7, 0), reference = draw_of(seed, 0);
    quell_run run = quell_run_defaults();
    quell_schedule *schedule = must_schedule("cosine");
    double alpha, sigma;
    MUST(quell_schedule_at(schedule, 0, &alpha, &sigma));
    check_close(number(root, "alpha"), alpha, "alpha");
    check_close(number(root, "sigma"), sigma, "sigma");
    /* variance 0.4375 within the components and 1.6875 between them */
    CHECK(fabs(number(root, "spread") - sqrt(alpha * alpha * 2.125)) < 0.05, "spread");
    for (size_t b = 0; b < 2; b++) {
        quell_sampler *made = must_sampler(spec, denoiser, schedule, b ? 9 : 3);
        MUST(quell_sample(made, &draw, NULL, x));
        MUST(quell_exact(denoiser, &reference, &run, alpha, sigma, exact));
        check_close(number(trial_of(root, sampler, b), "distance"), line_distance(x, exact), spec);
        quell_sampler_free(made);
    }
    double floor = 0;
    for (uint64_t n = 1; n <= 4; n++) {
        draw = draw_of(seed, n * COUNT);
        MUST(quell_exact(denoiser, &draw, &run, alpha, sigma, other));
        floor += line_distance(other, exact) / 4;
    }
    check_close(number(json_field(root, "floor"), "distance"), floor, "floor");
    quell_schedule_free(schedule);
}

TEST(compare, numbers)
{
    struct command command = command_new();
    quell_denoiser *denoiser;
    scratch_write(&command.work, "m.json",
                  "{\"kind\": \"mixture\", \"weights\": [1, 3], \"means\": [[-1], [2]], "
                  "\"variances\": [0.25, 0.5]}",
                  0);
    MUST(quell_denoiser_from_mixture(&denoiser, 2, 1, (double[]){1, 3}, (double[]){-1, 2},
                                     (double[]){0.25, 0.5}));
    json_t *root = command_json(&command, "compare --model m.json --samplers ddpm,ddim:eta=0.5 "
                                          "--evaluations 3,9 --schedule cosine --count 3000 "
                                          "--seed 7 --json");
    check_numbers(root, denoiser, "ddpm", 0);
    check_numbers(root, denoiser, "ddim:eta=0.5", 1);
    json_decref(root);
    quell_denoiser_free(denoiser);
    command_remove(&command);
}

static size_t count_of(const char *text, const char *word)
{
    size_t count = 0;
    for (; (text = strstr(text, word)); text++) count++;
    return count;
}

/* What `quell plan` says of the same sampler. */
static size_t evaluations_of(const struct command *command, const char *spec, size_t steps)
{
    char arguments[200];
    snprintf(arguments, sizeof arguments, "plan --sampler %s --steps %zu", spec, steps);
    command_check(command, 0, arguments);
    char *output = command_output(command);
    size_t count = count_of(output, "EVAL");
    free(output);
    return count;
}

TEST(compare, table_is_complete)
{
    static const char *const samplers[] = {"ddim:eta=0.5", "euler:s_churn=5,s_noise=1.01",
                                           "heun:steady=no", "ddpm"};
    static const int budgets[] = {1, 7, 20};
    struct command command = command_new();
    json_t *root =
        command_json(&command, "compare --samplers ddim:eta=0.5,euler:s_churn=5,s_noise=1.01,"
                               "heun:steady=no,ddpm --evaluations 1,7,20 --count 500 --json");
    CHECK(json_array_size(json_field(root, "samplers")) == 4, "samplers");
    CHECK(number(root, "count") == 500 && number(root, "directions") == QUELL_DIRECTIONS, "count");
    CHECK(!strcmp(json_string_value(json_field(root, "grid")), "linear"), "grid");
    CHECK(!strcmp(json_string_value(json_field(root, "schedule")), "vp"), "schedule");
    CHECK(json_is_null(json_field(root, "plot")), "plot");
    for (size_t s = 0; s < 4; s++)
        for (size_t b = 0; b < 3; b++) {
            const json_t *trial = trial_of(root, s, b);
            const json_t *one = json_array_get(json_field(root, "samplers"), s);
            CHECK(!strcmp(json_string_value(json_field(one, "sampler")), samplers[s]), "%s",
                  samplers[s]);
            CHECK(number(trial, "budget") == budgets[b], "budget");
            if (s == 2 && b == 0) {
                CHECK(json_is_null(json_field(trial, "steps")), "heun in one evaluation");
                CHECK(json_is_null(json_field(trial, "distance")), "heun in one evaluation");
                continue;
            }
            size_t steps = (size_t)number(trial, "steps");
            size_t evaluations = evaluations_of(&command, samplers[s], steps);
            CHECK(number(trial, "evaluations") == (double)evaluations, "evaluations");
            CHECK(evaluations <= (size_t)budgets[b], "more than the budget");
            CHECK(evaluations_of(&command, samplers[s], steps + 1) > (size_t)budgets[b],
                  "one step more would do");
            CHECK(number(trial, "distance") > 0 && number(trial, "mean") > 0, "distance");
            CHECK(number(trial, "covariance") > 0, "covariance");
        }
    json_decref(root);
    command_remove(&command);
}

/* A line below the table says why a row has fewer evaluations than the others. */
TEST(compare, fewer_evaluations)
{
    static const char line[] =
        "rows with fewer evaluations than asked: one step more would take more than that\n";
    struct command command = command_new();
    command_check(&command, 0, "compare --samplers ddim,heun --evaluations 3,4 --count 50 > all");
    command_check(&command, 0, "compare --samplers ddim,heun --evaluations 4,5 --count 50 > fewer");
    command_check(&command, 0, "compare --samplers heun --times 1,.5,.2,0 --count 50 > times");
    char *all = scratch_read(&command.work, "all", NULL);
    char *fewer = scratch_read(&command.work, "fewer", NULL);
    char *times = scratch_read(&command.work, "times", NULL);
    CHECK(!strstr(all, line), "%s", all);
    CHECK(!strstr(times, line), "%s", times);
    const char *last = strstr(fewer, line);
    CHECK(last && !last[sizeof line - 1], "%s", fewer);
    free(all);
    free(fewer);
    free(times);
    command_remove(&command);
}

TEST(compare, the_same_bits)
{
    struct command command = command_new();
    char arguments[300];
    static const char *const how[] = {"--threads 1 --isa scalar", "--threads 3", "--seed 1"};
    for (size_t m = 0; m < by_effort(1, 2, 2); m++) {
        for (int i = 0; i < 3; i++) {
            snprintf(arguments, sizeof arguments,
                     "compare --model builtin:%s --evaluations 1,2 --count %zu --plot y%d.svg %s "
                     "> table%d",
                     m ? "shapes" : "spirals", by_effort(10, 20, 150), i, how[i], i);
            command_check(&command, 0, arguments);
        }
        command_same(&command, "table0", "table1");
        command_same(&command, "y0.svg", "y1.svg");
        char *table = scratch_read(&command.work, "table0", NULL);
        char *other = scratch_read(&command.work, "table2", NULL);
        CHECK(strcmp(table, other), "the seed does not matter");
        CHECK(count_of(table, "\n") == 7, "%s", table); /* with the heading */
        free(table);
        free(other);
    }
    command_remove(&command);
}

TEST(compare, chart)
{
    struct command command = command_new();
    command_check(&command, 0,
                  "compare --samplers ddim,ddpm,ddim:eta=0.5 --evaluations 4,8 --count 200 "
                  "--plot y.svg");
    char *chart = scratch_read(&command.work, "y.svg", NULL);
    CHECK(!strncmp(chart, "<svg xmlns=", 11) && strstr(chart, "</svg>\n"), "not an SVG");
    CHECK(count_of(chart, "<path fill='none' stroke-width='2'") == 3, "lines");
    CHECK(strstr(chart, ">ddim:eta=0.5</text>") && strstr(chart, ">ddpm</text>"), "legend");
    CHECK(strstr(chart, ">4</text>") && strstr(chart, ">8</text>"), "ticks");
    CHECK(strstr(chart, "stroke-dasharray") && strstr(chart, "between exact draws"), "floor");
    CHECK(!strstr(chart, "nan") && !strstr(chart, "inf"), "not a number");
    free(chart);
    /* A name with characters that have a meaning in XML. */
    scratch_write(&command.work, "<&>.json",
                  "{\"kind\": \"gaussian\", \"mean\": [1], \"variance\": 0}", 0);
    command_check(&command, 0,
                  "compare --model '<&>.json' --evaluations 4 --count 200 --plot y.svg");
    chart = scratch_read(&command.work, "y.svg", NULL);
    CHECK(strstr(chart, "&lt;&amp;&gt;.json") && !strstr(chart, "<&>"), "names");
    CHECK(!strstr(chart, "nan") && !strstr(chart, "inf"), "not a number");
    free(chart);
    command_remove(&command);
}

/* The slope x / sigma of zab overflows from far away; the others go on. */
TEST(compare, not_finite)
{
    struct command command = command_new();
    scratch_write(&command.work, "far.json",
                  "{\"kind\": \"gaussian\", \"mean\": [3e38], \"variance\": 1}", 0);
    json_t *root = command_json(&command, "compare --model far.json --samplers zab,ddim "
                                          "--evaluations 8 --count 20 --json --plot y.svg");
    CHECK(json_is_null(json_field(trial_of(root, 0, 0), "distance")), "zab");
    CHECK(json_is_integer(json_field(trial_of(root, 0, 0), "steps")), "zab's steps");
    number(trial_of(root, 1, 0), "distance");
    json_decref(root);
    command_remove(&command);
}
