/* SPDX-License-Identifier: MIT */
/* Samples by their digests, held in digests.txt: the same with every thread count, tile, split,
 * instruction set, compiler and machine.
 *
 * QUELL_WRITE_DIGESTS=FILE writes the table of this build to FILE, with rows for what has none yet;
 * that is for new samplers, and for a change that is meant to change samples. */
#include "drawing.h"
#include "effort.h"
#include "harness.h"
#include "names.h"
#include "models.h"
#include "samplers/method.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { COUNT = 11, STEPS = 6 };

static const struct row {
    const char *sampler, *model, *schedule, *grid;
    int brownian;
    size_t dim;
    uint64_t digest;
} rows[] = {
#include "digests.txt"
};

#define ROWS (sizeof rows / sizeof *rows)

static const char *name_of(const struct row *row)
{
    static char name[200];
    snprintf(name, sizeof name, "%s, %s, %s, %s%s, dim %zu", row->sampler, row->model,
             row->schedule, row->grid, row->brownian ? ", brownian" : "", row->dim);
    return name;
}

/* What one row of the table describes, made ready to draw, and the samples that one thread draws
 * with the scalar kernels; in an emulator with the widest, which are what is new on its machine. */
struct drawn {
    struct model model;
    quell_denoiser *denoiser;
    quell_schedule *schedule;
    quell_sampler *sampler;
    quell_draw draw;
    quell_run run;
    float *x;
};

static void discard(struct drawn *d)
{
    free(d->x);
    quell_sampler_free(d->sampler);
    quell_schedule_free(d->schedule);
    quell_denoiser_free(d->denoiser);
    model_free(&d->model);
}

/* A sampler that chooses its own steps gets the two ends of the grid. A value slightly beyond the
 * schedule's end is taken for that end. */
static quell_status make_of_ends(const struct row *row, struct drawn *d,
                                 quell_sampler_options options)
{
    quell_sampler *whole = NULL;
    quell_status status = quell_sampler_create(&whole, "ddim", d->denoiser, d->schedule, &options);
    if (status) return status;
    const quell_point *first = quell_sampler_grid(whole), *last = first + STEPS;
    const double ends[] = {first->sigma / first->alpha * (first->t == 1 ? 1.001 : 1),
                           last->sigma / last->alpha * (last->t == 0 ? 0.999 : 1)};
    options.grid = NULL, options.steps = 1, options.sigmas = ends;
    status = quell_sampler_create(&d->sampler, row->sampler, d->denoiser, d->schedule, &options);
    quell_sampler_free(whole);
    return status;
}

static quell_status prepare(const struct row *row, struct drawn *d)
{
    *d = (struct drawn){.model = model_new(row->model, row->dim)};
    d->denoiser = model_denoiser(&d->model);
    d->schedule = must_schedule(row->schedule);
    quell_sampler_options options = quell_sampler_defaults();
    options.steps = STEPS, options.grid = row->grid, options.brownian = row->brownian;
    if (!steps_for(row->sampler, STEPS)) return make_of_ends(row, d, options);
    return quell_sampler_create(&d->sampler, row->sampler, d->denoiser, d->schedule, &options);
}

static struct drawn draw(const struct row *row)
{
    struct drawn d;
    quell_status status = prepare(row, &d);
    CHECK(!status, "%s: %s", name_of(row), quell_error_message());
    d.draw = quell_draw_defaults(), d.run = quell_run_defaults();
    d.draw.seed = UINT64_C(0x9e3779b97f4a7c15), d.draw.first = UINT64_C(0xfffffffa);
    d.draw.count = COUNT, d.run.threads = 1, d.run.isa = is_emulated() ? NULL : "scalar";
    d.x = malloc(COUNT * row->dim * sizeof *d.x);
    must_draw(d.sampler, &d.draw, &d.run, d.x);
    return d;
}

/* Returns whether a row has these values, where NULL and -1 match any value. */
static int has(const char *sampler, const char *model, const char *schedule, const char *grid,
               int brownian)
{
    for (size_t i = 0; i < ROWS; i++)
        if ((!sampler || !strcmp(rows[i].sampler, sampler)) &&
            (!model || !strcmp(rows[i].model, model)) &&
            (!schedule || !strcmp(rows[i].schedule, schedule)) &&
            (!grid || !strncmp(rows[i].grid, grid, strlen(grid))) &&
            (brownian < 0 || rows[i].brownian == brownian))
            return 1;
    return 0;
}

static size_t count_of(const char *(*name)(size_t i))
{
    size_t count = 0;
    while (name(count)) count++;
    return count;
}

/* Samplers with options that change their operations, besides every name. */
static const char *const variants[] = {
    "ddim:eta=0.70710678118654757", /* half of the variance */
    "ddpm:variance=large",
    "euler:s_churn=5",
    "euler_a:form=rf",
    "dpm_single:prediction=x0",
    "zab:order=4",
    "xeab:order=4",
    "reab:formula=azula",
    "ipndm_v:formula=diff_sampler",
    "pndm:warmup=heun",
    "unipc:order=4",
    "res_multistep:eta=1",
    "dpmpp_2m_sde:solver=heun",
    "sa_solver:tau=0.5",
    "er_sde:order=2",
    "pc:corrector=langevin",
    "dpm_adaptive:order=2,eta=1",
};

