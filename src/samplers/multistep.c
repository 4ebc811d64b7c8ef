/* SPDX-License-Identifier: MIT */
#include "multistep.h"

#include <math.h>
#include <string.h>

void quell_history_trim(quell_plan *plan, struct quell_history *history, size_t most)
{
    while (history->count > most) quell_plan_release(plan, history->past[--history->count].value);
}

void quell_history_push(quell_plan *plan, struct quell_history *history, size_t most,
                        quell_register value, const quell_point *at)
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
