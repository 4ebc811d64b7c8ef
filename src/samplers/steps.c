/* SPDX-License-Identifier: MIT */
/* Small parts of steps that many samplers have in common. */
#include "method.h"
#include "base/maths.h"

struct quell_ancestral quell_ancestral(const quell_point *t, const quell_point *s, double eta)
{
    double log_r = quell_lambda(t) - quell_lambda(s); /* <= 0 */
    double most = eta < 1 ? eta : 1;
    double fresh = -most * most * quell_expm1(2 * log_r); /* eta^2 (1 - r^2) */
    double kept = quell_exp(2 * log_r) - (1 - most * most) * quell_expm1(2 * log_r);
    double log_kept = kept < 0.5 ? quell_log(kept) : quell_log1p(-fresh);
    struct quell_ancestral step = {*s, s->sigma * sqrt(fresh)};
    step.down.log_sigma += log_kept / 2;
    step.down.sigma *= sqrt(kept);
    return step;
}

double quell_most_rate(const quell_point *t, const quell_point *s)
{
    return quell_log(2) / (quell_lambda(s) - quell_lambda(t));
}

void quell_to_eps(quell_plan *plan, quell_register_id mu, quell_register_id x, const quell_point *t)
{
    QUELL_COMBINE(plan, mu, {1 / t->sigma, x}, {-t->alpha / t->sigma, mu});
}
