/* SPDX-License-Identifier: MIT */
/* RES, refined exponential solver, multistep (Zhang et al., 2308.02157, algorithm 2):
 *
 *     x_s = exp(-h) (alpha_s / alpha_t) x_t + alpha_s h (b_1 mu_t + b_2 mu_q),
 *     b_2 = phi_2(-h) / c,   b_1 = phi_1(-h) - b_2,   c = (lambda_q - lambda_t) / h,
 *
 * q the point before t. (Without noise it is xeab of order 2.) With eta > 0 the step goes to
 * `down`, the lower point of ancestral steps (steps.c), and noise is added, as in ComfyUI. Then
 * h = lambda_down - lambda_t is longer than the way from t to s: 1 + eta^2 times as long where that
 * is short. The last step was longer than lambda_t - lambda_q in the same way, and c is the ratio
 * of the two steps. With the way from q in place of the last step's h, mu would be extrapolated to
 * lambda_down, and the weak order would be 1. */
#include "method.h"
#include "multistep.h"
#include "steady.h"
#include "base/maths.h"
#include "base/phi.h"

enum { ETA, S_NOISE, STEADY };

/* h b_2, within the rule of long steps. */
static double second(const quell_point *t, double h, const struct quell_history *history,
                     const double *option)
{
    if (!isfinite(h) || quell_history_order(history, 2) < 2) return 0;
    const quell_point *q = &history->past[1].at;
    struct quell_ancestral last = quell_ancestral(q, t, option[ETA]);
    double weights[2] = {0};
    weights[1] = h * h * quell_phi(2, -h) / (quell_lambda(q) - quell_lambda(&last.down));
    if (option[STEADY] == 0) return weights[1];
    if (option[ETA] > 0) quell_steady_noisy_past(2, weights);
    return quell_steady_past(2, weights, 1) ? weights[1] : 0;
}

static void step(quell_plan *plan, const quell_point *t, const quell_point *s,
                 const struct quell_history *history, const double *option)
{
    struct quell_ancestral ancestral = quell_ancestral(t, s, option[ETA]);
    const quell_point *down = &ancestral.down;
    double h = quell_lambda(down) - quell_lambda(t), past = second(t, h, history, option);
    quell_term terms[] = {
        {down->sigma / t->sigma, QUELL_STATE},
        {s->alpha * (-quell_expm1(-h) - past), history->past[0].value},
        {s->alpha * past, history->past[history->count - 1].value},
    };
    quell_noise_term noise = {option[S_NOISE] * ancestral.up, quell_plan_noise(plan, 0, t, s)};
    quell_plan_combine(plan, QUELL_STATE, 3, terms, 1, &noise);
    quell_plan_step(plan, t, s);
}

static void build(quell_plan *plan, const quell_point *grid, size_t steps, const double *option)
{
    struct quell_history history = {0};
    for (size_t i = 0; i < steps; i++) {
        const quell_point *t = &grid[i], *s = &grid[i + 1];
        if (quell_idle_step(plan, t, s)) continue;
        quell_history_push(plan, &history, 2, quell_plan_denoise(plan, QUELL_STATE, t), t);
        step(plan, t, s, &history, option);
    }
    quell_history_trim(plan, &history, 0);
}

static const struct quell_option options[] = {
    QUELL_NUMBER("eta", 0, 0, 1, "stochasticity: 0 deterministic, 1 full"),
    QUELL_NUMBER_NEEDS("eta", "s_noise", 1, 0, 1e6, "factor on all noise that steps add"),
    QUELL_STEADY,
    {0}};

QUELL_FAMILY(res_multistep) = {{.name = "res_multistep",
                                .summary = "refined exponential solver, two-step",
                                .source = "arXiv:2308.02157",
                                .order = 2,
                                .evaluations = 1,
                                .noise = QUELL_OPTIONALLY_STOCHASTIC,
                                .options = options,
                                .build = build},
                               {0}};
