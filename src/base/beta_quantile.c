/* SPDX-License-Identifier: MIT */
/* The inverse of the regularised incomplete beta function (Abramowitz & Stegun, 26.5.4):
 *
 *     I_x(a, b) = x^a (1 - x)^b / (a B(a, b)) S(x),
 *     S(x) = sum_n x^n prod_{k < n} (a + b + k) / (a + 1 + k),
 *
 * a series of positive terms, quick for x <= 1/2; above, I_x(a, b) = 1 - I_{1-x}(b, a). Newton's
 * method runs in z = log x, in which log I is nearly a straight line of slope a. */
#include "beta_quantile.h"
#include "maths.h"

/* log I_x(a, b) at x = exp(z) <= 1/2, and its slope in z. */
struct tail {
    double value, slope;
};

static struct tail lower_tail(double z, double a, double b)
{
    double x = quell_exp(z), term = 1, series = 1;
    for (int n = 0; n < 1000 && term > 1e-17 * series; n++) {
        term *= x * (a + b + n) / (a + 1 + n);
        series += term;
    }
    double norm = quell_lgamma(a) + quell_lgamma(b) - quell_lgamma(a + b) + quell_log(a);
    double value = a * z + b * quell_log1p(-x) - norm + quell_log(series);
    return (struct tail){value, a / ((1 - x) * series)};
}

/* The x <= 1/2 with I_x(a, b) = p > 0. */
static double lower_quantile(double p, double a, double b)
{
    const double most = -0.693147180559945309417; /* log 1/2 */
    double z = most, log_p = quell_log(p);
    for (int i = 0; i < 60; i++) {
        struct tail tail = lower_tail(z, a, b);
        double step = (log_p - tail.value) / tail.slope;
        z = fmin(z + step, most);
        if (fabs(step) <= 4e-16 * (1 + fabs(z))) break;
    }
    return quell_exp(z);
}

struct quell_quantile quell_beta_quantile(double p, double q, double a, double b)
{
    if (!(p > 0)) return (struct quell_quantile){0, 1};
    if (!(q > 0)) return (struct quell_quantile){1, 0};
    double half = quell_exp(lower_tail(quell_log(0.5), a, b).value);
    double x = p <= half ? lower_quantile(p, a, b) : lower_quantile(q, b, a);
    return p <= half ? (struct quell_quantile){x, 1 - x} : (struct quell_quantile){1 - x, x};
}
