/* SPDX-License-Identifier: MIT */
/* The showers of builtin:showers beside the law of their training (training/showers/law.py), at
 * energies of the caller's: means, standard deviations, correlations, and the shares of events
 * below the law's quantiles, which training/showers/check.py wrote down from a million events. And
 * the digest of a few of them: a build with these bits has the law as well (tests/meson.build). */
#include "harness.h"
#include "models.h"
#include "names.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { LAYERS = 6, SHARES = 5, EVENTS = 8000 };

struct law {
    double energy, mean[LAYERS], deviation[LAYERS], correlation[LAYERS][LAYERS];
    double quantile[SHARES][LAYERS];
};

#include "showers.inc"

enum { LAWS = sizeof laws / sizeof *laws, ALL = LAWS * EVENTS };

static const double shares[SHARES] = {0.05, 0.25, 0.5, 0.75, 0.95};

/* Draws and decodes `count` events, at most ALL, whose energies are those of the laws in turn. */
static void draw_events(size_t count, const quell_run *run, float (*readings)[LAYERS])
{
    static float energy[ALL], x[ALL][LAYERS];
    quell_model *model = NULL;
    quell_sampler *sampler = NULL;
    quell_sampler_options options = quell_sampler_defaults();
    quell_condition condition = {.name = "energy", .values = energy, .count = count, .size = 1};
    quell_draw draw = quell_draw_defaults();
    for (size_t i = 0; i < count; i++) energy[i] = (float)laws[i % LAWS].energy;
    options.steps = 32;
    draw.seed = 2, draw.count = count, draw.conditions = &condition, draw.condition_count = 1;
    MUST(quell_model_load(&model, "builtin:showers"));
    quell_schedule *schedule = must_schedule(quell_model_schedule(model));
    MUST(quell_sampler_create(&sampler, "dpmpp_2m", quell_model_denoiser(model), schedule,
                              &options));
    MUST(quell_sample(sampler, &draw, run, x[0]));
    MUST(quell_model_decode(model, &draw, run, x[0], readings[0]));
    quell_sampler_free(sampler);
    quell_schedule_free(schedule);
    quell_model_free(model);
}

/* The mean of (a - its mean) (b - its mean) over the events of one law. */
static double covariance(float (*readings)[LAYERS], size_t law, size_t a, size_t b)
{
    double sum_a = 0, sum_b = 0, product = 0;
    for (size_t i = law; i < ALL; i += LAWS) sum_a += readings[i][a], sum_b += readings[i][b];
    for (size_t i = law; i < ALL; i += LAWS)
        product += (readings[i][a] - sum_a / EVENTS) * (readings[i][b] - sum_b / EVENTS);
    return product / EVENTS;
}

static void check_layer(float (*readings)[LAYERS], size_t k, size_t layer)
{
    const struct law *law = &laws[k];
    double sum = 0, deviation = sqrt(covariance(readings, k, layer, layer));
    for (size_t i = k; i < ALL; i += LAWS) sum += readings[i][layer];
    double off = (sum / EVENTS - law->mean[layer]) / law->deviation[layer];
    CHECK(fabs(off) < 0.06, "%g GeV, layer %zu: mean %.3f deviations off", law->energy, layer, off);
    CHECK(fabs(deviation / law->deviation[layer] - 1) < 0.05,
          "%g GeV, layer %zu: deviation %g, "
          "must be %g",
          law->energy, layer, deviation, law->deviation[layer]);
    for (size_t q = 0; q < SHARES; q++) {
        size_t below = 0;
        for (size_t i = k; i < ALL; i += LAWS)
            below += readings[i][layer] < law->quantile[q][layer];
        double share = (double)below / EVENTS;
        CHECK(fabs(share - shares[q]) < 0.025, "%g GeV, layer %zu: %.3f below the quantile of %g",
              law->energy, layer, share, shares[q]);
    }
}

static void check_correlations(float (*readings)[LAYERS], size_t k)
{
    double deviation[LAYERS];
    for (size_t a = 0; a < LAYERS; a++) deviation[a] = sqrt(covariance(readings, k, a, a));
    for (size_t a = 0; a < LAYERS; a++)
        for (size_t b = 0; b < a; b++) {
            double made = covariance(readings, k, a, b) / deviation[a] / deviation[b];
            CHECK(fabs(made - laws[k].correlation[a][b]) < 0.05,
                  "%g GeV: correlation of layers %zu "
                  "and %zu is %.3f, must be %.3f",
                  laws[k].energy, a, b, made, laws[k].correlation[a][b]);
        }
}

TEST(showers, are_those_of_the_law)
{
    static float readings[ALL][LAYERS];
    draw_events(ALL, NULL, readings);
    for (size_t k = 0; k < LAWS; k++) {
        for (size_t layer = 0; layer < LAYERS; layer++) check_layer(readings, k, layer);
        check_correlations(readings, k);
    }
}

/* On every instruction set. */
TEST(showers, digest)
{
    enum { FEW = 24 };
    static float readings[FEW][LAYERS];
    const uint64_t expected = UINT64_C(0x4e772543005fe5a9);
    quell_run run = quell_run_defaults();
    for (size_t i = 0; (run.isa = isa_name(i)); i++) {
        if (!quell_isa_available(run.isa)) continue;
        draw_events(FEW, &run, readings);
        uint64_t found = digest_floats(readings[0], FEW * LAYERS);
        CHECK(found == expected, "%s: digest 0x%016llx, not 0x%016llx", run.isa,
              (unsigned long long)found, (unsigned long long)expected);
    }
}

/* A draw that was guided away from another energy is decoded like any other. */
TEST(showers, guided)
{
    float energy = 50, away = 20, x[LAYERS] = {1, -1, 0.5f}, plain[LAYERS], guided[LAYERS];
    quell_model *model = NULL;
    quell_condition told = {"energy", &energy, 0, 1}, negative = {"energy", &away, 0, 1};
    quell_draw draw = quell_draw_defaults();
    draw.conditions = &told, draw.condition_count = 1;
    MUST(quell_model_load(&model, "builtin:showers"));
    MUST(quell_model_decode(model, &draw, NULL, x, plain));
    draw.negative_conditions = &negative, draw.negative_condition_count = 1;
    MUST(quell_model_decode(model, &draw, NULL, x, guided));
    CHECK(!memcmp(plain, guided, sizeof plain), "another reading");
    quell_model_free(model);
}
