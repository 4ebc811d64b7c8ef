/* SPDX-License-Identifier: MIT */
/* SA-Solver: the stochastic Adams method (Xue et al., 2309.05019, algorithm 1), in data prediction:
 * the SDE of rate tau^2 (sde.h), with mu the polynomial in lambda through known values,
 *
 *     x_s = (sigma_s / sigma_t) exp(-tau^2 h) x_t + alpha_s sum_j b_j mu_j
 *         + sigma_s sqrt(1 - exp(-2 tau^2 h)) eps,
 *     b_j = integral of z exp(-z (1 - v)) l_j(v) over v in [0, 1],   z = (1 + tau^2) h.
 *
 * The predictor takes the values at t and before (eq. 14). The one evaluation at its result serves
 * the corrector (eq. 17), which takes it among its values and goes the step once more from x_t,
 * with the same noise; corrector_order counts it, and 0 leaves the corrector out. What the last
 * step predicts is not evaluated and stays. Both begin with lower orders, as values come in.
 *
 * The option tau holds where the step ends at s_tmin <= sigma / alpha <= s_tmax; elsewhere tau is
 * 0. */
#include "sde.h"
#include "stages.h"
#include "steady.h"

enum { PREDICTOR, CORRECTOR, TAU, S_NOISE, S_TMIN, S_TMAX, STEADY };

/* The last prediction, kept for its correction. */
struct prediction {
    int pending;
    double noisiest;        /* the greatest rate so far */
    quell_register_id from; /* x_t */
    quell_point t;
    double h, z;
    struct quell_sde step;
    quell_noise_term noise;
};

static double rate(const quell_point *s, const double *option)
{
    double sigma = s->sigma / s->alpha;
    int inside = option[S_TMIN] <= sigma && sigma <= option[S_TMAX];
    return inside ? option[TAU] * option[TAU] : 0;
}

/* x = state from + alpha sum_j weights[j] mu_j + noise, at the point s. */
static void combine(quell_plan *plan, const quell_point *s, const struct prediction *p,
                    quell_register_id from, const struct quell_history *history, size_t count,
                    const double *weights)
{
    quell_term terms[1 + QUELL_MOST_PAST] = {{p->step.state, from}};
    for (size_t j = 0; j < count; j++)
        terms[1 + j] = (quell_term){s->alpha * weights[j], history->past[j].value};
    quell_plan_combine(plan, QUELL_STATE, 1 + count, terms, 1, &p->noise);
}

static void predict(quell_plan *plan, const quell_point *t, const quell_point *s,
                    const struct quell_history *history, const double *option, struct prediction *p)
{
    double tau2 = rate(s, option), moments[QUELL_MOST_PAST], weights[QUELL_MOST_PAST];
    size_t order = 1;
    p->noisiest = fmax(p->noisiest, tau2);
    p->t = *t;
    p->h = quell_lambda(s) - quell_lambda(t);
    p->z = (1 + tau2) * p->h;
    p->step = quell_sde_step(t, s, tau2);
    p->noise = (quell_noise_term){option[S_NOISE] * p->step.noise, quell_plan_noise(plan, 0, t, s)};
    p->pending = option[CORRECTOR] > 0 && !quell_sde_singular(t, s);
    weights[0] = p->step.integral;
    if (!quell_sde_singular(t, s)) {
        quell_sde_moments(p->z, QUELL_MOST_PAST, moments);
        order = quell_sde_weights(history, (size_t)option[PREDICTOR], p->h, moments, p->noisiest,
                                  option[STEADY] != 0, weights);
    }
    if (p->pending) QUELL_COMBINE(plan, p->from, {1, QUELL_STATE});
    combine(plan, s, p, QUELL_STATE, history, order, weights);
}

/* Makes the last step again, now that past[0] is the output at its end s. */
static void correct(quell_plan *plan, const quell_point *s, const struct quell_history *history,
                    const double *option, const struct prediction *p)
{
    double nodes[QUELL_MOST_PAST], moments[QUELL_MOST_PAST], weights[QUELL_MOST_PAST];
    size_t order = quell_history_order(history, (size_t)option[CORRECTOR]);
    for (size_t j = 0; j < order; j++)
        nodes[j] = (quell_lambda(&history->past[j].at) - quell_lambda(&p->t)) / p->h;
    quell_sde_moments(p->z, order, moments);
    quell_lagrange_weights(order, nodes, moments, weights);
    combine(plan, s, p, p->from, history, order, weights);
}

static void build(quell_plan *plan, const quell_point *grid, size_t steps, const double *option)
{
    struct quell_history history = {0};
    struct prediction p = {.from = quell_plan_register(plan)};
    size_t most = (size_t)fmax(option[PREDICTOR], option[CORRECTOR]);
    if (option[S_TMIN] > option[S_TMAX])
        quell_plan_refuse(plan, QUELL_BAD_ARGUMENT, "sa_solver: s_tmin must not be above s_tmax");
    for (size_t i = 0; i < steps; i++) {
        const quell_point *t = &grid[i], *s = &grid[i + 1];
        if (quell_idle_step(plan, t, s)) {
            p.pending = 0;
            continue;
        }
        quell_history_push(plan, &history, most, quell_plan_denoise(plan, QUELL_STATE, t), t);
        if (p.pending) correct(plan, t, &history, option, &p);
        predict(plan, t, s, &history, option, &p);
        quell_plan_step(plan, t, s);
    }
    quell_history_trim(plan, &history, 0);
    quell_plan_release(plan, p.from);
}

/* Past values take back what new noise hides of mu, but one alone is a step of first order. */
static double most_tau(const quell_point *t, const quell_point *s, const double *option)
{
    return option[PREDICTOR] > 1 ? (double)INFINITY : sqrt(quell_most_rate(t, s));
}

static quell_status check(const quell_schedule *schedule, const quell_point *grid, size_t steps,
                          const double *option)
{
    if (option[TAU] == 0) return QUELL_OK;
    return quell_noise_window_check("tau", schedule, grid, steps, option[S_TMIN], option[S_TMAX]);
}

static const struct quell_option options[] = {
    QUELL_WHOLE("predictor_order", 3, 1, 5, "number of values that the predictor uses"),
    QUELL_WHOLE("corrector_order", 4, 0, 5,
                "number of values that the corrector uses; 0: no corrector"),
    QUELL_NUMBER("tau", 1, 0, 1e3, "stochasticity: 0 deterministic, 1 the SDE's"),
    QUELL_NUMBER_NEEDS("tau", "s_noise", 1, 0, 1e6, "factor on all noise that steps add"),
    QUELL_NUMBER_NEEDS("tau", "s_tmin", 0, 0, INFINITY, "lower bound on sigma / alpha for noise"),
    QUELL_NUMBER_NEEDS("tau", "s_tmax", INFINITY, 0, INFINITY,
                       "upper bound on sigma / alpha for noise"),
    QUELL_STEADY,
    {0}};

QUELL_FAMILY(sa_solver) = {{.name = "sa_solver",
                            .summary = "stochastic Adams, predictor and corrector",
                            .source = "arXiv:2309.05019",
                            .order = 2,
                            .evaluations = 1,
                            .noise = QUELL_STOCHASTIC,
                            .options = options,
                            .build = build,
                            .most_eta = most_tau,
                            .check = check},
                           {0}};
