/* SPDX-License-Identifier: MIT */
/* The table for a reader, for a program, and as a picture. */
#include "cli/chart.h"
#include "cli/cli.h"
#include "cli/compare.h"
#include "cli/report.h"
#include "base/memory.h"

#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static json_t *number(double value) { return isfinite(value) ? json_real(value) : json_null(); }

static json_t *distance_json(const struct distance *distance)
{
    return json_pack("{s:o, s:o, s:o}", "distance", number(distance->wasserstein), "mean",
                     number(distance->mean), "covariance", number(distance->covariance));
}

static json_t *trial_json(const struct trial *trial)
{
    static const struct distance none = {NAN, NAN, NAN};
    json_t *made = distance_json(trial->finite ? &trial->distance : &none);
    json_object_set_new(made, "budget", report_count(trial->budget));
    json_object_set_new(made, "evaluations",
                        trial->steps ? report_count(trial->evaluations) : json_null());
    json_object_set_new(made, "steps", trial->steps ? report_count(trial->steps) : json_null());
    return made;
}

static json_t *sampler_json(const struct comparison *comparison, size_t sampler)
{
    json_t *trials = json_array();
    for (size_t b = 0; b < comparison->budget_count; b++)
        json_array_append_new(trials, trial_json(comparison_trial(comparison, sampler, b)));
    return json_pack("{s:o, s:o}", "sampler", report_text(comparison->samplers[sampler]), "trials",
                     trials);
}

static int print_json(const struct comparison *comparison)
{
    const struct compare_options *options = &comparison->options;
    const struct sampling *sampling = &options->sampling;
    json_t *samplers = json_array();
    for (size_t s = 0; s < comparison->sampler_count; s++)
        json_array_append_new(samplers, sampler_json(comparison, s));
    return report_print(json_pack(
        "{s:o, s:o, s:o, s:f, s:f, s:b, s:o, s:o, s:i, s:f, s:f, s:f, s:o, s:o, s:o}", "model",
        report_text(options->model), "schedule", report_text(sampling->schedule), "grid",
        report_text(sampling->grid), "start", sampling->start, "stop", sampling->stop, "brownian",
        sampling->brownian, "count", report_count(options->count), "seed",
        report_count(options->seed), "directions", DIRECTIONS, "alpha", comparison->alpha, "sigma",
        comparison->sigma, "spread", comparison->spread, "floor", distance_json(&comparison->floor),
        "samplers", samplers, "plot", report_text(options->plot)));
}

static void print_distance(const struct distance *distance)
{
    printf("  %10.4g  %10.4g  %10.4g\n", distance->wasserstein, distance->mean,
           distance->covariance);
}

static void print_trial(const struct comparison *comparison, const struct trial *trial, int width)
{
    printf("%-*s", width, comparison->samplers[trial->sampler]);
    if (!trial->steps) {
        printf("  %11zu  %7s  no step takes so few\n", trial->budget, "-");
        return;
    }
    printf("  %11zu  %7zu", trial->evaluations, trial->steps);
    if (trial->finite)
        print_distance(&trial->distance);
    else
        puts("  not finite");
}

static void print_text(const struct comparison *comparison)
{
    int width = (int)strlen("sampler");
    for (size_t s = 0; s < comparison->sampler_count; s++) {
        int length = (int)strlen(comparison->samplers[s]);
        if (length > width) width = length;
    }
    printf("%-*s  evaluations    steps  %10s  %10s  %10s\n", width, "sampler", "distance", "mean",
           "covariance");
    for (size_t s = 0; s < comparison->sampler_count; s++)
        for (size_t b = 0; b < comparison->budget_count; b++)
            print_trial(comparison, comparison_trial(comparison, s, b), width);
    printf("%-*s  %11s  %7s", width, "(floor)", "-", "-");
    print_distance(&comparison->floor);
}

int comparison_report(const struct comparison *comparison)
{
    if (comparison->options.json) return print_json(comparison);
    print_text(comparison);
    return EXIT_DONE;
}

/* The chart's lines, each with its places after it in `places`. */
static void fill_lines(const struct comparison *comparison, struct chart_line *lines,
                       double *places)
{
    for (size_t s = 0; s < comparison->sampler_count; s++) {
        size_t budgets = comparison->budget_count;
        double *x = places + 2 * s * budgets, *y = x + budgets;
        lines[s] = (struct chart_line){comparison->samplers[s], budgets, x, y};
        for (size_t b = 0; b < budgets; b++) {
            const struct trial *trial = comparison_trial(comparison, s, b);
            x[b] = (double)trial->evaluations;
            y[b] = trial->finite ? trial->distance.wasserstein : NAN;
        }
    }
}

static quell_status draw_chart(struct comparison *comparison, struct chart *chart)
{
    char title[300], subtitle[500];
    const struct compare_options *options = &comparison->options;
    json_t *model = report_text(options->model); /* a file's name need not be UTF-8 */
    snprintf(title, sizeof title, "Distance to the exact law of %s",
             model ? json_string_value(model) : "the model");
    snprintf(subtitle, sizeof subtitle,
             "schedule %s, grid %s, %" PRIu64 " samples, seed %" PRIu64 "%s",
             options->sampling.schedule, options->sampling.grid, options->count, options->seed,
             options->sampling.brownian ? ", Brownian noise" : "");
    json_decref(model);
    chart->title = title;
    chart->subtitle = subtitle;
    quell_status status = chart_write(chart, &comparison->picture);
    return status ? status : quell_output_commit(&comparison->picture);
}

int comparison_plot(struct comparison *comparison)
{
    if (!comparison->options.plot) return EXIT_DONE;
    size_t samplers = comparison->sampler_count, budgets = comparison->budget_count;
    struct chart_line *lines = quell_new(samplers, sizeof *lines);
    double *places = quell_new(2 * samplers * budgets, sizeof *places);
    double *ticks = quell_new(budgets, sizeof *ticks);
    quell_status status = QUELL_NO_MEMORY;
    if (lines && places && ticks) {
        struct chart chart = {.x_label = "evaluations of the denoiser",
                              .y_label = "sliced Wasserstein distance",
                              .floor_label = "floor: between exact draws",
                              .lines = samplers,
                              .ticks = budgets,
                              .line = lines,
                              .tick = ticks,
                              .floor = comparison->floor.wasserstein,
                              .ceiling = 2 * comparison->spread};
        for (size_t b = 0; b < budgets; b++) ticks[b] = (double)comparison->budgets[b];
        fill_lines(comparison, lines, places);
        status = draw_chart(comparison, &chart);
    }
    free(lines);
    free(places);
    free(ticks);
    return status ? complain_run(status) : EXIT_DONE;
}
