/* SPDX-License-Identifier: MIT */
/* The schedules of two papers on diffusion in continuous time. */
#include "schedule.h"
#include "base/maths.h"

enum { BETA_D, BETA_MIN, EPS };

/* Song et al.'s VP SDE (2011.13456, eq. 32) with beta(u) = beta_min + beta_d u, on u from eps to 1:
 *
 *     log alpha = -(beta_d u^2 / 2 + beta_min u) / 2,  sigma^2 = 1 - alpha^2. */
static int vp_sde(const quell_schedule *schedule, quell_point *p)
{
    double u = (1 - p->t) * schedule->options[EPS] + p->t;
    double integral = u * (schedule->options[BETA_D] * u / 2 + schedule->options[BETA_MIN]);
    p->log_alpha = -integral / 2;
    p->alpha = quell_exp(p->log_alpha);
    p->sigma = sqrt(-quell_expm1(-integral));
    p->log_sigma = quell_log(p->sigma);
    return 0;
}

enum { SIGMA_MIN, SIGMA_MAX, RHO };

/* Karras et al., 2206.00364, eq. 5, with t for i / (N - 1), backwards:
 *
 *     alpha = 1,  sigma = ((1 - t) sigma_min^(1/rho) + t sigma_max^(1/rho))^rho. */
static int edm(const quell_schedule *schedule, quell_point *p)
{
    double rho = schedule->options[RHO];
    double low = quell_power(schedule->options[SIGMA_MIN], 1 / rho);
    double high = quell_power(schedule->options[SIGMA_MAX], 1 / rho);
    p->alpha = 1;
    p->log_alpha = 0;
    p->log_sigma = rho * quell_log((1 - p->t) * low + p->t * high);
    p->sigma = quell_exp(p->log_sigma);
    return 0;
}

static quell_status check_edm(double *options)
{
    return quell_schedule_rises("edm", options[SIGMA_MIN], options[SIGMA_MAX]);
}

static const struct quell_option vp_sde_options[] = {
    QUELL_NUMBER("beta_d", 19.9, 0, 1e6, "beta at t = 1 minus beta_min"),
    QUELL_NUMBER("beta_min", 0.1, QUELL_TINY, 1e6, "beta at time 0"),
    QUELL_NUMBER("eps", 1e-3, 0, 0.999, "the SDE's time at t = 0; 0: sigma is 0 there"),
    {0}};
static const struct quell_option edm_options[] = {
    QUELL_NUMBER("sigma_min", 0.002, 0, 1e30, "sigma at t = 0"),
    QUELL_NUMBER("sigma_max", 80, QUELL_TINY, 1e30, "sigma at t = 1"),
    QUELL_NUMBER("rho", 7, 0.1, 100, "greater: more time at low noise"),
    {0}};

const struct quell_schedule_row quell_schedules_sde[] = {
    {.name = "vp_sde",
     .summary = "the VP SDE of score-based models, beta linear in t",
     .source = "arXiv:2011.13456",
     .point = vp_sde,
     .options = vp_sde_options},
    {.name = "edm",
     .summary = "variance exploding, sigma^(1/rho) linear in t (EDM, Karras)",
     .source = "arXiv:2206.00364",
     .point = edm,
     .options = edm_options,
     .prepare = check_edm},
    {0},
};
