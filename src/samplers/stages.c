/* SPDX-License-Identifier: MIT */
#include "stages.h"
#include "base/maths.h"

void quell_stage(quell_plan *plan, quell_register out, const struct quell_stage *stage)
{
    const quell_point *t = stage->t, *s = stage->s;
    const quell_term *w = stage->later;
    double first = -quell_expm1(quell_lambda(t) - quell_lambda(s));
    quell_term terms[] = {
        {s->sigma / t->sigma, QUELL_X},
        {s->alpha * (first - w[0].coefficient - w[1].coefficient), stage->mu},
        {s->alpha * w[0].coefficient, w[0].source},
        {s->alpha * w[1].coefficient, w[1].source},
    };
    quell_plan_combine(plan, out, 4, terms, 1, &stage->noise);
}

quell_register quell_stage_denoise(quell_plan *plan, const struct quell_stage *stage)
{
    quell_register x = quell_plan_register(plan);
    quell_stage(plan, x, stage);
    quell_register mu = quell_plan_denoise(plan, x, stage->s);
    quell_plan_release(plan, x);
    return mu;
}

double quell_step_size(const quell_point *t, const quell_point *s)
{
    double h = quell_lambda(s) - quell_lambda(t);
    return h > 0 && isfinite(h) ? h : 0;
}

quell_point quell_point_between(quell_plan *plan, const quell_point *t, const quell_point *s,
                                double part)
{
    double lambda = quell_lambda(t);
    return quell_plan_at_lambda(plan, lambda + part * (quell_lambda(s) - lambda));
}

void quell_renoise(quell_plan *plan, const quell_point *low, const quell_point *high, double size,
                   uint32_t stream)
{
    double fresh = -quell_expm1(2 * (quell_lambda(high) - quell_lambda(low)));
    quell_term x = {quell_exp(high->log_alpha - low->log_alpha), QUELL_X};
    quell_noise_term noise = {size * high->sigma * sqrt(fresh > 0 ? fresh : 0), stream};
    quell_plan_combine(plan, QUELL_X, 1, &x, 1, &noise);
}

void quell_midpoint(quell_plan *plan, const quell_point *t, const quell_point *s,
                    struct quell_midpoint rule)
{
    double h = quell_step_size(t, s);
    quell_register mu = quell_plan_denoise(plan, QUELL_X, t);
    if (h == 0) {
        QUELL_STAGE(plan, QUELL_X, .t = t, .s = s, .mu = mu, .noise = rule.noise);
    } else {
        quell_point mid = quell_point_between(plan, t, s, rule.part);
        quell_register mu_mid = QUELL_STAGE_DENOISE(plan, .t = t, .s = &mid, .mu = mu);
        QUELL_STAGE(plan, QUELL_X, .t = t, .s = s, .mu = mu,
                    .later = {{rule.weight(h, rule.part), mu_mid}}, .noise = rule.noise);
        quell_plan_release(plan, mu_mid);
    }
    quell_plan_release(plan, mu);
}
