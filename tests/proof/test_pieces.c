/* SPDX-License-Identifier: MIT */
/* A run that is cut in pieces, each drawn by another call with the same seed. If the method has no
 * memory, the samples are those of one run, bit for bit. If it has, their law is the one that the
 * pieces' plans make with independent noise. */
#include "drawing.h"
#include "harness.h"
#include "models.h"
#include "naive_key.h"
#include "orders.h"
#include "statistics.h"
#include "engine/sampler.h"
#include "names.h"

#include <math.h>
#include <string.h>

enum { DIM = 4, COUNT = 3000, STEPS = 120, PIECES = 10 };

/* Every stochastic sampler, and other samplers with the options that make them so. */
static const struct row {
    const char *spec;
    int remembers; /* steps across the cut */
} rows[] = {
    {"ddpm", 0},
    {"ddpm:variance=large", 0},
    {"ddim:eta=0.7", 0},
    {"euler:s_churn=1000", 0}, /* s_churn / T: the most churn that there is, for any T here */
    {"heun:s_churn=1000", 0},
    {"dpm2:s_churn=1000", 0},
    {"heunpp2:s_churn=1000", 1}, /* it evaluates beyond the end of a step */
    {"euler_a", 0},
    {"dpm2_a", 0},
    {"dpmpp_2s_a", 0},
    {"dpmpp_sde", 0},
    {"seeds2", 0},
    {"seeds3", 0},
    {"ito", 0},
    {"pc:corrections=2,eta=1", 0},
    {"pc:corrector=langevin", 0},
    {"restart:restarts=3,inner=6", 0},
    {"lcm", 0},
    {"tcd", 0},
    {"consistency", 0},
    {"dpmpp_2m_sde", 1},
    {"dpmpp_3m_sde", 1},
    {"sa_solver", 1},
    {"er_sde", 1},
    {"res_multistep:eta=1", 1},
};
#define ROWS (sizeof rows / sizeof *rows)

static float whole[COUNT * DIM], pieces[COUNT * DIM];
static quell_denoiser *denoiser;
static quell_schedule *schedule;

static void begin(void)
{
    MUST(quell_denoiser_from_isotropic(&denoiser, DIM, NULL, 1)); /* N(0, 1) */
    schedule = must_schedule("vp");
}

static void end(void)
{
    quell_denoiser_free(denoiser);
    quell_schedule_free(schedule);
}

/* Makes a sampler of `steps` steps over the times; NULL where Brownian mode refuses it. */
static quell_sampler *part(const char *spec, int brownian, size_t steps, const double *times)
{
    quell_sampler *sampler = NULL;
    quell_sampler_options options = quell_sampler_defaults();
    options.steps = steps, options.times = times, options.brownian = brownian;
    quell_status status = quell_sampler_create(&sampler, spec, denoiser, schedule, &options);
    int refused = brownian && status == QUELL_BAD_ARGUMENT &&
                  strstr(quell_error_message(), "leave brownian out");
    CHECK(!status || refused, "%s: %s", spec, quell_error_message());
    return sampler;
}

static void fill_times(size_t steps, double *times)
{
    for (size_t i = 0; i <= steps; i++) times[i] = (double)(steps - i) / (double)steps;
}

/* Draws `steps` steps at once, in parts of three, and one by one. */
static void check_same(const char *spec, int brownian, size_t steps, size_t count)
{
    double times[STEPS + 1];
    fill_times(steps, times);
    quell_draw draw = quell_draw_defaults();
    draw.seed = 7, draw.count = count;
    quell_sampler *all = part(spec, brownian, steps, times);
    if (!all) return;
    must_draw(all, &draw, NULL, whole);
    MUST(quell_sample_prior(all, &draw, NULL, pieces));
    for (size_t at = 0, length; at < steps; at += length) {
        length = at + 3 < steps ? 3 : steps - at;
        quell_sampler *one = part(spec, brownian, length, times + at);
        MUST(quell_sample_from(one, &draw, NULL, pieces));
        quell_sampler_free(one);
    }
    CHECK(!memcmp(whole, pieces, count * DIM * sizeof *whole), "%s in pieces", spec);
    MUST(quell_sample_prior(all, &draw, NULL, pieces));
    for (size_t i = 0; i < steps; i++)
        MUST(quell_step(all, &draw, NULL, times[i], times[i + 1], pieces));
    CHECK(!memcmp(whole, pieces, count * DIM * sizeof *whole), "%s step by step", spec);
    quell_sampler_free(all);
}

TEST(pieces, are_the_whole)
{
    begin();
    for (const struct row *row = rows; row < rows + ROWS; row++)
        for (int brownian = 0; brownian < 2 && !row->remembers; brownian++)
            check_same(row->spec, brownian, 20, 100);
    check_same("heun", 0, 20, 100); /* deterministic ones as well */
    check_same("dpmpp_2s", 0, 20, 100);
    end();
}

