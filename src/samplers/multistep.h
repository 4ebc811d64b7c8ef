/* SPDX-License-Identifier: MIT */
/* What multistep methods share: the model outputs of past points, and the weights with which a
 * polynomial through them is integrated. */
#ifndef QUELL_SAMPLERS_MULTISTEP_H
#define QUELL_SAMPLERS_MULTISTEP_H

#include <stddef.h>
#include <quell/plan.h>

#define QUELL_MOST_PAST 5

/* past[0] is the newest. Zeroed, it is empty. */
struct quell_history {
    size_t count;
    struct quell_past {
        quell_register value;
        quell_point at;
    } past[QUELL_MOST_PAST];
};

/* Adds the newest output; of more than `most` (1 to QUELL_MOST_PAST) the oldest are released. */
void quell_history_push(quell_plan *plan, struct quell_history *history, size_t most,
                        quell_register value, const quell_point *at);

/* Releases all but the newest `most`. */
void quell_history_trim(quell_plan *plan, struct quell_history *history, size_t most);

/* How many of the newest outputs, at most `most`, can be interpolated in lambda: those at finite
 * lambda, each distinct from the one after it. */
size_t quell_history_order(const struct quell_history *history, size_t most);

/* weights[j] = integral of l_j, the Lagrange polynomial of node j, where moments[k] = integral of
 * v^k; nodes[count] are distinct, of the size of 1 and near 0 (centred at the newest point and
 * divided by the step): in raw time the system loses all digits. count <= QUELL_MOST_PAST. */
void quell_lagrange_weights(size_t count, const double *nodes, const double *moments,
                            double *weights);

/* The same for the nodes (lambda_j - lambda_t) / h of the newest `count` outputs, h = lambda_s -
 * lambda_t, past[0] at t. */
void quell_history_weights(const struct quell_history *history, size_t count, double h,
                           const double *moments, double *weights);

#endif
