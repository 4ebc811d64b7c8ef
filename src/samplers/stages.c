/* SPDX-License-Identifier: MIT */
#include "stages.h"
#include "base/maths.h"
#include "core/plan.h"

/* The weights of x_t / alpha_t - mu_0 and of the differences of later outputs in a stage. */
struct parts {
    double origin, later[2];
};

static struct parts parts_of(const quell_plan *plan, const quell_term *later)
{
    struct parts parts = {0, {later[0].coefficient, later[1].coefficient}};
    for (size_t k = 2; k-- > 0;) {
        const struct quell_reached *reached = &plan->reached[later[k].source];
        if (parts.later[k] == 0 || !reached->apart) continue;
        parts.origin += parts.later[k] * reached->fall;
        if (k == 1) parts.later[0] += parts.later[1] * reached->weight;
    }
    return parts;
}

/* Notes how much rounding errors are multiplied. If sigma~_t > 1, x_t / alpha_t has that size, and
 * x_s may have it. x_k / alpha_k, which is a part of an output, has the size of the weight in its
 * own stage. */
static void note_multiples(quell_plan *plan, const struct quell_stage *stage,
                           const struct parts *parts)
{
    double size = fmax(1, quell_exp(-quell_lambda(stage->t)));
    for (size_t k = 0; k < 2; k++) {
        const struct quell_reached *reached = &plan->reached[stage->later[k].source];
        double times = fabs(parts->later[k]) * fmax(1, fabs(reached->weight)) / size;
        if (reached->apart && times > plan->multiple.times)
            plan->multiple = (struct quell_multiple){times, stage->t->t, stage->s->t};
    }
}

void quell_stage(quell_plan *plan, quell_register_id out, const struct quell_stage *stage)
{
    const quell_point *t = stage->t, *s = stage->s;
    const quell_term *later = stage->later;
    struct parts parts = parts_of(plan, later);
    note_multiples(plan, stage, &parts);
    double first = -quell_expm1(quell_lambda(t) - quell_lambda(s)) - parts.origin;
    for (size_t k = 0; k < 2; k++)
        if (!plan->reached[later[k].source].apart) first -= parts.later[k];
    double origin = parts.origin != 0 ? s->alpha * parts.origin / t->alpha : 0;
    quell_term terms[] = {
        {s->sigma / t->sigma + origin, QUELL_STATE},
        {s->alpha * first, stage->mu},
        {s->alpha * parts.later[0], later[0].source},
        {s->alpha * parts.later[1], later[1].source},
    };
    quell_plan_combine(plan, out, 4, terms, 1, &stage->noise);
}

quell_register_id quell_stage_denoise(quell_plan *plan, const struct quell_stage *stage)
{
    const quell_term *later = stage->later;
    bool apart = stage->s->sigma < stage->s->alpha && later[1].coefficient == 0 &&
                 isfinite(quell_lambda(stage->t)) && isfinite(quell_lambda(stage->s));
    quell_register_id x = quell_plan_register(plan);
    quell_stage(plan, x, stage);
    quell_register_id mu =
        (apart ? quell_plan_denoise_apart : quell_plan_denoise)(plan, x, stage->s);
    quell_plan_release(plan, x);
    if (apart)
        plan->reached[mu] = (struct quell_reached){
            true, quell_exp(quell_lambda(stage->t) - quell_lambda(stage->s)), later[0].coefficient};
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
    quell_term x = {quell_exp(high->log_alpha - low->log_alpha), QUELL_STATE};
    quell_noise_term noise = {size * high->sigma * sqrt(fresh > 0 ? fresh : 0), stream};
    quell_plan_combine(plan, QUELL_STATE, 1, &x, 1, &noise);
}

void quell_midpoint(quell_plan *plan, const quell_point *t, const quell_point *s,
                    struct quell_midpoint rule)
{
    double h = quell_step_size(t, s);
    quell_register_id mu = quell_plan_denoise(plan, QUELL_STATE, t);
    double weight = h > 0 ? rule.weight(h, rule.part) : 0;
    if (h == 0 || (rule.steady && !quell_steady_stages(1, &weight))) {
        QUELL_STAGE(plan, QUELL_STATE, .t = t, .s = s, .mu = mu, .noise = rule.noise);
    } else {
        if (rule.steady && rule.held) weight = quell_steady_held(weight);
        quell_point mid = quell_point_between(plan, t, s, rule.part);
        quell_register_id mu_mid = QUELL_STAGE_DENOISE(plan, .t = t, .s = &mid, .mu = mu);
        QUELL_STAGE(plan, QUELL_STATE, .t = t, .s = s, .mu = mu, .later = {{weight, mu_mid}},
                    .noise = rule.noise);
        quell_plan_release(plan, mu_mid);
    }
    quell_plan_release(plan, mu);
}