/* A new stochastic sampler must have a row that says whether it uses earlier steps. */
TEST(pieces, of_all_samplers)
{
    for (size_t i = 0; sampler_name(i); i++) {
        size_t length = strlen(sampler_name(i)), found = 0;
        for (const struct row *row = rows; row < rows + ROWS; row++)
            found += !strncmp(row->spec, sampler_name(i), length) &&
                     (row->spec[length] == ':' || !row->spec[length]);
        CHECK(found || quell_method_at(i)->noise != QUELL_STOCHASTIC, "%s is not in this table",
              sampler_name(i));
    }
}

static struct moments found_in(const float *x)
{
    static double values[COUNT * DIM];
    for (size_t i = 0; i < COUNT * DIM; i++) values[i] = (double)x[i];
    return moments_of(values, COUNT * DIM);
}

/* Ten pieces, one run after the other: sqrt(law.variance) is the exact standard deviation. */
static void check_law(const char *spec)
{
    double times[STEPS + 1];
    struct moments law = {0, 1};
    quell_draw draw = quell_draw_defaults();
    quell_run run = quell_run_defaults();
    draw.count = COUNT, draw.seed = 7;
    fill_times(STEPS, times);
    for (size_t i = 0; i < PIECES; i++) {
        quell_sampler *one = part(spec, 0, STEPS / PIECES, times + i * (STEPS / PIECES));
        const quell_point *t = &one->grid[0];
        if (i == 0) {
            law.variance = t->alpha * t->alpha + t->sigma * t->sigma;
            MUST(quell_sample_prior(one, &draw, &run, pieces));
        }
        order_law(&one->plan, 0, 1, &law.mean, &law.variance);
        MUST(quell_sample_from(one, &draw, &run, pieces));
        quell_sampler_free(one);
    }
    struct moments found = found_in(pieces);
    CHECK(fabs(variance_score(found, law, COUNT * DIM)) < 5 &&
              fabs(mean_score(found, law, COUNT * DIM)) < 5,
          "%s in %d pieces: mean %.3f, deviation %.4f, not %.4f", spec, PIECES, found.mean,
          sqrt(found.variance), sqrt(law.variance));
}

TEST(pieces, have_the_law)
{
    begin();
    for (const struct row *row = rows; row < rows + ROWS; row++)
        if (row->remembers) check_law(row->spec);
    check_law("ddpm");
    check_law("seeds3");
    end();
}

/* Where a sample chooses its own steps, its law is right to the method's tolerance. */
TEST(pieces, adaptive)
{
    double times[PIECES + 1];
    quell_draw draw = quell_draw_defaults();
    draw.count = COUNT, draw.seed = 7;
    begin();
    fill_times(PIECES, times);
    for (size_t i = 0; i < PIECES; i++) {
        quell_sampler *one = part("dpm_adaptive:eta=1", 0, 1, times + i);
        if (i == 0) MUST(quell_sample(one, &draw, NULL, pieces));
        quell_sampler_free(one);
    }
    struct moments found = found_in(pieces);
    CHECK(fabs(sqrt(found.variance) - 1) < 0.06, "deviation %.4f", sqrt(found.variance));
    end();
}

/* Keys are those of a naive function; -0 counts as 0. */
TEST(pieces, keys)
{
    uint64_t state = 3;
    for (size_t i = 0; i < 1000; i++) {
        double t = uniform(&state), s = i % 3 ? t * uniform(&state) : ldexp(t, -1000);
        uint64_t seed = (uint64_t)(0x1p63 * uniform(&state)) << (i % 2);
        CHECK(quell_noise_key(seed, t, s) == naive_key(seed, t, s), "%g, %g", t, s);
    }
    CHECK(quell_noise_key(5, 0.5, -0.0) == quell_noise_key(5, 0.5, 0), "-0");
    CHECK(quell_noise_key(5, 0.5, 0) != quell_noise_key(5, 0, 0.5) &&
              quell_noise_key(5, 0.5, 0) != quell_noise_key(6, 0.5, 0) &&
              quell_noise_key(5, 0.5, 0) != quell_noise_key(5, nextafter(0.5, 1), 0),
          "two are one");
}

/* The noise of x_1, of the first step and of the next are independent. */
TEST(pieces, initial_noise)
{
    enum { SIZE = 40000 };
    static float z[3][SIZE];
    MUST(quell_noise(7, QUELL_STREAM_INIT, 0, 0, SIZE, z[0]));
    MUST(quell_noise(quell_noise_key(7, 1, 0.5), 0, 0, 0, SIZE, z[1]));
    MUST(quell_noise(quell_noise_key(7, 0.5, 0), 0, 0, 0, SIZE, z[2]));
    for (int a = 0; a < 3; a++)
        for (int b = 0; b < a; b++) {
            double sum = 0;
            for (size_t i = 0; i < SIZE; i++) sum += (double)z[a][i] * (double)z[b][i];
            CHECK(fabs(sum) < 4.5 * sqrt(SIZE), "%d and %d: correlation %.4f", a, b, sum / SIZE);
        }
}
