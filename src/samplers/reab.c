/* SPDX-License-Identifier: MIT */
/* Rosenbrock-type exponential Adams-Bashforth (azula; cf. DPM-Solver-v3, Zheng et al., 2310.13268):
 * the flow of a standard normal X is solved exactly, and the rest is interpolated. With y = x /
 * alpha, u = -lambda, a = sigma^2 / n^2, b = sigma / n, n^2 = alpha^2 + sigma^2,
 *
 *     dy / du = a y + b f,     f = ((1 - a) y - mu) / b = (alpha / n) x / sigma - n mu / sigma,
 *     x_s = (n_s / n_t) x_t - n_s h sum_j f_j integral of l_j(v) / (2 cosh(lambda_t + v h)) dv
 *
 * over v = (lambda - lambda_t) / h in [0, 1], by Gauss-Legendre quadrature in parts of at most 1.
 *
 * reference=1 gives the numbers of azula 0.11.1: n_s^2 of the last formula is alpha_s^2 + sigma_t^2
 * there, which its derivation does not give and which costs the second order; and the trapezoidal
 * rule of 256 intervals. */
#include "method.h"
#include "multistep.h"
#include "steady.h"
#include "base/gauss.h"
#include "base/maths.h"

enum { ORDER, REFERENCE, STEADY };

static double norm(double alpha, double sigma) { return sqrt(alpha * alpha + sigma * sigma); }

/* sums[k] += weight v^k / (2 cosh(lambda)) at v; 1 / (2 cosh) = exp(-|lambda|) / (1 + exp(-2
 * |lambda|)). */
static void add(size_t count, double lambda, double v, double weight, double *sums)
{
    double e = quell_exp(-fabs(lambda)), value = weight * e / (1 + e * e);
    for (size_t k = 0; k < count; k++, value *= v) sums[k] += value;
}

static void gauss(size_t count, double lambda, double h, double *moments)
{
    double parts = floor(h) + 1, half = 0.5 / parts;
    for (double i = 0; i < parts; i++)
        for (size_t k = 0; k < QUELL_GAUSS_HALF; k++) {
            double middle = (i + 0.5) / parts, low = middle - half * quell_gauss_at[k],
                   high = middle + half * quell_gauss_at[k];
            add(count, lambda + low * h, low, half * quell_gauss_weight[k], moments);
            add(count, lambda + high * h, high, half * quell_gauss_weight[k], moments);
        }
}

static void trapezoids(size_t count, double lambda, double h, double *moments)
{
    const double parts = 256;
    for (double i = 0; i <= parts; i++) {
        double v = i / parts, weight = (i > 0 && i < parts ? 1.0 : 0.5) / parts;
        add(count, lambda + v * h, v, weight, moments);
    }
}

static void step(quell_plan *plan, const quell_point *t, const quell_point *s,
                 const struct quell_history *history, const double *option)
{
    bool reference = option[REFERENCE] != 0, steady = option[STEADY] != 0 && !reference;
    size_t count = quell_history_order(history, (size_t)option[ORDER]);
    double lambda = quell_lambda(t), h = quell_lambda(s) - lambda;
    double moments[QUELL_MOST_PAST] = {0}, weights[QUELL_MOST_PAST];
    (reference ? trapezoids : gauss)(count, lambda, h, moments);
    double scale = norm(s->alpha, reference ? t->sigma : s->sigma);
    double unit = h * scale * norm(t->alpha, t->sigma) / t->sigma / s->alpha;
    while (quell_history_weights(history, count, h, moments, weights),
           steady && !quell_steady_past(count, weights, ldexp(unit, (int)count - 1)))
        count--;
    for (size_t j = 0; j < count; j++) weights[j] *= -scale * h;
    double state = norm(s->alpha, s->sigma) / norm(t->alpha, t->sigma);
    quell_history_step(plan, t, s, state, count, weights, history);
}

/* Whether the step of first order leaves more than 1.1 times the noise of s: its integral of 1 / (2
 * cosh) is the difference of arctan(e^lambda). */
static bool too_long(const quell_point *t, const quell_point *s)
{
    double integral = quell_atan(s->alpha / s->sigma) - quell_atan(t->alpha / t->sigma);
    double kept = 1 - integral * t->alpha / t->sigma;
    double left = norm(s->alpha, s->sigma) / norm(t->alpha, t->sigma) * kept;
    return !quell_steady_noise(left * t->sigma, 0, 1.1 * s->sigma);
}

static void first_order(quell_plan *plan, const quell_point *t, const quell_point *s,
                        quell_register_id mu)
{
    double fall = quell_lambda(t) - quell_lambda(s);
    QUELL_COMBINE(plan, QUELL_STATE, {s->sigma / t->sigma, QUELL_STATE},
                  {-s->alpha * quell_expm1(fall), mu});
    quell_plan_step(plan, t, s);
}

static void build(quell_plan *plan, const quell_point *grid, size_t steps, const double *option)
{
    struct quell_history history = {0};
    size_t most = (size_t)option[ORDER];
    bool steady = option[STEADY] != 0 && option[REFERENCE] == 0;
    for (size_t i = 0; i < steps; i++) {
        const quell_point *t = &grid[i], *s = &grid[i + 1];
        if (quell_plain_step(plan, t, s)) continue;
        double n = norm(t->alpha, t->sigma);
        quell_history_trim(plan, &history, most - 1);
        quell_register_id mu = quell_plan_denoise(plan, QUELL_STATE, t),
                          f = quell_plan_register(plan);
        QUELL_COMBINE(plan, f, {t->alpha / (n * t->sigma), QUELL_STATE}, {-n / t->sigma, mu});
        quell_history_push(plan, &history, most, f, t);
        if (steady && too_long(t, s))
            first_order(plan, t, s, mu);
        else
            step(plan, t, s, &history, option);
        quell_plan_release(plan, mu);
    }
    quell_history_trim(plan, &history, 0);
}

static const struct quell_option options[] = {
    QUELL_WHOLE("order", 2, 1, 4, "order, and outputs that a step uses"),
    QUELL_WHOLE("reference", 0, 0, 1, "1: azula's formula, of first order"),
    QUELL_STEADY,
    {0}};

QUELL_FAMILY(reab) = {{.name = "reab",
                       .summary = "Rosenbrock-type exponential Adams-Bashforth",
                       .paper = "2310.13268",
                       .order = 2,
                       .evaluations = 1,
                       .noise = QUELL_DETERMINISTIC,
                       .options = options,
                       .build = build},
                      {0}};
