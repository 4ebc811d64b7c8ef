/* SPDX-License-Identifier: MIT */
#include "phi.h"
#include "maths.h"

/* sum_n x^n / (n + k)!, for |x| <= 2, where the recursion would cancel. The terms fall from the
 * first one on, and the 30th is below 2^-60 of the sum. */
static double series(unsigned k, double x)
{
    double first = 1, sum = 0, term = 1;
    for (unsigned i = 2; i <= k; i++) first /= i;
    for (unsigned n = 1; n <= 30; n++) {
        sum += term;
        term *= x / (n + k);
    }
    return first * sum;
}

double quell_phi(unsigned k, double x)
{
    if (k == 0) return quell_exp(x);
    if (fabs(x) <= 2) return series(k, x);
    double value = quell_expm1(x) / x, factorial = 1;
    for (unsigned i = 1; i < k; i++) {
        factorial *= i;
        value = (value - 1 / factorial) / x;
    }
    return value;
}
