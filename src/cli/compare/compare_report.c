/* SPDX-License-Identifier: MIT */
/* Writes the result: as a table, as JSON, and as a chart. */
#include "cli/pictures/chart.h"
#include "cli/cli.h"
#include "cli/compare/compare.h"
#include "cli/report.h"
#include "base/memory.h"
#include "base/utf8.h"

#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void put_distance(struct quell_json_writer *writer, const struct quell_distance *distance)
{
    quell_json_put_number(writer, "distance", distance->wasserstein);
    quell_json_put_number(writer, "mean", distance->mean);
    quell_json_put_number(writer, "covariance", distance->covariance);
}

/* Writes null if no step fits the budget. */
static void put_steps(struct quell_json_writer *writer, const char *name, const struct trial *trial,
                      size_t count)
{
    if (trial->steps)
        report_count(writer, name, count);
    else
        quell_json_put_null(writer, name);
}

static void put_trial(struct quell_json_writer *writer, const struct trial *trial)
{
    static const struct quell_distance none = {NAN, NAN, NAN};
    quell_json_begin(writer, NULL, '{');
    put_distance(writer, trial->finite ? &trial->distance : &none);
    report_count(writer, "budget", trial->budget);
    put_steps(writer, "evaluations", trial, trial->evaluations);
    put_steps(writer, "steps", trial, trial->steps);
    quell_json_end(writer, '}');
}

static void put_sampler(struct quell_json_writer *writer, const struct comparison *comparison,
                        size_t sampler)
{
    quell_json_begin(writer, NULL, '{');
    quell_json_put_text(writer, "sampler", comparison->samplers[sampler]);
    quell_json_begin(writer, "trials", '[');
    for (size_t b = 0; b < comparison->budget_count; b++)
        put_trial(writer, comparison_trial(comparison, sampler, b));
    quell_json_end(writer, ']');
    quell_json_end(writer, '}');
}

static void put_settings(struct quell_json_writer *writer, const struct compare_options *options)
{
    const struct sampling *sampling = &options->sampling;
    quell_json_put_text(writer, "model", options->model);
    quell_json_put_text(writer, "schedule", sampling->schedule);
    quell_json_put_text(writer, "grid", sampling_grid(sampling));
    quell_json_put_number(writer, "start", sampling->start);
    quell_json_put_number(writer, "stop", sampling->stop);
    quell_json_put_number(writer, "prior_mean", sampling->prior_mean);
    quell_json_put_number(writer, "prior_variance", sampling->prior_variance);
    quell_json_put_truth(writer, "brownian", sampling->brownian);
    report_count(writer, "count", options->count);
    report_count(writer, "seed", options->seed);
    report_count(writer, "directions", QUELL_DIRECTIONS);
}

static int print_json(const struct comparison *comparison)
{
    struct quell_json_writer writer = report_begin();
    put_settings(&writer, &comparison->options);
    quell_json_put_number(&writer, "alpha", comparison->alpha);
    quell_json_put_number(&writer, "sigma", comparison->sigma);
    quell_json_put_number(&writer, "spread", comparison->spread);
    quell_json_begin(&writer, "floor", '{');
    put_distance(&writer, &comparison->floor);
    quell_json_end(&writer, '}');
    quell_json_begin(&writer, "samplers", '[');
    for (size_t s = 0; s < comparison->sampler_count; s++) put_sampler(&writer, comparison, s);
    quell_json_end(&writer, ']');
    quell_json_put_text(&writer, "plot", comparison->options.plot);
    return report_end(&writer);
}

static void print_distance(const struct quell_distance *distance)
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

/* Prints what is compared, for those who read the table later. */
static void print_heading(const struct compare_options *options)
{
    fputs("distances from the exact law of ", stdout);
    print_name(stdout, options->model);
    printf(", schedule %s; (floor): of exact samples\n", options->sampling.schedule);
}

/* Explains rows with fewer evaluations than their budget, because rows with the same budget are
 * compared with each other. */
static void explain_fewer(const struct comparison *comparison)
{
    size_t trials = comparison->sampler_count * comparison->budget_count;
    for (size_t i = 0; i < trials; i++) {
        const struct trial *trial = &comparison->trials[i];
        if (!trial->steps || trial->evaluations == trial->budget) continue;
        puts("rows with fewer evaluations than asked: one step more would take more than that");
        return;
    }
}

static void print_text(const struct comparison *comparison)
{
    int width = (int)strlen("sampler");
    for (size_t s = 0; s < comparison->sampler_count; s++) {
        int length = (int)strlen(comparison->samplers[s]);
        if (length > width) width = length;
    }
    print_heading(&comparison->options);
    printf("%-*s  evaluations    steps  %10s  %10s  %10s\n", width, "sampler", "distance", "mean",
           "covariance");
    for (size_t s = 0; s < comparison->sampler_count; s++)
        for (size_t b = 0; b < comparison->budget_count; b++)
            print_trial(comparison, comparison_trial(comparison, s, b), width);
    printf("%-*s  %11s  %7s", width, "(floor)", "-", "-");
    print_distance(&comparison->floor);
    explain_fewer(comparison);
}

int comparison_report(const struct comparison *comparison)
{
    if (comparison->options.json) return print_json(comparison);
    print_text(comparison);
    return EXIT_DONE;
}

/* Makes the lines of the chart. `places` holds the x and then the y of each line. */
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
    char title[300], subtitle[500], model[256];
    const struct compare_options *options = &comparison->options;
    quell_utf8_copy(model, sizeof model, options->model); /* a file's name need not be UTF-8 */
    snprintf(title, sizeof title, "Distance to the exact law of %s", model);
    snprintf(subtitle, sizeof subtitle,
             "schedule %s, grid %s, %" PRIu64 " samples, seed %" PRIu64 "%s",
             options->sampling.schedule, sampling_grid(&options->sampling), options->count,
             options->seed, options->sampling.brownian ? ", Brownian noise" : "");
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
