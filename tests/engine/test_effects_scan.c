/* SPDX-License-Identifier: MIT */
/* Every option of every sampler, schedule and grid, moved from its default within its range,
 * changes what comes of it or is refused: the samples, the schedule, the grid's points. Options of
 * schedules and samplers are moved beside every value of every other, those of grids with
 * QUELL_LONG. */
#include "effort.h"
#include "harness.h"
#include "models.h"
#include "option_values.h"
#include "core/schedule.h"
#include "grids/grid.h"
#include "samplers/method.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { DIM = 2, COUNT = 2 };

enum kind { SAMPLER, SCHEDULE, GRID };
static const char *const kinds[] = {"sampler", "schedule", "grid"};

/* A sampler, a schedule or a grid, with its options. */
struct scan {
    enum kind kind;
    const char *name;
    const struct quell_option *options;
    quell_denoiser *denoiser;
    size_t tried, idle;
};

/* Where an option may show; a few steps do not tell orders apart, and many have no long ones. */
struct place {
    const char *schedule, *grid;
    size_t steps;
};
static const struct place places[][5] = {
    [SAMPLER] = {{"vp", NULL, 9},
                 {"vp", NULL, 3},
                 {"vp", NULL, 100},
                 {"vp", "logsnr", 60},
                 {"flow", NULL, 4}},
    [SCHEDULE] = {{NULL, NULL, 6}},
    [GRID] = {{"beta_linear", NULL, 7}, {"vp", NULL, 12}},
};

/* A bound that nothing has come to is no option without an effect: it does what it says. So does
 * steady=no where no step would have had a lower order. */
static bool is_bound(const struct quell_option *option)
{
    static const char *const bounds[] = {"accept_safety", "max_tries", "s_tmin", "s_tmax",
                                         "steady"};
    for (size_t i = 0; i < sizeof bounds / sizeof *bounds; i++)
        if (!strcmp(option->name, bounds[i])) return true;
    return false;
}

static uint64_t digest_point(uint64_t before, const quell_point *point)
{
    return digest(before, point, sizeof *point);
}

static uint64_t digest_schedule(const quell_schedule *schedule)
{
    uint64_t found = digest(DIGEST_START, &schedule->count, sizeof schedule->count);
    for (int i = 0; i <= 64; i++) {
        quell_point point = {0};
        if (!quell_schedule_point(schedule, i / 64.0, &point)) found = digest_point(found, &point);
    }
    return found;
}

/* Of a grid its points; of a sampler the samples; 0 if the run failed. */
static uint64_t digest_sampler(const quell_sampler *sampler, enum kind kind)
{
    uint64_t found = DIGEST_START;
    const quell_point *points = quell_sampler_grid(sampler);
    for (size_t i = 0; kind == GRID && i <= quell_sampler_steps(sampler); i++)
        found = digest_point(found, &points[i]);
    if (kind == GRID) return found;
    float x[COUNT * DIM] = {0};
    quell_draw draw = quell_draw_defaults();
    quell_run run = quell_run_defaults();
    draw.count = COUNT, run.threads = 1;
    quell_status status = quell_sample(sampler, &draw, &run, x);
    return status ? 0 : digest_floats(x, COUNT * DIM);
}

/* A digest of what a spec gives in one place, or 0 if it is refused there. */
static uint64_t come_to(const struct scan *scan, const struct place *place, const char *spec)
{
    quell_schedule *schedule = NULL;
    quell_sampler *sampler = NULL;
    quell_sampler_options options = quell_sampler_defaults();
    const char *name = scan->kind == SAMPLER ? spec : "ddim";
    uint64_t found = 0;
    options.steps = steps_for(name, place->steps);
    if (options.steps) options.grid = scan->kind == GRID ? spec : place->grid;
    quell_status status =
        quell_schedule_create(&schedule, scan->kind == SCHEDULE ? spec : place->schedule);
    if (!status && scan->kind == SCHEDULE)
        found = digest_schedule(schedule);
    else if (!status)
        status = quell_sampler_create(&sampler, name, scan->denoiser, schedule, &options);
    CHECK(!status || status == QUELL_BAD_ARGUMENT, "%s: %s", spec, quell_error_message());
    if (sampler) found = digest_sampler(sampler, scan->kind);
    quell_sampler_free(sampler);
    quell_schedule_free(schedule);
    return found;
}

