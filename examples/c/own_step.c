/* SPDX-License-Identifier: MIT */
/* A sampler of one's own as a function for one step, because its steps depend on the data.
 *
 * The elements of a sample must add up to a given total, as the energies in the layers of a
 * detector do. Euler's step on the probability flow keeps to it: what the denoiser's mean has too
 * much is taken from all of its elements alike. A plan cannot do that, as it adds no elements of a
 * sample to one another. */
#include <quell/quell.h>
#include <stdio.h>

/* x_s = r x_t + (alpha_s - r alpha_t) mu, r = sigma_s / sigma_t, for each row of a tile. */
static int keep_total(void *user, quell_transition *transition, const quell_point *t,
                      const quell_point *s, float *x)
{
    const double *total = user;
    size_t rows = quell_transition_rows(transition), dim = quell_transition_dim(transition);
    double r = s->sigma / t->sigma;
    float *mean = quell_transition_scratch(transition, 0);
    quell_status status = quell_transition_denoise(transition, t, x, mean);
    if (status) return (int)status; /* the run fails with its message */
    for (float *row = mean; row < mean + rows * dim; row += dim, x += dim) {
        double sum = 0;
        for (size_t e = 0; e < dim; e++) sum += row[e];
        double excess = (sum - *total) / (double)dim;
        for (size_t e = 0; e < dim; e++)
            x[e] = (float)(r * x[e] + (s->alpha - r * t->alpha) * (row[e] - excess));
    }
    return 0;
}

int main(void)
{
    enum { COUNT = 3, DIM = 4 };
    static float x[COUNT][DIM];
    double total = 12;
    quell_denoiser *denoiser = NULL;
    quell_schedule *schedule = NULL;
    quell_sampler *sampler = NULL;
    quell_draw draw = quell_draw_defaults();
    draw.count = COUNT;
    int failed =
        quell_denoiser_from_isotropic(&denoiser, DIM, (const double[DIM]){1, 2, 3, 4}, 0.25) ||
        quell_schedule_create(&schedule, "flow") ||
        quell_sampler_from_step(&sampler, keep_total, &total, NULL, denoiser, schedule, NULL) ||
        quell_sample(sampler, &draw, NULL, x[0]);
    if (failed) fprintf(stderr, "%s\n", quell_error_message());
    for (size_t i = 0; !failed && i < COUNT; i++) {
        double sum = 0;
        for (size_t e = 0; e < DIM; e++) {
            sum += x[i][e];
            printf("%.3f%s", x[i][e], e + 1 < DIM ? " + " : " = ");
        }
        printf("%.3f\n", sum);
    }
    quell_sampler_free(sampler);
    quell_schedule_free(schedule);
    quell_denoiser_free(denoiser);
    return failed;
}
