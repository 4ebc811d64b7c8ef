/* SPDX-License-Identifier: MIT */
/* The empirical denoiser against its twin in double, above all where the noise is low. */
#include <math.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include "harness.h"
#include "isas.h"
#include "law.h"

/* The points of an empirical law as its means, without variance. */
static struct law data_law(size_t count, size_t dim, float **data)
{
    struct law law = law_new(count, dim, 1, 0);
    memset(law.variances, 0, count * dim * sizeof(double));
    *data = law_memory(count * dim, sizeof **data);
    for (size_t k = 0; k < count; k++) law.weights[k] = 1;
    for (size_t i = 0; i < count * dim; i++) (*data)[i] = (float)law.means[i];
    return law;
}

static void set_data(struct law *law, float *data, size_t at, double value)
{
    data[at] = (float)value;
    law->means[at] = (double)data[at];
}

static void check_empirical(const struct law *law, const float *data, size_t rows)
{
    quell_denoiser *denoiser;
    CHECK(!quell_denoiser_from_points(&denoiser, law->components, law->dim, data), "%s",
          quell_error_message());
    for (size_t i = 0; i < LAW_POINTS; i++)
        law_check_values(denoiser, law_twin, law, law_points[i][0], law_points[i][1], rows, 1e-5);
    quell_denoiser_free(denoiser);
}

TEST(empirical, sizes)
{
    static const size_t sizes[][2] = {{1, 1},   {2, 3},    {127, 2},  {128, 16},
                                      {129, 5}, {300, 33}, {700, 64}, {260, 784}};
    for (size_t j = 0; j < sizeof sizes / sizeof *sizes; j++) {
        float *data;
        struct law law = data_law(sizes[j][0], sizes[j][1], &data);
        check_empirical(&law, data, j == 7 ? 3 : (j * 11 + 4) % 40 + 1);
        free(data);
        law_free(&law);
    }
}

/* The points are far from 0 and differ in their last digits, so that logits computed as products
 * would be all rounding error. The error of the posterior mean is small beside the distance of the
 * points, and not only beside their size. */
TEST(empirical, near_duplicates)
{
    enum { COUNT = 300, DIM = 40, ROWS = 33 };
    static const double sigmas[] = {1e-3, 3e-3, 0.03};
    float *data;
    struct law law = data_law(COUNT, DIM, &data);
    for (size_t i = 0; i < COUNT * DIM; i++) {
        double base = 3 + law.means[i % (3 * DIM)];
        set_data(&law, data, i, base + 1e-3 * law_normal());
    }
    quell_denoiser *denoiser;
    CHECK(!quell_denoiser_from_points(&denoiser, COUNT, DIM, data), "%s", quell_error_message());
    for (size_t i = 0; i < sizeof sigmas / sizeof *sigmas; i++)
        law_check_values(denoiser, law_twin, &law, 1, sigmas[i], ROWS, 3e-7);
    quell_denoiser_free(denoiser);
    free(data);
    law_free(&law);
}

/* x_t half-way between the first two points, where roundings decide which of them is the nearer. */
static void check_half_way(double one, double other, double sigma, double tolerance)
{
    enum { COUNT = 40, DIM = 100 };
    float *data, x[DIM], out[DIM];
    double right[DIM];
    struct law law = data_law(COUNT, DIM, &data);
    quell_denoiser *denoiser;
    for (size_t d = 0; d < DIM; d++) {
        set_data(&law, data, d, one + 0.01 * law_normal());
        set_data(&law, data, DIM + d, other + 0.01 * law_normal());
        x[d] = (data[d] + data[DIM + d]) / 2;
    }
    CHECK(!quell_denoiser_from_points(&denoiser, COUNT, DIM, data), "%s", quell_error_message());
    law_check_bits(denoiser, 1, sigma, 1, x, out);
    law_twin(&law, 1, sigma, x, right);
    for (size_t d = 0; d < DIM; d++)
        CHECK(fabs((double)out[d] - right[d]) < tolerance, "sigma %g: element %zu is %g, not %g",
              sigma, d, (double)out[d], right[d]);
    quell_denoiser_free(denoiser);
    free(data);
    law_free(&law);
}

TEST(empirical, half_way)
{
    for (double sigma = 1e-3; sigma < 10; sigma *= 3) check_half_way(0.1, 0.4, sigma, 3e-6);
}

/* So far from the mean that the error of a product is hundreds at the lowest noise. */
TEST(empirical, half_way_and_far)
{
    for (double sigma = 1e-3; sigma < 0.1; sigma *= 3) check_half_way(30, 90, sigma, 1e-4);
}

TEST(empirical, needs_noise)
{
    float data[2] = {1, 2};
    quell_denoiser *denoiser;
    CHECK(!quell_denoiser_from_points(&denoiser, 2, 1, data), "%s", quell_error_message());
    CHECK(denoiser->type->needs_noise, "no noise needed");
    CHECK(denoiser->type->check(denoiser, 1, 0) == QUELL_BAD_ARGUMENT, "took sigma 0");
    CHECK(!denoiser->type->check(denoiser, 1, 1e-3), "refused sigma 1e-3");
    quell_denoiser_free(denoiser);
}
