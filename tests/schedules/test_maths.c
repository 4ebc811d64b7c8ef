/* SPDX-License-Identifier: MIT */
/* The functions of base/maths.h: their accuracy against the C library's long double, and their
 * bits, which must be the same on every machine, against digests held here. */
#include "harness.h"
#include "models.h"
#include "base/maths.h"

#include <float.h>
#include <math.h>
#include <string.h>

#define ARGUMENTS 1000

static const struct function {
    const char *name;
    double (*function)(double x);
    long double (*exact)(long double x);
    double low, high;
    uint64_t digest; /* of the results at ARGUMENTS numbers between low and high */
} functions[] = {
    {"exp", quell_exp, expl, -700, 700, UINT64_C(0x5591b40408caa648)},
    {"exp", quell_exp, expl, -1, 1, UINT64_C(0x7bb382fc8ced3ec6)},
    {"expm1", quell_expm1, expm1l, -40, 40, UINT64_C(0x6637825c01041f20)},
    {"expm1", quell_expm1, expm1l, -0x1p-10, 0x1p-10, UINT64_C(0x8a1de572a9139a04)},
    {"log", quell_log, logl, 0, 1, UINT64_C(0xc9e0116c3d2f45a7)},
    {"log", quell_log, logl, 0.5, 1e6, UINT64_C(0x0bb87e8ca3351a85)},
    {"log1p", quell_log1p, log1pl, -0.999, 100, UINT64_C(0xfaeaf7797c8342c0)},
    {"log1p", quell_log1p, log1pl, -0x1p-20, 0x1p-20, UINT64_C(0xad75074f6260e3b2)},
    {"sin", quell_sin, sinl, -4, 4, UINT64_C(0x2f199c6c1090c0a3)},
    {"cos", quell_cos, cosl, -4, 4, UINT64_C(0xabd51dbcd03a70da)},
    {"acos", quell_acos, acosl, -1, 1, UINT64_C(0x998750fd3cadaf07)},
    {"asin", quell_asin, asinl, -1, 1, UINT64_C(0x0fcfb41560490479)},
    {"atan", quell_atan, atanl, -1, 1, UINT64_C(0x513b4b57739be92d)},
    {"atan", quell_atan, atanl, -100, 100, UINT64_C(0xcd3d19d1c583a4e7)},
    {"lgamma", quell_lgamma, lgammal, 0.1, 0.9, UINT64_C(0x81dab9af1bd4a290)},
    {"lgamma", quell_lgamma, lgammal, 2.1, 20, UINT64_C(0x2176f0401f685bf9)},
};

#define FUNCTIONS (sizeof functions / sizeof *functions)

static double argument(const struct function *f, uint64_t *state)
{
    double x = f->low + (f->high - f->low) * uniform(state);
    return x == 0 ? f->high : x;
}

/* The distance in units of the last place of the exact value. */
static double ulps(double value, long double exact)
{
    double rounded = fabs((double)exact);
    return (double)(fabsl(value - exact) / (nextafter(rounded, (double)INFINITY) - rounded));
}

TEST(maths, accuracy)
{
    for (size_t i = 0; i < FUNCTIONS; i++) {
        uint64_t state = i;
        for (int k = 0; k < 20 * ARGUMENTS; k++) {
            double x = argument(&functions[i], &state), y = functions[i].function(x);
            double away = ulps(y, functions[i].exact(x));
            CHECK(away <= 1.001, "%s(%a) = %a is %.3f ulp off", functions[i].name, x, y, away);
        }
    }
}

TEST(maths, bits)
{
    for (size_t i = 0; i < FUNCTIONS; i++) {
        uint64_t state = i, found = DIGEST_START;
        for (int k = 0; k < ARGUMENTS; k++) {
            double y = functions[i].function(argument(&functions[i], &state));
            uint64_t bits;
            memcpy(&bits, &y, sizeof bits);
            for (int byte = 0; byte < 8; byte++)
                found = (found ^ (bits >> 8 * byte & 255)) * UINT64_C(0x100000001b3);
        }
        CHECK(found == functions[i].digest, "%s on [%g, %g]: 0x%016llx", functions[i].name,
              functions[i].low, functions[i].high, (unsigned long long)found);
    }
}

/* What the coefficients of the last step, sigma = 0, and of the first, alpha = 0, rest on. */
TEST(maths, ends)
{
    const double infinity = (double)INFINITY;
    CHECK(quell_log(0) == -infinity, "log 0 = %g", quell_log(0));
    CHECK(quell_log(1) == 0, "log 1 = %g", quell_log(1));
    CHECK(quell_log1p(0) == 0, "log1p 0 = %g", quell_log1p(0));
    CHECK(quell_log1p(-1) == -infinity, "log1p -1 = %g", quell_log1p(-1));
    CHECK(quell_exp(-infinity) == 0, "exp -inf = %g", quell_exp(-infinity));
    CHECK(quell_exp(0) == 1, "exp 0 = %g", quell_exp(0));
    CHECK(quell_expm1(-infinity) == -1, "expm1 -inf = %g", quell_expm1(-infinity));
    CHECK(quell_expm1(0) == 0, "expm1 0 = %g", quell_expm1(0));
    CHECK(isnan(quell_log(-1)), "log -1 = %g", quell_log(-1));
}
