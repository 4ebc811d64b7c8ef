/* SPDX-License-Identifier: MIT */
/* Adams-Bashforth methods on a slope f of the probability flow: f is interpolated by the Lagrange
 * polynomials l_j of the newest points, and its integral from t to s is what the step adds. They
 * differ in the slope, in the variable that it is a polynomial in, and in the weight under the
 * integral. With y = x / alpha and sigma~ = sigma / alpha,
 *
 *     zab    y_s = y_t + sum_j eps_j integral of l_j(sigma~) dsigma~
 *     vab    w_s = w_t + sum_j v_j integral of l_j(u) du,     v = eps - mu,
 *            u = sigma / (alpha + sigma),   w = x / (alpha + sigma)
 *     zeab   y_s = y_t - sum_j eps_j integral of exp(-lambda) l_j(lambda) dlambda.
 *
 * zab is the linear multistep method (LMS) of k-diffusion and rhoAB of Zhang & Chen, 2204.13902.
 * vab is azula's, scaled to straight paths. zeab is DPM-Solver, multistep (Lu et al., 2206.00927,
 * eq. 3.4), and DEIS, tAB (Zhang & Chen, 2204.13902, eq. 15). */
#include "method.h"
#include "multistep.h"
#include "steady.h"
#include "base/maths.h"
#include "base/phi.h"

enum { ORDER, STEADY };

/* The nodes are taken from sigma~_t in units of the step: in raw sigma~ the system loses its
 * digits. sigma~_s - sigma~_t = sigma~_t expm1(-h), also where sigma_s = 0, and
 * sigma~_j - sigma~_t = sigma~_t expm1(lambda_t - lambda_j). */
void quell_zab_weights(const struct quell_history *history, size_t count, const quell_point *t,
                       const quell_point *s, const double *option, double *weights)
{
    (void)option;
    double h = quell_lambda(s) - quell_lambda(t), nodes[QUELL_MOST_PAST] = {0};
    double step = s->alpha * quell_expm1(-h) * (t->sigma / t->alpha);
    for (size_t j = 0; j < count; j++)
        nodes[j] =
            quell_expm1(quell_lambda(t) - quell_lambda(&history->past[j].at)) / quell_expm1(-h);
    quell_lagrange_weights(count, nodes, quell_adams_moments, weights);
    for (size_t j = 0; j < count; j++) weights[j] *= step;
}

/* u_a - u_b = (sigma_a alpha_b - sigma_b alpha_a) / ((alpha_a + sigma_a) (alpha_b + sigma_b)),
 * without the difference. */
static double gap(const quell_point *a, const quell_point *b)
{
    double rise = quell_expm1(quell_lambda(b) - quell_lambda(a));
    return b->sigma * a->alpha * rise / ((a->alpha + a->sigma) * (b->alpha + b->sigma));
}

static void vab_weights(const struct quell_history *history, size_t count, const quell_point *t,
                        const quell_point *s, const double *option, double *weights)
{
    (void)option;
    double step = gap(s, t), nodes[QUELL_MOST_PAST] = {0};
    for (size_t j = 0; j < count; j++) nodes[j] = gap(&history->past[j].at, t) / step;
    quell_lagrange_weights(count, nodes, quell_adams_moments, weights);
    for (size_t j = 0; j < count; j++) weights[j] *= (s->alpha + s->sigma) * step;
}

/* Over v = (lambda - lambda_t) / h in [0, 1] the weight is exp(h (1 - v)), in units of sigma_s h;
 * the integral of exp(h (1 - v)) v^k is k! phi_{k+1}(h). */
static void zeab_weights(const struct quell_history *history, size_t count, const quell_point *t,
                         const quell_point *s, const double *option, double *weights)
{
    (void)option;
    double h = quell_lambda(s) - quell_lambda(t), moments[QUELL_MOST_PAST] = {0}, factorial = 1;
    for (unsigned k = 0; k < count; k++) {
        moments[k] = factorial * quell_phi(k + 1, h);
        factorial *= k + 1;
    }
    quell_history_weights(history, count, h, moments, weights);
    for (size_t j = 0; j < count; j++) weights[j] *= -s->sigma * h;
}

static void zab(quell_plan *plan, const quell_point *grid, size_t steps, const double *option)
{
    quell_slope_multistep(plan, grid, steps,
                          &(struct quell_slope_method){.slope = QUELL_EPS,
                                                       .most = (size_t)option[ORDER],
                                                       .to_zero = true,
                                                       .weigh = quell_zab_weights,
                                                       .option = option,
                                                       .steady = option[STEADY] != 0});
}

static void vab(quell_plan *plan, const quell_point *grid, size_t steps, const double *option)
{
    quell_slope_multistep(plan, grid, steps,
                          &(struct quell_slope_method){.slope = QUELL_VELOCITY,
                                                       .most = (size_t)option[ORDER],
                                                       .to_zero = true,
                                                       .weigh = vab_weights,
                                                       .option = option,
                                                       .steady = option[STEADY] != 0});
}

static void zeab(quell_plan *plan, const quell_point *grid, size_t steps, const double *option)
{
    quell_slope_multistep(plan, grid, steps,
                          &(struct quell_slope_method){.slope = QUELL_EPS,
                                                       .most = (size_t)option[ORDER],
                                                       .weigh = zeab_weights,
                                                       .option = option,
                                                       .steady = option[STEADY] != 0});
}

static const struct quell_alias zab_aliases[] = {{"lms", "zab:order=4"}, {0}};

static const struct quell_alias zeab_aliases[] = {
    {"dpmsolver", "zeab:order=2"}, {"deis", "zeab:order=3"}, {0}};

static const struct quell_option options[] = {
    QUELL_WHOLE("order", 2, 1, 4, "order, and number of outputs that a step uses"),
    QUELL_STEADY,
    {0}};

QUELL_FAMILY(adams) = {{.name = "zab",
                        .summary = "Adams-Bashforth on the noise",
                        .source = "arXiv:2204.13902",
                        .order = 2,
                        .evaluations = 1,
                        .noise = QUELL_DETERMINISTIC,
                        .aliases = zab_aliases,
                        .options = options,
                        .build = zab},
                       {.name = "vab",
                        .summary = "Adams-Bashforth on the velocity",
                        .source = "azula",
                        .order = 2,
                        .evaluations = 1,
                        .noise = QUELL_DETERMINISTIC,
                        .options = options,
                        .build = vab},
                       {.name = "zeab",
                        .summary = "exponential Adams-Bashforth on the noise: DPM-Solver, DEIS",
                        .source = "arXiv:2206.00927",
                        .order = 2,
                        .evaluations = 1,
                        .noise = QUELL_DETERMINISTIC,
                        .aliases = zeab_aliases,
                        .options = options,
                        .build = zeab},
                       {0}};
