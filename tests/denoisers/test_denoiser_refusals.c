/* SPDX-License-Identifier: MIT */
/* What the constructors of denoisers refuse, with a message. */
#include <math.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include "harness.h"
#include "isas.h"
#include "law.h"

static const double zeros[4];

/* `call` fails with BAD, says why, and makes no denoiser. */
#define REFUSED(call, status)                                               \
    do {                                                                    \
        denoiser = NULL;                                                    \
        CHECK((call) == (status) && !denoiser, "%s", #call);                \
        CHECK(strlen(quell_error_message()) > 10, "no message: %s", #call); \
    } while (0)
#define BAD QUELL_BAD_ARGUMENT

TEST(refusals, gaussians)
{
    quell_denoiser *denoiser;
    double one[2] = {1, 1}, nan[2] = {0, NAN}, negative[2] = {1, -1}, huge[2] = {1, 1e300};
    REFUSED(quell_denoiser_from_isotropic(NULL, 2, one, 1), BAD);
    REFUSED(quell_denoiser_from_isotropic(&denoiser, 0, one, 1), BAD);
    REFUSED(quell_denoiser_from_isotropic(&denoiser, SIZE_MAX, one, 1), BAD);
    REFUSED(quell_denoiser_from_isotropic(&denoiser, 2, one, -1), BAD);
    REFUSED(quell_denoiser_from_isotropic(&denoiser, 2, one, NAN), BAD);
    REFUSED(quell_denoiser_from_isotropic(&denoiser, 2, one, INFINITY), BAD);
    REFUSED(quell_denoiser_from_isotropic(&denoiser, 2, nan, 1), BAD);
    REFUSED(quell_denoiser_from_diagonal(NULL, 2, one, one), BAD);
    REFUSED(quell_denoiser_from_diagonal(&denoiser, 0, one, one), BAD);
    REFUSED(quell_denoiser_from_diagonal(&denoiser, 2, one, NULL), BAD);
    REFUSED(quell_denoiser_from_diagonal(&denoiser, 2, one, negative), BAD);
    REFUSED(quell_denoiser_from_diagonal(&denoiser, 2, one, nan), BAD);
    REFUSED(quell_denoiser_from_diagonal(&denoiser, 2, huge, one), BAD);
}

TEST(refusals, full)
{
    quell_denoiser *denoiser;
    double one[2] = {1, 1}, nan[2] = {NAN, 1}, negative[2] = {-1, 1};
    double unit[4] = {1, 0, 0, 1}, skew[4] = {1, 0.5, 0.4, 1}, indefinite[4] = {1, 2, 2, 1};
    double infinite[4] = {1, INFINITY, INFINITY, 1}, not_unit[4] = {1, 0, 0, 1.001};
    double oblique[4] = {1, 0, 0.6, 0.8}, nan_vectors[4] = {1, 0, 0, NAN};
    double minus[4] = {-1, 0, 0, -2}, barely[4] = {1, 1, 1, 1 - 1e-8};
    REFUSED(quell_denoiser_from_covariance(NULL, 2, one, unit), BAD);
    REFUSED(quell_denoiser_from_covariance(&denoiser, 0, one, unit), BAD);
    REFUSED(quell_denoiser_from_covariance(&denoiser, 40000, one, unit), BAD);
    REFUSED(quell_denoiser_from_covariance(&denoiser, 2, one, NULL), BAD);
    REFUSED(quell_denoiser_from_covariance(&denoiser, 2, nan, unit), BAD);
    REFUSED(quell_denoiser_from_covariance(&denoiser, 2, one, skew), BAD);
    REFUSED(quell_denoiser_from_covariance(&denoiser, 2, one, indefinite), BAD);
    REFUSED(quell_denoiser_from_covariance(&denoiser, 2, one, infinite), BAD);
    REFUSED(quell_denoiser_from_covariance(&denoiser, 2, one, minus), BAD);
    REFUSED(quell_denoiser_from_eigenbasis(NULL, 2, one, one, unit), BAD);
    REFUSED(quell_denoiser_from_eigenbasis(&denoiser, 0, one, one, unit), BAD);
    REFUSED(quell_denoiser_from_eigenbasis(&denoiser, 2, one, NULL, unit), BAD);
    REFUSED(quell_denoiser_from_eigenbasis(&denoiser, 2, one, one, NULL), BAD);
    REFUSED(quell_denoiser_from_eigenbasis(&denoiser, 2, one, negative, unit), BAD);
    REFUSED(quell_denoiser_from_eigenbasis(&denoiser, 2, one, nan, unit), BAD);
    REFUSED(quell_denoiser_from_eigenbasis(&denoiser, 2, one, one, not_unit), BAD);
    CHECK(strstr(quell_error_message(), " has the length "), "%s", quell_error_message());
    REFUSED(quell_denoiser_from_eigenbasis(&denoiser, 2, one, one, oblique), BAD);
    REFUSED(quell_denoiser_from_eigenbasis(&denoiser, 2, one, one, nan_vectors), BAD);
    CHECK(!quell_denoiser_from_covariance(&denoiser, 2, one, barely),
          "rounding below 0 was refused");
    quell_denoiser_free(denoiser);
    CHECK(!quell_denoiser_from_covariance(&denoiser, 2, one, zeros),
          "a covariance of 0 was refused");
    quell_denoiser_free(denoiser);
}

static int nothing(void *user, const quell_call *call, const float *input, float *output)
{
    (void)user, (void)call, (void)input, (void)output;
    return 0;
}

/* A flag is 0 or 1. Any other number is refused, because the caller must have meant something
 * else. */
TEST(refusals, callbacks)
{
    quell_denoiser *denoiser;
    quell_function_options options = quell_function_defaults();
    options.whole_batch = 2;
    REFUSED(quell_denoiser_from_function(&denoiser, 1, nothing, NULL, &options), BAD);
    options = quell_function_defaults(), options.reproducible = -1;
    REFUSED(quell_denoiser_from_function(&denoiser, 1, nothing, NULL, &options), BAD);
}

TEST(refusals, mixtures)
{
    quell_denoiser *denoiser;
    double one[4] = {1, 1, 1, 1}, nan[4] = {1, NAN, 1, 1}, negative[4] = {1, -1, 1, 1};
    double none[4] = {1, 0, 1, 1}, huge[4] = {1.7e308, 1.7e308, 1, 1};
    REFUSED(quell_denoiser_from_mixture(NULL, 2, 2, one, one, one), BAD);
    REFUSED(quell_denoiser_from_mixture(&denoiser, 0, 2, one, one, one), BAD);
    REFUSED(quell_denoiser_from_mixture(&denoiser, 2, 0, one, one, one), BAD);
    REFUSED(quell_denoiser_from_mixture(&denoiser, 2, 2, NULL, one, one), BAD);
    REFUSED(quell_denoiser_from_mixture(&denoiser, 2, 2, one, NULL, one), BAD);
    REFUSED(quell_denoiser_from_mixture(&denoiser, 2, 2, one, one, NULL), BAD);
    REFUSED(quell_denoiser_from_mixture(&denoiser, 2, 2, none, one, one), BAD);
    REFUSED(quell_denoiser_from_mixture(&denoiser, 2, 2, nan, one, one), BAD);
    REFUSED(quell_denoiser_from_mixture(&denoiser, 2, 2, huge, one, one), BAD);
    REFUSED(quell_denoiser_from_mixture(&denoiser, 2, 2, one, nan, one), BAD);
    REFUSED(quell_denoiser_from_mixture(&denoiser, 2, 2, one, one, negative), BAD);
    REFUSED(quell_denoiser_from_diagonal_mixture(&denoiser, 2, 2, one, one, nan), BAD);
    REFUSED(quell_denoiser_from_mixture(&denoiser, SIZE_MAX / 2, 2, one, one, one),
            QUELL_NO_MEMORY);
    REFUSED(quell_denoiser_from_diagonal_mixture(&denoiser, SIZE_MAX / 8, 1u << 20, one, one, one),
            QUELL_NO_MEMORY);
}

TEST(refusals, empirical)
{
    quell_denoiser *denoiser;
    float one[4] = {1, 1, 1, 1}, nan[4] = {1, NAN, 1, 1}, huge[4] = {3e38f, 1, -3e38f, 1};
    REFUSED(quell_denoiser_from_points(NULL, 2, 2, one), BAD);
    REFUSED(quell_denoiser_from_points(&denoiser, 0, 2, one), BAD);
    REFUSED(quell_denoiser_from_points(&denoiser, 2, 0, one), BAD);
    REFUSED(quell_denoiser_from_points(&denoiser, 2, 2, NULL), BAD);
    REFUSED(quell_denoiser_from_points(&denoiser, 2, 2, nan), BAD);
    REFUSED(quell_denoiser_from_points(&denoiser, SIZE_MAX / 2, 2, one), QUELL_NO_MEMORY);
    CHECK(!quell_denoiser_from_points(&denoiser, 2, 2, huge), "points of 3e38 were refused");
    const quell_point near = {.t = 1, .alpha = 1, .sigma = 1};
    CHECK(denoiser->type->check(denoiser, &near) == BAD, "sigma 1 for points of 3e38");
    quell_denoiser_free(denoiser);
}
