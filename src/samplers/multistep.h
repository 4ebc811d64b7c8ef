/* SPDX-License-Identifier: MIT */
/* What multistep methods share: the model outputs of past points, and the weights with which a
 * polynomial through them is integrated. */
#ifndef QUELL_SAMPLERS_MULTISTEP_H
#define QUELL_SAMPLERS_MULTISTEP_H

#include <stdbool.h>
#include <stddef.h>
#include <quell/plan.h>

#define QUELL_MOST_PAST 5

/* past[0] is the newest. Zeroed, it is empty. */
struct quell_history {
    size_t count;
    struct quell_past {
        quell_register_id value;
        quell_point at;
    } past[QUELL_MOST_PAST];
};

/* Adds the newest output; of more than `most` (1 to QUELL_MOST_PAST) the oldest are released. */
void quell_history_push(quell_plan *plan, struct quell_history *history, size_t most,
                        quell_register_id value, const quell_point *at);

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

/* The same for the nodes (lambda_j - lambda_t) / h of the newest `count` outputs,
 * h = lambda_s - lambda_t, past[0] at t. */
void quell_history_weights(const struct quell_history *history, size_t count, double h,
                           const double *moments, double *weights);

/* If the two points have the same lambda, makes the whole step, which only scales x, and returns 1;
 * the method's history stays as it was. Otherwise returns 0. */
int quell_idle_step(quell_plan *plan, const quell_point *t, const quell_point *s);

/* If no past output can take part in the step, makes the whole step and returns 1: one that only
 * scales x or, if alpha_t or sigma_s is 0, the first-order step. Otherwise returns 0. */
int quell_plain_step(quell_plan *plan, const quell_point *t, const quell_point *s);

/* x_s = state x_t + sum_j weights[j] past[j] of the newest `count` outputs, and the step's end. */
void quell_history_step(quell_plan *plan, const quell_point *t, const quell_point *s, double state,
                        size_t count, const double *weights, const struct quell_history *history);

/* Multistep methods on a slope f of the probability flow,
 *
 *     f = eps - c mu,   c = 0 (EPS), 1 (VELOCITY), sigma / alpha (TURN).
 *
 * With mu constant f_j is eps - c_j mu, and the step is DDIM's; the method says what weights[j]
 * past slopes have in the integral of the polynomial through `count` of them, and the step is
 *
 *     x_s = (sigma_s / sigma_t) x_t - alpha_s expm1(-h) mu
 *           + sum_{j > 0} weights[j] (f_j - f_0 + (c_j - c_0) mu),
 *
 * without a difference of large multiples of x. weights[0] is not used. */
enum quell_slope { QUELL_EPS, QUELL_VELOCITY, QUELL_TURN };
struct quell_slope_method {
    enum quell_slope slope;
    size_t most;  /* outputs, 1 to 4 */
    bool to_zero; /* weigh is defined at sigma_s = 0, too; else the step to it is of first order */
    void (*weigh)(const struct quell_history *history, size_t count, const quell_point *t,
                  const quell_point *s, const double *option, double *weights);
    const double *option;
    bool steady; /* lower orders where a step is too long (steady.h) */
};
void quell_slope_multistep(quell_plan *plan, const quell_point *grid, size_t steps,
                           const struct quell_slope_method *method);

/* moments[k] = integral of v^k over [0, 1]: the plain Adams-Bashforth methods. */
extern const double quell_adams_moments[4];

/* Adams-Bashforth of even steps: the weights of count outputs, newest first, in row count - 1 (Liu
 * et al., 2202.09778, eq. 12). */
extern const double quell_adams_even[4][4];

/* Adams-Bashforth in sigma / alpha (adams.c): the weights of every method on eps that is one. */
void quell_zab_weights(const struct quell_history *history, size_t count, const quell_point *t,
                       const quell_point *s, const double *option, double *weights);

#endif
