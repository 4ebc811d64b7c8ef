/* SPDX-License-Identifier: MIT */
/* Whole trajectories through networks against azula's own samplers, classes and guidance included:
 * tests/reference/trajectories.py made the values in double. We are at most 3e-6 off, and azula in
 * float32 at most 5e-6. */
#include "formula_weights.h"
#include "harness.h"
#include "names.h"
#include "models.h"
#include "small_networks.h"

#include <math.h>

enum { COUNT = 3, STEPS = 6 };

static const int32_t classes[COUNT] = {1, -1, 3};

static const struct row {
    const char *network, *sampler, *schedule;
    double guidance;
    const double *x; /* [COUNT][dim] */
} rows[] = {
#include "network_trajectories.inc"
};
#define ROWS (sizeof rows / sizeof *rows)

static void check(const struct row *row, const char *isa)
{
    float x[COUNT * SMALL_NETWORK_MOST_DIM];
    double worst = 0, most = 0;
    quell_denoiser *denoiser = small_network_guided(row->network, row->guidance);
    size_t dim = quell_denoiser_dim(denoiser);
    quell_schedule *schedule = must_schedule(row->schedule);
    quell_sampler *sampler = must_sampler(row->sampler, denoiser, schedule, STEPS);
    quell_draw draw = quell_draw_defaults();
    quell_run run = quell_run_defaults();
    draw.count = COUNT, draw.classes = classes, run.isa = isa;
    formula_fill("x_1", sqrt(3), COUNT * dim, x);
    MUST(quell_sample_from(sampler, &draw, &run, x));
    for (size_t i = 0; i < COUNT * dim; i++) {
        double apart = fabs((double)x[i] - row->x[i]);
        if (!(apart <= worst)) worst = apart;
        if (fabs(row->x[i]) > most) most = fabs(row->x[i]);
    }
    CHECK(worst <= 1e-5 * most, "%s: %s, %s, weight %g: %.2g of %g off", isa, row->network,
          row->sampler, row->guidance, worst, most);
    quell_sampler_free(sampler);
    quell_schedule_free(schedule);
    quell_denoiser_free(denoiser);
}

TEST(trajectories, are_azulas)
{
    for (size_t i = 0; i < ROWS; i++)
        for (size_t k = 0; isa_name(k); k++)
            if (quell_isa_available(isa_name(k))) check(&rows[i], isa_name(k));
}
