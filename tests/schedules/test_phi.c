/* SPDX-License-Identifier: MIT */
/* The phi functions and the weights of multistep methods, against quadrature in long double. */
#include "harness.h"
#include "base/phi.h"
#include "samplers/multistep.h"

#include <math.h>

/* Integral over [0, 1] by composite Gauss-Legendre of five points. */
static long double integral(long double (*f)(const void *, long double), const void *data)
{
    static const long double at[] = {0, 0.538469310105683091036314420700208805L,
                                     0.906179845938663992797626878299392965L};
    static const long double weight[] = {0.568888888888888888888888888888888889L,
                                         0.478628670499366468041291514835638193L,
                                         0.236926885056189087514264040719917363L};
    enum { PARTS = 400 };
    long double sum = 0;
    for (int i = 0; i < PARTS; i++) {
        long double middle = (i + 0.5L) / (long double)PARTS, half = 0.5L / (long double)PARTS;
        sum += weight[0] * f(data, middle);
        for (int k = 1; k < 3; k++)
            sum += weight[k] * (f(data, middle - half * at[k]) + f(data, middle + half * at[k]));
    }
    return sum / (2 * PARTS);
}

struct integrand {
    unsigned k;
    double x;
};

/* exp((1 - v) x) v^(k - 1) / (k - 1)! */
static long double under_phi(const void *data, long double v)
{
    const struct integrand *at = data;
    long double value = expl((1 - v) * at->x);
    for (unsigned i = 1; i < at->k; i++) value *= v / i;
    return value;
}

TEST(phi, values)
{
    static const double xs[] = {0,   1e-12, -1e-12, 1e-3, -1e-3, 0.5, -0.5, 1.9, -1.9,
                                2.1, -2.1,  5,      -5,   12,    -12, 40,   -40};
    for (size_t i = 0; i < sizeof xs / sizeof *xs; i++)
        for (unsigned k = 1; k <= 6; k++) {
            struct integrand at = {k, xs[i]};
            double exact = (double)integral(under_phi, &at), found = quell_phi(k, xs[i]);
            CHECK(fabs(found - exact) <= 4e-15 * fabs(exact), "phi_%u(%g) = %.17g, not %.17g", k,
                  xs[i], found, exact);
        }
    for (unsigned k = 1; k <= 6; k++) CHECK(quell_phi(k, -INFINITY) == 0, "phi_%u(-inf)", k);
}

/* The weights integrate every polynomial of lower degree than their number exactly. */
TEST(phi, lagrange_weights)
{
    static const double nodes[] = {0, -0.7, -1.9, -2.2, -4};
    for (size_t count = 1; count <= 5; count++) {
        double moments[5], weights[5];
        for (unsigned k = 0; k < count; k++) moments[k] = 1 / (k + 1.0);
        quell_lagrange_weights(count, nodes, moments, weights);
        for (unsigned degree = 0; degree < count; degree++) {
            double sum = 0;
            for (size_t j = 0; j < count; j++) sum += weights[j] * pow(nodes[j], degree);
            CHECK(fabs(sum - 1 / (degree + 1.0)) < 1e-12, "%zu nodes, degree %u: %.17g", count,
                  degree, sum);
        }
    }
}
