/* SPDX-License-Identifier: MIT */
/* Samples through networks by their digests, held in network_digests.txt: classes, guidance, MLPs,
 * transformers, U-Nets, with weights of 16 and of 8 bits too, and builtin:glyphs; the same in every
 * way there is, as in test_digests.c.
 *
 * QUELL_WRITE_NETWORK_DIGESTS=FILE writes the table of this build to FILE. */
#include "drawing.h"
#include "effort.h"
#include "harness.h"
#include "names.h"
#include "models.h"
#include "small_networks.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { MOST = 7 };

static const struct row {
    const char *network, *sampler;
    double guidance;
    size_t count, steps;
    uint64_t digest;
} rows[] = {
#include "network_digests.txt"
};
#define ROWS (sizeof rows / sizeof *rows)

/* The samples by one thread of the scalar kernels; emulated, of the best ones for the large
 * network. */
struct drawn {
    quell_sampler *sampler;
    quell_draw draw;
    quell_run run;
    int32_t classes[MOST];
    float *x;
};

static const char *name_of(const struct row *row)
{
    static char name[100];
    snprintf(name, sizeof name, "%s, %s, guidance %g", row->network, row->sampler, row->guidance);
    return name;
}

static quell_denoiser *glyphs(double weight)
{
    quell_model *model = NULL;
    quell_denoiser *guided = NULL;
    quell_guidance guidance = quell_guidance_defaults();
    guidance.weight = weight;
    MUST(quell_model_load(&model, "builtin:glyphs"));
    MUST(quell_denoiser_from_guidance(&guided, quell_model_denoiser(model), NULL, &guidance));
    quell_model_free(model);
    return guided;
}

static int is_large(const struct row *row) { return !strcmp(row->network, "glyphs"); }

/* d must stay where it is: its run points into it. */
static void draw(const struct row *row, struct drawn *d)
{
    d->draw = quell_draw_defaults(), d->run = quell_run_defaults();
    quell_denoiser *denoiser =
        is_large(row) ? glyphs(row->guidance) : small_network_guided(row->network, row->guidance);
    int32_t classes = (int32_t)quell_denoiser_classes(denoiser);
    quell_schedule *schedule = must_schedule("vp");
    d->sampler = must_sampler(row->sampler, denoiser, schedule, row->steps);
    for (int32_t i = 0; i < MOST; i++) d->classes[i] = (i + 2) * 3 % (classes + 1) - 1;
    d->draw.seed = UINT64_C(0x9e3779b97f4a7c15), d->draw.first = UINT64_C(0xfffffffa);
    d->draw.count = row->count, d->run.threads = 1, d->run.isa = "scalar";
    if (is_emulated() && is_large(row)) d->run.isa = NULL;
    d->x = malloc(row->count * quell_denoiser_dim(denoiser) * sizeof *d->x);
    d->draw.classes = d->classes;
    must_draw(d->sampler, &d->draw, &d->run, d->x);
    quell_schedule_free(schedule);
    quell_denoiser_free(denoiser);
}

static void discard(struct drawn *d)
{
    free(d->x);
    quell_sampler_free(d->sampler);
}

static uint64_t digest_of(const struct drawn *d)
{
    return digest_floats(d->x, d->draw.count * quell_sampler_dim(d->sampler));
}

static void write_table(const char *path)
{
    FILE *file = fopen(path, "w");
    CHECK(file, "cannot write %s", path);
    fputs("/* Written by the tests with QUELL_WRITE_NETWORK_DIGESTS. */\n", file);
    for (const struct row *r = rows; r < rows + ROWS; r++) {
        struct drawn d;
        draw(r, &d);
        fprintf(file, "{\"%s\", \"%s\", %g, %zu, %zu, UINT64_C(0x%016llx)},\n", r->network,
                r->sampler, r->guidance, r->count, r->steps, (unsigned long long)digest_of(&d));
        discard(&d);
    }
    CHECK(!fclose(file), "cannot write %s", path);
}

/* The large network: in parts, and on each instruction set; emulated, the small ones alone are held
 * to that. */
static void check_a_few_ways(const char *what, const struct drawn *d)
{
    if (is_emulated()) return;
    size_t size = d->draw.count * quell_sampler_dim(d->sampler) * sizeof *d->x;
    float *x = malloc(size);
    quell_draw draw = d->draw;
    quell_run run = d->run;
    run.threads = 2, run.tile = 1;
    for (size_t i = 0; isa_name(i); i++) {
        if (!quell_isa_available(isa_name(i))) continue;
        run.isa = isa_name(i);
        must_draw(d->sampler, &draw, &run, x);
        CHECK(!memcmp(x, d->x, size), "%s: other samples on %s", what, run.isa);
    }
    run.isa = NULL, run.tile = 0;
    must_draw_parts(d->sampler, &draw, &run, 1, x);
    CHECK(!memcmp(x, d->x, size), "%s: other samples one by one", what);
    free(x);
}

TEST(network_digests, table)
{
    if (getenv("QUELL_WRITE_NETWORK_DIGESTS")) {
        write_table(getenv("QUELL_WRITE_NETWORK_DIGESTS"));
        return;
    }
    for (const struct row *row = rows; row < rows + ROWS; row++) {
        struct drawn d;
        draw(row, &d);
        uint64_t found = digest_of(&d);
        CHECK(found == row->digest, "%s: digest 0x%016llx, not 0x%016llx", name_of(row),
              (unsigned long long)found, (unsigned long long)row->digest);
        if (is_large(row))
            check_a_few_ways(name_of(row), &d);
        else
            check_every_way(name_of(row), d.sampler, &d.draw, &d.run, d.x);
        discard(&d);
    }
}

/* Every small network has its digests. */
TEST(network_digests, complete)
{
    const char *name;
    for (size_t i = 0; (name = small_network_name(i)); i++) {
        size_t found = 0;
        for (size_t k = 0; k < ROWS; k++) found += !strcmp(rows[k].network, name);
        CHECK(found >= 2, "%zu digests of %s", found, name);
    }
}
