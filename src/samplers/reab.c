/* SPDX-License-Identifier: MIT */
/* Rosenbrock-type exponential Adams-Bashforth (azula; cf. DPM-Solver-v3, Zheng et al., 2310.13268):
 * the flow of a standard normal X is solved exactly, and the rest is interpolated. With
 * r = sigma / alpha and n^2 = alpha^2 + sigma^2,
 *
 *     d (x / n) / dr = f / (1 + r^2)^(3/2),     f = eps - r mu,
 *     x_s = (n_s / n_t) x_t + n_s sum_j f_j integral of l_j(r) / (1 + r^2)^(3/2) dr
 *
 * from r_t to r_s, l_j the Lagrange polynomials of the newest points' r. f is 0 of a standard
 * normal X, and linear in r where mu is constant: with two outputs both are exact, wherever the
 * data are. With one they cannot both be, and the step is DDIM's.
 *
 * formula=azula gives the numbers of azula 0.11.1, which interpolates g = (alpha / n) f in lambda,
 * so that a mean far from 0 is missed by a part of its size:
 *
 *     x_s = (n_s / n_t) x_t - n h sum_j g_j integral of l_j(v) / (2 cosh(lambda_t + v h)) dv
 *
 * over v = (lambda - lambda_t) / h in [0, 1], by the trapezoidal rule of 256 intervals. Here n^2 is
 * alpha_s^2 + sigma_t^2, where its derivation has sigma_s: that costs the second order. */
#include "method.h"
#include "multistep.h"
#include "steady.h"
#include "base/gauss.h"
#include "base/maths.h"

enum { ORDER, FORMULA, STEADY };

/* r / (1 + r^2)^(3/2), from powers of e^-|lambda|. */
static double density(double lambda)
{
    double e = quell_exp(-fabs(lambda)), square = 1 + e * e;
    return (lambda < 0 ? e * e : e) / (square * sqrt(square));
}

/* moments[k] += weight (part of the integral, dr = -r dlambda) of u^k, u = (r - r_t) / (r_s - r_t),
 * at v = (lambda - lambda_t) / h. */
static void add(size_t count, double lambda, double h, double v, double weight, double *moments)
{
    double u = quell_expm1(-v * h) / quell_expm1(-h), value = weight * density(lambda + v * h);
    for (size_t k = 0; k < count; k++, value *= u) moments[k] -= h * value;
}

/* By Gauss-Legendre quadrature in parts of at most 1 of lambda. */
static void integrate(size_t count, double lambda, double h, double *moments)
{
    double parts = floor(h) + 1, half = 0.5 / parts;
    for (double i = 0; i < parts; i++)
        for (size_t k = 0; k < QUELL_GAUSS_HALF; k++) {
            double middle = (i + 0.5) / parts, away = half * quell_gauss_at[k];
            add(count, lambda, h, middle - away, half * quell_gauss_weight[k], moments);
            add(count, lambda, h, middle + away, half * quell_gauss_weight[k], moments);
        }
}

static double norm(double alpha, double sigma) { return sqrt(alpha * alpha + sigma * sigma); }

static void weigh(const struct quell_history *history, size_t count, const quell_point *t,
                  const quell_point *s, const double *option, double *weights)
{
    (void)option;
    double lambda = quell_lambda(t), h = quell_lambda(s) - lambda;
    double nodes[QUELL_MOST_PAST] = {0}, moments[QUELL_MOST_PAST] = {0};
    for (size_t j = 0; j < count; j++)
        nodes[j] = quell_expm1(lambda - quell_lambda(&history->past[j].at)) / quell_expm1(-h);
    integrate(count, lambda, h, moments);
    quell_lagrange_weights(count, nodes, moments, weights);
    for (size_t j = 0; j < count; j++) weights[j] *= norm(s->alpha, s->sigma);
}

/* moments[k] = integral of v^k / (2 cosh(lambda)), azula's. */
static void trapezoids(size_t count, double lambda, double h, double *moments)
{
    const double parts = 256;
    for (double i = 0; i <= parts; i++) {
        double v = i / parts, weight = (i > 0 && i < parts ? 1.0 : 0.5) / parts;
        double e = quell_exp(-fabs(lambda + v * h)), value = weight * e / (1 + e * e);
        for (size_t k = 0; k < count; k++, value *= v) moments[k] += value;
    }
}

static void azula_step(quell_plan *plan, const quell_point *t, const quell_point *s,
                       const struct quell_history *history, size_t most)
{
    size_t count = quell_history_order(history, most);
    double lambda = quell_lambda(t), h = quell_lambda(s) - lambda;
    double moments[QUELL_MOST_PAST] = {0}, weights[QUELL_MOST_PAST];
    trapezoids(count, lambda, h, moments);
    quell_history_weights(history, count, h, moments, weights);
    for (size_t j = 0; j < count; j++) weights[j] *= -norm(s->alpha, t->sigma) * h;
    double state = norm(s->alpha, s->sigma) / norm(t->alpha, t->sigma);
    quell_history_step(plan, t, s, state, count, weights, history);
}

static void azula(quell_plan *plan, const quell_point *grid, size_t steps, size_t most)
{
    struct quell_history history = {0};
    for (size_t i = 0; i < steps; i++) {
        const quell_point *t = &grid[i], *s = &grid[i + 1];
        if (quell_plain_step(plan, t, s)) continue;
        double n = norm(t->alpha, t->sigma);
        quell_history_trim(plan, &history, most - 1);
        quell_register_id mu = quell_plan_denoise(plan, QUELL_STATE, t),
                          f = quell_plan_register(plan);
        QUELL_COMBINE(plan, f, {t->alpha / (n * t->sigma), QUELL_STATE}, {-n / t->sigma, mu});
        quell_plan_release(plan, mu);
        quell_history_push(plan, &history, most, f, t);
        azula_step(plan, t, s, &history, most);
    }
    quell_history_trim(plan, &history, 0);
}

static void build(quell_plan *plan, const quell_point *grid, size_t steps, const double *option)
{
    struct quell_slope_method method = {QUELL_TURN, (size_t)option[ORDER], false, weigh,
                                        option,     option[STEADY] != 0};
    if (option[FORMULA] != 0)
        azula(plan, grid, steps, (size_t)option[ORDER]);
    else
        quell_slope_multistep(plan, grid, steps, &method);
}

static const struct quell_option options[] = {
    QUELL_WHOLE("order", 2, 1, 4, "order, and number of outputs that a step uses"),
    QUELL_CHOICE("formula", 0, "quell|azula", "whose formula; azula's is of first order"),
    QUELL_STEADY,
    {0}};

QUELL_FAMILY(reab) = {{.name = "reab",
                       .summary = "Rosenbrock-type exponential Adams-Bashforth",
                       .source = "arXiv:2310.13268",
                       .order = 2,
                       .evaluations = 1,
                       .noise = QUELL_DETERMINISTIC,
                       .options = options,
                       .build = build},
                      {0}};
