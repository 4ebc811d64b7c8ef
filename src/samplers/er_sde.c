/* SPDX-License-Identifier: MIT */
/* ER-SDE-Solver: extended reverse-time SDEs (Cui et al., 2309.06169). In y = x / alpha and
 * u = sigma / alpha, a function phi with phi(0) = 0 that grows at least like u gives an SDE with
 * the marginal laws of the diffusion,
 *
 *     y_s = (phi_s / phi_t) y_t + phi_s integral of (phi' / phi^2)(u) mu_u du from u_s to u_t
 *         + sqrt(u_s^2 - u_t^2 (phi_s / phi_t)^2) eps.
 *
 * The paper's choice (its eq. 29, as in ComfyUI) is phi = u (exp(u^0.3) + 10); phi = u^2 is the
 * reversed diffusion and phi = u the probability flow. The orders 1, 2 and 3 take mu as constant,
 * linear and quadratic in u, through its values at t and the points q, p before it. The paper's
 * third stage adds
 *
 *     (u - u_t)^2 mu[t, q, p]   in place of   (u - u_t) (u - u_q) mu[t, q, p]
 *
 * of Newton's formula, and so is of second order without noise: formula=paper. The integrals are
 * computed when the sampler is created. */
#include "sde.h"
#include "steady.h"
#include "base/gauss.h"
#include "base/maths.h"

enum { ORDER, S_NOISE, SCALER, FORMULA, STEADY };
enum { ER, SDE, ODE };

/* G = log(phi / u), up to a constant, and L' = -d log(phi) / d lambda, at u = exp(-lambda). */
static double growth(double lambda, int scaler)
{
    if (scaler == ODE) return 0;
    if (scaler == SDE) return -lambda;
    double power = quell_exp(-0.3 * lambda);
    return power + quell_log1p(10 * quell_exp(-power));
}

static double slope(double lambda, int scaler)
{
    if (scaler != ER) return scaler == SDE ? 2 : 1;
    double power = quell_exp(-0.3 * lambda);
    return 1 + 0.3 * power / (1 + 10 * quell_exp(-power));
}

/* The numbers of a step that the integrands depend on. */
struct er_step {
    double from, h, grown; /* lambda_t; lambda_s - lambda_t; G_s - G_t */
    int scaler;
};

/* moments[k] += weight * phi_s (phi' / phi^2) v^k |du / dlambda| at lambda,
 * v = (u - u_t) / (u_s - u_t). */
static void sample(const struct er_step *step, double past, double weight, double *moments)
{
    double lambda = step->from + past, v = quell_expm1(-past) / quell_expm1(-step->h);
    double left = growth(lambda, step->scaler) - growth(step->from, step->scaler);
    double value =
        weight * quell_exp(step->grown - left - (step->h - past)) * slope(lambda, step->scaler);
    for (size_t k = 0; k < 3; k++, value *= v) moments[k] += value;
}

/* Panels of lambda in which phi changes by a factor of at most e, but no more than 1000: the rule
 * is then exact to rounding. */
static void integrate(const struct er_step *step, double *moments)
{
    double panels = ceil(fmin(fmax(step->h * slope(step->from, step->scaler), 1), 1000));
    double half = step->h / panels / 2;
    for (size_t k = 0; k < 3; k++) moments[k] = 0;
    for (size_t i = 0; i < (size_t)panels; i++)
        for (size_t j = 0; j < QUELL_GAUSS_HALF; j++) {
            double middle = (2 * (double)i + 1) * half;
            sample(step, middle - quell_gauss_at[j] * half, quell_gauss_weight[j] * half, moments);
            sample(step, middle + quell_gauss_at[j] * half, quell_gauss_weight[j] * half, moments);
        }
}

/* The weights of the paper's third stage; v[0], that of t, is 0. */
static void paper_weights(const double *v, const double *moments, double *weights)
{
    double linear = moments[1] / v[1], square = moments[2] / v[2];
    double between = square / (v[2] - v[1]);
    weights[0] = moments[0] - linear + square / v[1];
    weights[1] = linear - square / v[1] - between;
    weights[2] = between;
}

static void weigh(const struct er_step *step, const struct quell_history *history, size_t order,
                  bool paper, double *weights)
{
    double nodes[3], moments[3];
    for (size_t j = 0; j < order; j++)
        nodes[j] =
            quell_expm1(step->from - quell_lambda(&history->past[j].at)) / quell_expm1(-step->h);
    integrate(step, moments);
    if (paper && order == 3)
        paper_weights(nodes, moments, weights);
    else
        quell_lagrange_weights(order, nodes, moments, weights);
}

/* Makes a step. If mu is constant, its weight, the whole integral, is 1 - phi_s / phi_t. */
static void take(quell_plan *plan, const quell_point *t, const quell_point *s,
                 const struct quell_history *history, const double *option)
{
    int scaler = (int)option[SCALER];
    double from = quell_lambda(t), to = quell_lambda(s), weights[3];
    double grown = growth(to, scaler) - growth(from, scaler);
    size_t order =
        quell_sde_singular(t, s) ? 1 : quell_history_order(history, (size_t)option[ORDER]);
    struct quell_sde sde = {s->sigma / t->sigma * quell_exp(grown), -quell_expm1(from - to + grown),
                            s->sigma * sqrt(-quell_expm1(2 * grown))};
    weights[0] = sde.integral;
    bool steady = option[STEADY] != 0 && option[FORMULA] == 0;
    for (; order > 1; order--) {
        weigh(&(struct er_step){from, to - from, grown, scaler}, history, order,
              option[FORMULA] != 0, weights);
        if (!steady || quell_steady_past(order, weights, 1)) break;
        weights[0] = sde.integral;
    }
    quell_sde_multistep(plan, t, s, &sde, order, weights, history, option[S_NOISE]);
}

static void build(quell_plan *plan, const quell_point *grid, size_t steps, const double *option)
{
    quell_sde_walk(plan, grid, steps, 3, take, option);
}

static const struct quell_option options[] = {
    QUELL_WHOLE("order", 3, 1, 3,
                "order without noise, and number of values of mu that a step uses"),
    QUELL_NUMBER_NEEDS("scaler=er|sde", "s_noise", 1, 0, 1e6, "factor on all noise that steps add"),
    QUELL_CHOICE("scaler", ER, "er|sde|ode", "phi: u (exp(u^0.3) + 10), u^2, or u"),
    QUELL_CHOICE_NEEDS("order=3", "formula", 0, "quell|paper",
                       "whose formula; the paper's third stage is of second order"),
    QUELL_STEADY,
    {0}};

QUELL_FAMILY(er_sde) = {{.name = "er_sde",
                         .summary = "ER-SDE-Solver, extended reverse-time SDE",
                         .source = "arXiv:2309.06169",
                         .order = 2,
                         .evaluations = 1,
                         .noise = QUELL_STOCHASTIC,
                         .options = options,
                         .build = build},
                        {0}};
