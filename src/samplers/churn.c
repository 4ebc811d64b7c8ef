/* SPDX-License-Identifier: MIT */
/* The stochasticity of Karras et al. (2206.00364), which euler, heun, dpm2 and heunpp2 share. */
#include "stages.h"
#include "base/maths.h"

quell_point quell_churn(quell_plan *plan, const quell_point *t, const quell_point *s, size_t steps,
                        const double *option)
{
    double s_churn = option[0], s_tmin = option[1], s_tmax = option[2], s_noise = option[3];
    double ratio = t->sigma / t->alpha;
    if (s_tmin > s_tmax)
        quell_plan_refuse(plan, QUELL_BAD_ARGUMENT, "churn: s_tmin must not be above s_tmax");
    double gamma = s_churn / (double)steps, most = sqrt(2) - 1;
    if (gamma > most) gamma = most;
    if (!(gamma > 0 && ratio >= s_tmin && ratio <= s_tmax) || t->alpha == 0) return *t;
    quell_point hat = quell_plan_at_lambda(plan, quell_lambda(t) - quell_log1p(gamma));
    quell_renoise(plan, t, &hat, s_noise, quell_plan_noise(plan, 0, t, s));
    return hat;
}