/* The n-th spec that has digests; NULL past the end. */
static const char *spec_at(size_t n)
{
    size_t names = count_of(sampler_name);
    if (n < names) return sampler_name(n);
    return n - names < sizeof variants / sizeof *variants ? variants[n - names] : NULL;
}

/* Returns whether the sampler draws noise that can come from a Brownian path. */
static int has_path(const char *spec)
{
    const struct quell_method *method;
    double option[QUELL_MAX_OPTIONS];
    MUST(quell_method_read(spec, &method, option));
    return method->noise == QUELL_STOCHASTIC && !method->no_path;
}

static void write_row(FILE *file, const struct row *r)
{
    struct drawn d = draw(r);
    fprintf(file, "{\"%s\", \"%s\", \"%s\", \"%s\", %d, %zu, UINT64_C(0x%016llx)},\n", r->sampler,
            r->model, r->schedule, r->grid, r->brownian, r->dim,
            (unsigned long long)digest_floats(d.x, COUNT * r->dim));
    discard(&d);
}

/* Fills in the rest of a new row. Schedules, grids and sizes are taken in turn; combinations that
 * are refused are skipped. */
static int complete(struct row *row, const char *grid)
{
    static const size_t dims[] = {1, 5, 33, 2, 8, 64, 3, 16};
    static size_t turn, grid_turn;
    size_t schedules = count_of(schedule_name), grids = count_of(grid_name);
    row->dim = dims[turn % 8];
    for (size_t tries = 0; tries < schedules * grids; tries++) {
        static char spec[64];
        const char *name = grid ? grid : grid_name(grid_turn++ % grids);
        snprintf(spec, sizeof spec, "%s:final=%s", name, turn % 2 ? "zero" : "min");
        row->schedule = schedule_name(turn++ % schedules), row->grid = spec;
        struct drawn d;
        quell_status status = prepare(row, &d);
        discard(&d);
        if (!status) return 1;
    }
    return 0;
}

static void add_row(FILE *file, struct row row, const char *grid)
{
    CHECK(complete(&row, grid), "%s, %s: refused on every schedule and grid", row.sampler,
          row.model);
    write_row(file, &row);
}

static void write_table(const char *path)
{
    FILE *file = fopen(path, "w");
    CHECK(file, "cannot write %s", path);
    fputs("/* Written by the tests with QUELL_WRITE_DIGESTS; see test_digests.c. */\n", file);
    for (size_t i = 0; i < ROWS; i++) write_row(file, &rows[i]);
    for (size_t n = 0; spec_at(n); n++) {
        for (size_t k = 0; model_kind(k); k++)
            if (!has(spec_at(n), model_kind(k), NULL, NULL, 0))
                add_row(file, (struct row){.sampler = spec_at(n), .model = model_kind(k)}, NULL);
        if (has_path(spec_at(n)) && !has(spec_at(n), NULL, NULL, NULL, 1))
            add_row(file, (struct row){.sampler = spec_at(n), .model = "diagonal", .brownian = 1},
                    NULL);
    }
    for (size_t g = 0; grid_name(g); g++)
        if (!has(NULL, NULL, NULL, grid_name(g), -1))
            add_row(file, (struct row){.sampler = "ddim", .model = "mixture"}, grid_name(g));
    CHECK(!fclose(file), "cannot write %s", path);
}

TEST(digests, table)
{
    if (getenv("QUELL_WRITE_DIGESTS")) {
        write_table(getenv("QUELL_WRITE_DIGESTS"));
        return;
    }
    for (size_t i = 0; i < ROWS; i++) {
        struct drawn d = draw(&rows[i]);
        uint64_t found = digest_floats(d.x, COUNT * rows[i].dim);
        CHECK(found == rows[i].digest, "%s: digest 0x%016llx, not 0x%016llx", name_of(&rows[i]),
              (unsigned long long)found, (unsigned long long)rows[i].digest);
        discard(&d);
    }
}

/* The table above has each row whole, in one way; brief tests try the other ways of a selection. */
TEST(digests, every_way)
{
    for (size_t i = 0; i < ROWS; i += is_emulated() ? 7 : by_effort(3, 1, 1)) {
        struct drawn d = draw(&rows[i]);
        check_every_way(name_of(&rows[i]), d.sampler, &d.draw, &d.run, d.x);
        discard(&d);
    }
}

/* Every sampler with every kind of denoiser, in Brownian mode too if it draws noise, and every
 * schedule and grid, has its row. */
TEST(digests, complete)
{
    for (size_t n = 0; spec_at(n); n++) {
        for (size_t k = 0; model_kind(k); k++)
            CHECK(has(spec_at(n), model_kind(k), NULL, NULL, 0), "no digest of %s with %s",
                  spec_at(n), model_kind(k));
        CHECK(!has_path(spec_at(n)) || has(spec_at(n), NULL, NULL, NULL, 1),
              "no digest of %s in Brownian mode", spec_at(n));
    }
    for (size_t i = 0; schedule_name(i); i++)
        CHECK(has(NULL, NULL, schedule_name(i), NULL, -1), "no digest of %s", schedule_name(i));
    for (size_t i = 0; grid_name(i); i++)
        CHECK(has(NULL, NULL, NULL, grid_name(i), -1), "no digest of grid %s", grid_name(i));
}
