/* SPDX-License-Identifier: MIT */
/* Samples by their digests, held in digests.txt: the same with every thread count, tile, split,
 * instruction set, compiler and machine.
 *
 * QUELL_WRITE_DIGESTS=FILE writes the table of this build to FILE; that is for a change that is
 * meant to change samples. */
#include "drawing.h"
#include "harness.h"
#include "models.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { COUNT = 11, STEPS = 6 };

static const struct row {
    const char *sampler, *model, *schedule;
    size_t dim;
    uint64_t digest;
} rows[] = {
#include "digests.txt"
};

#define ROWS (sizeof rows / sizeof *rows)

/* Everything that a row needs, and the samples by one thread of the scalar kernels. */
struct drawn {
    struct model model;
    quell_denoiser *denoiser;
    quell_schedule *schedule;
    quell_sampler *sampler;
    quell_run run;
    float *x;
};

static struct drawn draw(const struct row *row)
{
    struct drawn d = {.model = model_new(row->model, row->dim)};
    d.denoiser = model_denoiser(&d.model);
    d.schedule = must_schedule(row->schedule);
    d.sampler = must_sampler(row->sampler, d.denoiser, d.schedule, STEPS);
    d.run = quell_run_defaults();
    d.run.seed = UINT64_C(0x9e3779b97f4a7c15), d.run.first = UINT64_C(0xfffffffa);
    d.run.count = COUNT, d.run.threads = 1, d.run.isa = "scalar";
    d.x = malloc(COUNT * row->dim * sizeof *d.x);
    must_draw(d.sampler, &d.run, d.x);
    return d;
}

static void discard(struct drawn *d)
{
    free(d->x);
    quell_sampler_free(d->sampler);
    quell_schedule_free(d->schedule);
    quell_denoiser_free(d->denoiser);
    model_free(&d->model);
}

/* Over the floats' bits from the low byte on, whatever the machine's own order of bytes. */
static uint64_t digest_of(const float *x, size_t count)
{
    uint64_t found = DIGEST_START;
    for (size_t i = 0; i < count; i++) {
        uint32_t bits;
        memcpy(&bits, &x[i], sizeof bits);
        const unsigned char bytes[] = {(unsigned char)bits, (unsigned char)(bits >> 8),
                                       (unsigned char)(bits >> 16), (unsigned char)(bits >> 24)};
        found = digest(found, bytes, sizeof bytes);
    }
    return found;
}

static void write_table(const char *path)
{
    FILE *file = fopen(path, "w");
    CHECK(file, "cannot write %s", path);
    fputs("/* Written by quell-tests with QUELL_WRITE_DIGESTS; see test_digests.c. */\n", file);
    for (size_t i = 0; i < ROWS; i++) {
        const struct row *r = &rows[i];
        struct drawn d = draw(r);
        fprintf(file, "{\"%s\", \"%s\", \"%s\", %zu, UINT64_C(0x%016llx)},\n", r->sampler, r->model,
                r->schedule, r->dim, (unsigned long long)digest_of(d.x, COUNT * r->dim));
        discard(&d);
    }
    CHECK(!fclose(file), "cannot write %s", path);
}

TEST(digests, table)
{
    if (getenv("QUELL_WRITE_DIGESTS")) {
        write_table(getenv("QUELL_WRITE_DIGESTS"));
        return;
    }
    for (size_t i = 0; i < ROWS; i++) {
        const struct row *r = &rows[i];
        struct drawn d = draw(r);
        uint64_t found = digest_of(d.x, COUNT * r->dim);
        CHECK(found == r->digest, "%s, %s, %s, dim %zu: digest 0x%016llx, not 0x%016llx",
              r->sampler, r->model, r->schedule, r->dim, (unsigned long long)found,
              (unsigned long long)r->digest);
        discard(&d);
    }
}

TEST(digests, every_way)
{
    for (size_t i = 0; i < ROWS; i++) {
        char name[200];
        struct drawn d = draw(&rows[i]);
        snprintf(name, sizeof name, "%s, %s, %s, dim %zu", rows[i].sampler, rows[i].model,
                 rows[i].schedule, rows[i].dim);
        check_every_way(name, d.sampler, &d.run, d.x);
        discard(&d);
    }
}

static int has(const char *sampler, const char *model, const char *schedule)
{
    for (size_t i = 0; i < ROWS; i++)
        if ((!sampler || !strncmp(rows[i].sampler, sampler, strlen(sampler))) &&
            (!model || !strcmp(rows[i].model, model)) &&
            (!schedule || !strcmp(rows[i].schedule, schedule)))
            return 1;
    return 0;
}

/* Every sampler with every kind of denoiser, and every schedule, has its row. */
TEST(digests, complete)
{
    for (size_t i = 0; quell_sampler_name(i); i++)
        for (size_t k = 0; model_kind(k); k++)
            CHECK(has(quell_sampler_name(i), model_kind(k), NULL), "no digest of %s with %s",
                  quell_sampler_name(i), model_kind(k));
    for (size_t i = 0; quell_schedule_name(i); i++)
        CHECK(has(NULL, NULL, quell_schedule_name(i)), "no digest of %s", quell_schedule_name(i));
}
