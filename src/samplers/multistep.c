/* SPDX-License-Identifier: MIT */
#include "multistep.h"
#include "method.h"
#include "steady.h"
#include "base/maths.h"

#include <string.h>

void quell_history_trim(quell_plan *plan, struct quell_history *history, size_t most)
{
    while (history->count > most) quell_plan_release(plan, history->past[--history->count].value);
}

void quell_history_push(quell_plan *plan, struct quell_history *history, size_t most,
                        quell_register_id value, const quell_point *at)
{
    quell_history_trim(plan, history, most - 1);
    memmove(history->past + 1, history->past, history->count * sizeof *history->past);
    history->past[0] = (struct quell_past){value, *at};
    history->count++;
}

size_t quell_history_order(const struct quell_history *history, size_t most)
{
    size_t count = 1;
    while (count < history->count && count < most) {
        double newer = quell_lambda(&history->past[count - 1].at);
        double older = quell_lambda(&history->past[count].at);
        if (!isfinite(older) || !(older < newer)) break;
        count++;
    }
    return count;
}

/* l_j(v) = prod_{i != j} (v - v_i) / (v_j - v_i), multiplied out factor by factor. */
static double weight(size_t count, const double *nodes, const double *moments, size_t j)
{
    double polynomial[QUELL_MOST_PAST] = {1}, sum = 0;
    size_t degree = 0;
    for (size_t i = 0; i < count; i++) {
        if (i == j) continue;
        double scale = 1 / (nodes[j] - nodes[i]);
        degree++;
        for (size_t k = degree; k > 0; k--)
            polynomial[k] = scale * (polynomial[k - 1] - nodes[i] * polynomial[k]);
        polynomial[0] *= -nodes[i] * scale;
    }
    for (size_t k = 0; k <= degree; k++) sum += polynomial[k] * moments[k];
    return sum;
}

void quell_lagrange_weights(size_t count, const double *nodes, const double *moments,
                            double *weights)
{
    for (size_t j = 0; j < count; j++) weights[j] = weight(count, nodes, moments, j);
}

void quell_history_weights(const struct quell_history *history, size_t count, double h,
                           const double *moments, double *weights)
{
    double nodes[QUELL_MOST_PAST], lambda = quell_lambda(&history->past[0].at);
    for (size_t j = 0; j < count; j++) nodes[j] = (quell_lambda(&history->past[j].at) - lambda) / h;
    quell_lagrange_weights(count, nodes, moments, weights);
}

const double quell_adams_moments[4] = {1, 1 / 2.0, 1 / 3.0, 1 / 4.0};

const double quell_adams_even[4][4] = {{1},
                                       {3 / 2.0, -1 / 2.0},
                                       {23 / 12.0, -16 / 12.0, 5 / 12.0},
                                       {55 / 24.0, -59 / 24.0, 37 / 24.0, -9 / 24.0}};

int quell_idle_step(quell_plan *plan, const quell_point *t, const quell_point *s)
{
    if (quell_lambda(t) != quell_lambda(s)) return 0;
    QUELL_COMBINE(plan, QUELL_STATE, {s->sigma / t->sigma, QUELL_STATE});
    quell_plan_step(plan, t, s);
    return 1;
}

int quell_plain_step(quell_plan *plan, const quell_point *t, const quell_point *s)
{
    if (quell_idle_step(plan, t, s)) return 1;
    if (isfinite(quell_lambda(s) - quell_lambda(t))) return 0;
    quell_ddim_transition(plan, t, s, 0, 0);
    return 1;
}

void quell_history_step(quell_plan *plan, const quell_point *t, const quell_point *s, double state,
                        size_t count, const double *weights, const struct quell_history *history)
{
    quell_term terms[1 + QUELL_MOST_PAST] = {{state, QUELL_STATE}};
    for (size_t j = 0; j < count; j++)
        terms[1 + j] = (quell_term){weights[j], history->past[j].value};
    quell_plan_combine(plan, QUELL_STATE, 1 + count, terms, 0, NULL);
    quell_plan_step(plan, t, s);
}

/* Returns the c of f = eps - c mu. */
static double part_of(enum quell_slope slope, const quell_point *t)
{
    if (slope == QUELL_TURN) return t->sigma / t->alpha;
    return slope == QUELL_VELOCITY ? 1 : 0;
}

/* eps = x / sigma - (alpha / sigma) mu */
static quell_register_id slope_of(quell_plan *plan, enum quell_slope slope, quell_register_id mu,
                                  const quell_point *t)
{
    quell_register_id f = quell_plan_register(plan);
    QUELL_COMBINE(plan, f, {1 / t->sigma, QUELL_STATE},
                  {-t->alpha / t->sigma - part_of(slope, t), mu});
    return f;
}

static void slope_step(quell_plan *plan, const quell_point *t, const quell_point *s,
                       enum quell_slope slope, quell_register_id mu, size_t count,
                       const double *weights, const struct quell_history *history)
{
    quell_term terms[QUELL_MAX_TERMS] = {
        {s->sigma / t->sigma, QUELL_STATE},
        {-s->alpha * quell_expm1(quell_lambda(t) - quell_lambda(s)), mu},
        {0, history->past[0].value},
    };
    for (size_t j = 1; j < count; j++) {
        const struct quell_past *past = &history->past[j];
        terms[1].coefficient += weights[j] * (part_of(slope, &past->at) - part_of(slope, t));
        terms[2].coefficient -= weights[j];
        terms[2 + j] = (quell_term){weights[j], past->value};
    }
    quell_plan_combine(plan, QUELL_STATE, 2 + count, terms, 0, NULL);
    quell_plan_step(plan, t, s);
}

/* The rule of long steps. Where mu has changed by d since the point j, the slopes differ by
 * (alpha_t / sigma_t + c_j) d. With TURN, whose weights are large where sigma is, S may be half. */
static bool slope_steady(const struct quell_history *history, enum quell_slope slope, size_t count,
                         const double *weights, const quell_point *t, const quell_point *s)
{
    double shares[QUELL_MOST_PAST] = {0};
    for (size_t j = 1; j < count; j++) {
        double unit = (t->alpha / t->sigma + part_of(slope, &history->past[j].at)) / s->alpha;
        shares[j] = weights[j] * unit;
    }
    return quell_steady_past(count, shares, slope == QUELL_TURN ? 2 : 1);
}

void quell_slope_multistep(quell_plan *plan, const quell_point *grid, size_t steps,
                           const struct quell_slope_method *method)
{
    struct quell_history history = {0};
    for (size_t i = 0; i < steps; i++) {
        const quell_point *t = &grid[i], *s = &grid[i + 1];
        bool regular = method->to_zero && s->sigma == 0 && isfinite(quell_lambda(t));
        if (!regular && quell_plain_step(plan, t, s)) continue;
        quell_history_trim(plan, &history, method->most - 1);
        quell_register_id mu = quell_plan_denoise(plan, QUELL_STATE, t);
        quell_history_push(plan, &history, method->most, slope_of(plan, method->slope, mu, t), t);
        double weights[QUELL_MOST_PAST] = {0};
        size_t count = quell_history_order(&history, method->most) + 1;
        do method->weigh(&history, --count, t, s, method->option, weights);
        while (method->steady && !slope_steady(&history, method->slope, count, weights, t, s));
        slope_step(plan, t, s, method->slope, mu, count, weights, &history);
        quell_plan_release(plan, mu);
    }
    quell_history_trim(plan, &history, 0);
}
