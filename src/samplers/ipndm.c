/* SPDX-License-Identifier: MIT */
/* iPNDM, improved pseudo numerical methods (Zhang & Chen, 2204.13902, section 4, after Liu et al.,
 * 2202.09778): Adams-Bashforth on the noise in sigma~ = sigma / alpha, from order 1 up,
 *
 *     y_s = y_t + (sigma~_s - sigma~_t) sum_j c_j eps_j,     y = x / alpha.
 *
 * ipndm has the c_j of even steps whatever the steps are: its order is 2 at most where they are
 * not. ipndm_v has those of the steps as they are: it is zab (adams.c) with four outputs. Two codes
 * in use (diff-sampler, ComfyUI) have slips in it, at order 3 one and at order 4 three:
 * formula=diff_sampler. */
#include "method.h"
#include "multistep.h"
#include "steady.h"
#include "base/maths.h"

enum { ORDER, FORMULA };

static void weigh_even(const struct quell_history *history, size_t count, const quell_point *t,
                       const quell_point *s, const double *option, double *weights)
{
    (void)history, (void)option;
    double step = -s->sigma * quell_expm1(quell_lambda(s) - quell_lambda(t));
    for (size_t j = 0; j < count; j++) weights[j] = step * quell_adams_even[count - 1][j];
}

/* The codes' coefficients from their h, h1, h2, h3, the step and those before it. Right would be
 *
 *     third = (1 - h / (3 a)) / 2 (h a) / (h1 b), the parenthesis closing before the product,
 *     fourth = ((1 - h / (3 a)) / 2 - ...) ..., a minus, and
 *     c[3] = -fourth p h2 / h3, as divided differences give it (tests/proof/test_multistep.c). */
static void codes(size_t count, const double *h, double *c)
{
    c[0] = 1;
    if (count == 1) return;
    double r = h[0] / h[1];
    c[0] = 1 + r / 2, c[1] = -r / 2;
    if (count == 2) return;
    double a = h[0] + h[1], b = h[1] + h[2], q = h[1] / h[2];
    double third = (1 - h[0] / (3 * a) * (h[0] * a) / (h[1] * b)) / 2;
    c[0] += third, c[1] -= (1 + q) * third, c[2] = q * third;
    if (count == 3) return;
    double p = h[1] * b / (h[2] * (h[2] + h[3]));
    double fourth = ((1 - h[0] / (3 * a)) / 2 + (1 - h[0] / (2 * a)) * h[0] / (6 * (a + h[2]))) *
                    (h[0] * a * (a + h[2])) / (h[1] * b * (b + h[3]));
    c[0] += fourth, c[1] -= (1 + q + p) * fourth;
    c[2] += (q + p * (1 + h[2] / h[3])) * fourth;
    c[3] = -fourth * p * q;
}

/* The steps of sigma~ are taken in units of sigma~ at t. */
static void weigh(const struct quell_history *history, size_t count, const quell_point *t,
                  const quell_point *s, double *weights)
{
    double h[4] = {quell_expm1(quell_lambda(t) - quell_lambda(s))};
    for (size_t j = 1; j < count; j++) {
        const quell_point *newer = &history->past[j - 1].at, *older = &history->past[j].at;
        h[j] = quell_exp(quell_lambda(t) - quell_lambda(newer)) *
               -quell_expm1(quell_lambda(newer) - quell_lambda(older));
    }
    codes(count, h, weights);
    double step = -s->sigma * quell_expm1(quell_lambda(s) - quell_lambda(t));
    for (size_t j = 0; j < count; j++) weights[j] *= step;
}

/* Not quell_slope_multistep, whose weights add up to the step: at order 4 the codes' do not. */
static void build_diff_sampler(quell_plan *plan, const quell_point *grid, size_t steps, size_t most)
{
    struct quell_history history = {0};
    for (size_t i = 0; i < steps; i++) {
        const quell_point *t = &grid[i], *s = &grid[i + 1];
        if (quell_plain_step(plan, t, s)) continue;
        double weights[QUELL_MOST_PAST] = {0};
        quell_register_id eps = quell_plan_denoise(plan, QUELL_STATE, t);
        quell_to_eps(plan, eps, QUELL_STATE, t);
        quell_history_push(plan, &history, most, eps, t);
        size_t count = quell_history_order(&history, most);
        weigh(&history, count, t, s, weights);
        quell_history_step(plan, t, s, s->alpha / t->alpha, count, weights, &history);
    }
    quell_history_trim(plan, &history, 0);
}

static void build_even(quell_plan *plan, const quell_point *grid, size_t steps,
                       const double *option)
{
    struct quell_slope_method method = {QUELL_EPS, (size_t)option[ORDER], false, weigh_even,
                                        option,    option[1] != 0};
    quell_slope_multistep(plan, grid, steps, &method);
}

static void build(quell_plan *plan, const quell_point *grid, size_t steps, const double *option)
{
    struct quell_slope_method method = {QUELL_EPS, (size_t)option[ORDER], false, quell_zab_weights,
                                        option,    option[2] != 0};
    if (option[FORMULA] != 0)
        build_diff_sampler(plan, grid, steps, method.most);
    else
        quell_slope_multistep(plan, grid, steps, &method);
}

static const struct quell_option even_options[] = {
    QUELL_WHOLE("order", 4, 1, 4,
                "number of outputs that a step uses; the order if steps are even"),
    QUELL_STEADY,
    {0}};
static const struct quell_option options[] = {
    QUELL_WHOLE("order", 4, 1, 4, "order, and number of outputs that a step uses"),
    QUELL_CHOICE("formula", 0, "quell|diff_sampler",
                 "whose formula; diff-sampler's, and ComfyUI's, has slips"),
    QUELL_STEADY,
    {0}};

QUELL_FAMILY(ipndm) = {{.name = "ipndm",
                        .summary = "iPNDM; order 4 if steps in sigma / alpha are even",
                        .source = "arXiv:2204.13902",
                        .order = 2,
                        .evaluations = 1,
                        .noise = QUELL_DETERMINISTIC,
                        .options = even_options,
                        .build = build_even},
                       {.name = "ipndm_v",
                        .summary = "iPNDM for uneven steps",
                        .source = "arXiv:2204.13902",
                        .order = 4,
                        .evaluations = 1,
                        .noise = QUELL_DETERMINISTIC,
                        .options = options,
                        .build = build},
                       {0}};
