/* SPDX-License-Identifier: MIT */
/* Singlestep DPM-Solvers: exponential Runge-Kutta in lambda, of orders 1 to 3.
 *
 * prediction=eps, DPM-Solver (Lu et al., 2206.00927, eq. 3.7, algorithms 1 and 2). With
 * h = lambda_s - lambda_t, eps_k = (x_k - alpha_k mu_k) / sigma_k at lambda_t + r_k h, eps that of
 * x_t,
 *
 *     1:  x_s = (alpha_s / alpha_t) x_t - sigma_s expm1(h) eps
 *     2:  ... - sigma_s / (2 r1) expm1(h) (eps_1 - eps),   x_1 by 1, r1 = 1/2
 *     3:  x_2 = (alpha_2 / alpha_t) x_t - sigma_2 expm1(r2 h) eps
 *               - sigma_2 (r2 / r1) (expm1(r2 h) / (r2 h) - 1) (eps_1 - eps),   x_1 by 1
 *         x_s = (alpha_s / alpha_t) x_t - sigma_s expm1(h) eps
 *               - (sigma_s / r2) (expm1(h) / h - 1) (eps_2 - eps),   r1 = 1/3, r2 = 2/3.
 *
 * prediction=x0, DPM-Solver++ (Lu et al., 2211.01095, algorithm 1 and, in the authors' code, 3S):
 *
 *     1:  x_s = (sigma_s / sigma_t) x_t - alpha_s expm1(-h) mu
 *     2:  ... - alpha_s / (2 r1) expm1(-h) (mu_1 - mu)
 *     3:  x_2 = (sigma_2 / sigma_t) x_t - alpha_2 expm1(-r2 h) mu
 *               + alpha_2 (r2 / r1) (expm1(-r2 h) / (r2 h) + 1) (mu_1 - mu)
 *         x_s = (sigma_s / sigma_t) x_t - alpha_s expm1(-h) mu
 *               + (alpha_s / r2) (expm1(-h) / h + 1) (mu_2 - mu).
 *
 * At order 1 both are the same step. Below are their weights as stages (stages.h), where
 * expm1(z) / z - 1 = z phi_2(z): the two differ in z = h or -h, and with eps in
 * e^(lambda_k - lambda_s), which turns eps_k - eps into mu's.
 *
 * Steps from alpha_t = 0 and to sigma_s = 0 are of order 1. fast=yes, k-diffusion's dpm_fast: the
 * last steps are of orders 2 and 1, so that T steps of order 3 take 3 (T - 1) evaluations. */
#include "stages.h"
#include "base/maths.h"
#include "base/phi.h"

enum { ORDER, PREDICTION, FAST, STEADY };
enum { EPS, X0 };

double quell_dpm_weight(double h, double r1)
{
    return quell_exp((r1 - 1) * h) * quell_expm1(h) / (2 * r1);
}

double quell_dpmpp_weight(double h, double r1) { return -quell_expm1(-h) / (2 * r1); }

static const double r1 = 1.0 / 3, r2 = 2.0 / 3;

/* Computes the weights of mu_1 - mu in x_2, and of mu_2 - mu in x_s. With eps, x_s also has a
 * weight of mu_1 - mu, because x_2 has: eps_2 - eps = e^lambda_2 (middle
 * (mu_1 - mu) - (mu_2 - mu)). */
static struct quell_dpm3 third(double h, int prediction)
{
    double z = prediction == X0 ? -h : h;
    double middle = r2 / r1 * (r2 * h) * quell_phi(2, r2 * z);
    double last = h * quell_phi(2, z) / r2;
    if (prediction == X0) return (struct quell_dpm3){middle, 0, last};
    middle *= quell_exp((r1 - r2) * h);
    last *= quell_exp((r2 - 1) * h);
    return (struct quell_dpm3){middle, -middle * last, last};
}

struct quell_dpm3 quell_dpm3_weights(double h) { return third(h, EPS); }

static void step3(quell_plan *plan, const quell_point *t, const quell_point *s, struct quell_dpm3 w)
{
    quell_point s1 = quell_point_between(plan, t, s, r1), s2 = quell_point_between(plan, t, s, r2);
    quell_register_id mu = quell_plan_denoise(plan, QUELL_STATE, t);
    quell_register_id mu1 = QUELL_STAGE_DENOISE(plan, .t = t, .s = &s1, .mu = mu);
    quell_register_id mu2 =
        QUELL_STAGE_DENOISE(plan, .t = t, .s = &s2, .mu = mu, .later = {{w.middle, mu1}});
    QUELL_STAGE(plan, QUELL_STATE, .t = t, .s = s, .mu = mu,
                .later = {{w.last1, mu1}, {w.last2, mu2}});
    quell_plan_release(plan, mu2);
    quell_plan_release(plan, mu1);
    quell_plan_release(plan, mu);
}

static void step(quell_plan *plan, const quell_point *t, const quell_point *s, size_t order,
                 int prediction, bool steady)
{
    double h = quell_step_size(t, s);
    struct quell_dpm3 w = third(h, prediction);
    if (order == 3 && steady &&
        (!quell_steady_stages(2, (double[]){w.last1, w.last2}) ||
         !quell_steady_stages(1, &w.middle)))
        order = 2;
    if (steady && prediction == X0) {
        w.middle = quell_steady_held(w.middle);
        w.last2 = quell_steady_held(w.last2);
    }
    if (order == 1 || quell_step_size(t, s) == 0) {
        quell_register_id mu = quell_plan_denoise(plan, QUELL_STATE, t);
        QUELL_STAGE(plan, QUELL_STATE, .t = t, .s = s, .mu = mu);
        quell_plan_release(plan, mu);
    } else if (order == 2) {
        double (*weight)(double, double) = prediction == X0 ? quell_dpmpp_weight : quell_dpm_weight;
        quell_midpoint(plan, t, s, (struct quell_midpoint){0.5, weight, steady, {0, 0}, false});
    } else {
        step3(plan, t, s, w);
    }
    quell_plan_step(plan, t, s);
}

static void build(quell_plan *plan, const quell_point *grid, size_t steps, const double *option)
{
    size_t most = (size_t)option[ORDER];
    for (size_t i = 0; i < steps; i++) {
        size_t left = steps - i, order = option[FAST] != 0 && left < most ? left : most;
        step(plan, &grid[i], &grid[i + 1], order, (int)option[PREDICTION], option[STEADY] != 0);
    }
}

static const struct quell_option options[] = {
    QUELL_WHOLE("order", 3, 1, 3, "order, and number of evaluations in a step"),
    QUELL_CHOICE_NEEDS("order=2|3", "prediction", EPS, "eps|x0", "DPM-Solver or DPM-Solver++"),
    QUELL_YES_NO_NEEDS("order=2|3", "fast", 0, "yes: the last steps have order 2 and 1"),
    QUELL_STEADY,
    {0}};

static const struct quell_alias aliases[] = {{"dpm_fast", "dpm_single:fast=yes"},
                                             {"dpmsolver_single", "dpm_single:prediction=eps"},
                                             {"dpmpp_2s", "dpm_single:order=2,prediction=x0"},
                                             {"dpmpp_3s", "dpm_single:order=3,prediction=x0"},
                                             {0}};

QUELL_FAMILY(dpm_single) = {{.name = "dpm_single",
                             .summary = "DPM-Solver and DPM-Solver++ in single steps",
                             .source = "arXiv:2206.00927",
                             .order = 3,
                             .evaluations = 3,
                             .noise = QUELL_DETERMINISTIC,
                             .aliases = aliases,
                             .options = options,
                             .build = build},
                            {0}};
