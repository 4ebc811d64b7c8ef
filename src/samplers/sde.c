/* SPDX-License-Identifier: MIT */
#include "sde.h"
#include "steady.h"
#include "base/maths.h"
#include "base/phi.h"

struct quell_sde quell_sde_step(const quell_point *t, const quell_point *s, double rate)
{
    double h = quell_lambda(s) - quell_lambda(t), decay = rate > 0 ? rate * h : 0;
    return (struct quell_sde){s->sigma / t->sigma * quell_exp(-decay), -quell_expm1(-h - decay),
                              s->sigma * sqrt(-quell_expm1(-2 * decay))};
}

void quell_sde_moments(double z, size_t count, double *moments)
{
    double factorial = 1;
    for (size_t k = 0; k < count; k++) {
        if (k) factorial *= (double)k;
        moments[k] = z * factorial * quell_phi((unsigned)k + 1, -z);
    }
}

int quell_sde_singular(const quell_point *t, const quell_point *s)
{
    return !isfinite(quell_lambda(t)) || !isfinite(quell_lambda(s));
}

size_t quell_sde_weights(const struct quell_history *history, size_t most, double h,
                         const double *moments, double rate, bool steady, double *weights)
{
    double integral = weights[0];
    size_t count = quell_history_order(history, most);
    for (; count > 1; count--) {
        quell_history_weights(history, count, h, moments, weights);
        if (!steady) return count;
        if (rate > 0 ? quell_steady_noisy_past(count, weights)
                     : quell_steady_past(count, weights, 1))
            return count;
    }
    weights[0] = integral;
    return count;
}

void quell_sde_multistep(quell_plan *plan, const quell_point *t, const quell_point *s,
                         const struct quell_sde *step, size_t count, const double *weights,
                         const struct quell_history *history, double s_noise)
{
    quell_term terms[1 + QUELL_MOST_PAST] = {{step->state, QUELL_STATE}};
    for (size_t j = 0; j < count; j++)
        terms[1 + j] = (quell_term){s->alpha * weights[j], history->past[j].value};
    quell_noise_term noise = {s_noise * step->noise, quell_plan_noise(plan, 0, t, s)};
    quell_plan_combine(plan, QUELL_STATE, 1 + count, terms, 1, &noise);
    quell_plan_step(plan, t, s);
}

void quell_sde_walk(quell_plan *plan, const quell_point *grid, size_t steps, size_t most,
                    void (*take)(quell_plan *plan, const quell_point *t, const quell_point *s,
                                 const struct quell_history *history, const double *option),
                    const double *option)
{
    struct quell_history history = {0};
    for (size_t i = 0; i < steps; i++) {
        const quell_point *t = &grid[i], *s = &grid[i + 1];
        if (quell_idle_step(plan, t, s)) continue;
        quell_history_push(plan, &history, most, quell_plan_denoise(plan, QUELL_STATE, t), t);
        take(plan, t, s, &history, option);
    }
    quell_history_trim(plan, &history, 0);
}
