/* SPDX-License-Identifier: MIT */
#include "twin.h"

#include <math.h>

/* The coefficients of
 *     x_s = alpha_s mu + sigma_s sqrt(1 - fresh) (x_t - alpha_t mu) / sigma_t
 *                      + sigma_s sqrt(fresh) eps */
static struct twin_step step_with(struct twin_points p, double fresh)
{
    double kept = p.sigma_s * sqrt(1 - fresh) / p.sigma_t;
    return (struct twin_step){kept, p.alpha_s - kept * p.alpha_t, p.sigma_s * sqrt(fresh)};
}

static double tau(struct twin_points p)
{
    double alpha = p.alpha_t / p.alpha_s, sigma = p.sigma_s / p.sigma_t;
    return 1 - alpha * alpha * sigma * sigma;
}

struct twin_step twin_ddpm(struct twin_points p) { return step_with(p, tau(p)); }

struct twin_step twin_ddim(struct twin_points p, double eta)
{
    return step_with(p, fmin(fmax(eta * eta * tau(p), 0), 1));
}

double twin_gaussian_factor(struct twin_points p, struct twin_step step, double variance)
{
    double gain = p.alpha_t * variance / (p.alpha_t * p.alpha_t * variance + p.sigma_t * p.sigma_t);
    return step.state + step.mean * gain;
}
