/* SPDX-License-Identifier: MIT */
#include "steady.h"

#include <math.h>

bool quell_steady_past(size_t count, const double *weights, double unit)
{
    double sum = 0;
    for (size_t j = 1; j < count; j++) sum += fabs(weights[j] * unit);
    return count < 2 || sum <= ldexp(1, (int)count - 2);
}

bool quell_steady_noisy_past(size_t count, double *weights)
{
    if (count != 2) return quell_steady_past(count, weights, ldexp(1, (int)count - 2)); /* S <= 1 */
    double held = fmax(fmin(weights[1], 0.5), -0.5);
    weights[0] += weights[1] - held;
    weights[1] = held;
    return true;
}

bool quell_steady_stages(size_t count, const double *weights)
{
    double sum = 0;
    for (size_t k = 0; k < count; k++) sum += fabs(weights[k]);
    return sum <= ldexp(1, (int)count);
}

double quell_steady_held(double weight) { return fmin(weight, 1.25); }

bool quell_steady_noise(double left, double fresh, double noise)
{
    return sqrt(left * left + fresh * fresh) <= 1.5 * noise;
}