/* Returns whether in some place the second spec is refused, or gives something else than the
 * first. */
static bool differs(const struct scan *scan, const char *first, const char *second)
{
    const struct place *place = places[scan->kind];
    bool known = false;
    for (size_t i = 0; i < 5 && place[i].steps; i++) {
        uint64_t before = come_to(scan, &place[i], first);
        uint64_t after = before ? come_to(scan, &place[i], second) : 0;
        if (before && before != after) return true;
        known |= before != 0;
    }
    return !known;
}

/* What is the same beside something else and no option without an effect. */
static bool is_the_same(const char *spec)
{
    static const char *const pairs[][2] = {
        {"sa_solver:", "tau=1"},     /* beyond what steps are long enough for: first order */
        {"sa_solver:", "s_noise=0"}, /* all samples become one */
        {"seeds", ":r"},             /* so near the first stage that the step is of first order */
    };
    for (size_t i = 0; i < sizeof pairs / sizeof *pairs; i++)
        if (!strncmp(spec, pairs[i][0], strlen(pairs[i][0])) && strstr(spec, pairs[i][1]))
            return true;
    return false;
}

static void compare(struct scan *scan, const struct quell_option *option, double value,
                    const char *base)
{
    char spec[300];
    snprintf(spec, sizeof spec, "%s", base);
    option_put(spec, sizeof spec, option, value);
    scan->tried++;
    if (is_bound(option) || is_the_same(spec) || differs(scan, base, spec)) return;
    fprintf(stderr, "%s '%s' is what '%s' is\n", kinds[scan->kind], spec, base);
    scan->idle++;
}

static void scan_option(struct scan *scan, const struct quell_option *option)
{
    char base[200], beside[300];
    double value[OPTION_VALUES], other_value[OPTION_VALUES];
    size_t count = option_values(option, value);
    bool tries = !strcmp(scan->name, "dpm_adaptive") && strcmp(option->name, "max_tries");
    snprintf(base, sizeof base, "%s%s", scan->name, tries ? ":max_tries=200" : "");
    option_put_needs(base, sizeof base, scan->options, option);
    for (size_t i = 0; i < count; i++) compare(scan, option, value[i], base);
    bool pairs = scan->kind == GRID ? is_long() : !is_brief();
    if (tries) pairs = false; /* tolerances are bounds on one another */
    for (const struct quell_option *other = scan->options; pairs && other->name; other++) {
        if (other == option || strstr(base, other->name)) continue;
        size_t others = option_values(other, other_value);
        for (size_t k = 0; k < others; k++) {
            snprintf(beside, sizeof beside, "%s", base);
            option_put(beside, sizeof beside, other, other_value[k]);
            for (size_t i = 0; i < count; i++) compare(scan, option, value[i], beside);
        }
    }
}

/* Returns how many of its options have no effect. */
static size_t scan_all(struct scan scan)
{
    const double mean[DIM] = {0.5, -1}, variance[DIM] = {0.7, 0.2};
    MUST(quell_denoiser_from_diagonal(&scan.denoiser, DIM, mean, variance));
    for (const struct quell_option *option = scan.options; option->name; option++)
        scan_option(&scan, option);
    quell_denoiser_free(scan.denoiser);
    return scan.idle;
}

TEST(effects_scan, schedules)
{
    const struct quell_schedule_row *row;
    size_t idle = 0;
    for (size_t i = 0; (row = quell_schedule_row(i)); i++)
        idle +=
            scan_all((struct scan){.kind = SCHEDULE, .name = row->name, .options = row->options});
    CHECK(idle == 0, "%zu options of schedules have no effect", idle);
}

TEST(effects_scan, grids)
{
    const struct quell_grid_row *row;
    size_t idle = 0;
    for (size_t i = 0; (row = quell_grid_row(i)); i++)
        idle += scan_all((struct scan){.kind = GRID, .name = row->name, .options = row->options});
    CHECK(idle == 0, "%zu options of grids have no effect", idle);
}

TEST(effects_scan, samplers)
{
    const struct quell_method *method;
    size_t idle = 0;
    for (size_t i = 0; (method = quell_method_at(i)); i++)
        idle += scan_all(
            (struct scan){.kind = SAMPLER, .name = method->name, .options = method->options});
    CHECK(idle == 0, "%zu options of samplers have no effect", idle);
}
