/* SPDX-License-Identifier: MIT */
/* UniPC, unified predictor-corrector (Zhao et al., 2302.04867, algorithms 1 and 2, with data
 * prediction). From the point t, with the newest p outputs at nodes
 * r_m = (lambda_m - lambda_t) / h, the predictor UniP-p and, once mu_s at the predicted x_s is
 * known (r = 1), the corrector UniC-p both take
 *
 *     x_s = (sigma_s / sigma_t) x_t - alpha_s expm1(-h) mu_t
 *           + alpha_s B(h) sum_m a_m (mu_m - mu_t) / r_m,
 *     sum_m a_m r_m^(n-1) = n! h phi_{n+1}(-h) / B(h),   n = 1, 2, ..., one for each node.
 *
 * B cancels: B a_m / r_m is the integral of exp(-h (1 - v)) l_m(v) over the step, with Lagrange's
 * polynomials through 0 and the r_m. Where there is one node alone, the paper takes a = 1 / 2 in
 * place of the solution (of the same order), and there B(h) = h (bh1) or -expm1(-h) (bh2) is seen.
 *
 * mu_s serves the next step's predictor too: one evaluation a step. */
#include "method.h"
#include "multistep.h"
#include "steady.h"
#include "base/maths.h"
#include "base/phi.h"

enum { ORDER, VARIANT, USE_CORRECTOR, STEADY };
enum { BH1, BH2 };

/* A step t -> s, and the outputs it may use. Their nodes have this order: t, the past points from
 * the newest on, and, for the corrector, s. */
struct step {
    const quell_point *t, *s;
    size_t count;
    double nodes[QUELL_MOST_PAST + 1];
    quell_register_id outputs[QUELL_MOST_PAST + 1];
};

/* moments[k] = k! phi_{k+1}(-h), weights in units of alpha_s h. */
static void weigh(const struct step *step, double h, bool bh1, double *weights)
{
    double moments[QUELL_MOST_PAST + 1] = {0}, factorial = 1;
    for (unsigned k = 0; k < step->count; k++) {
        moments[k] = factorial * quell_phi(k + 1, -h);
        factorial *= k + 1;
    }
    if (step->count == 2) moments[1] = (bh1 ? 1 : moments[0]) / 2;
    quell_lagrange_weights(step->count, step->nodes, moments, weights);
}

static bool steady(const struct step *step, double h, const double *option)
{
    double weights[QUELL_MOST_PAST + 1];
    weigh(step, h, (int)option[VARIANT] == BH1, weights);
    return quell_steady_past(step->count, weights, (int)option[VARIANT] == BH1 ? 2 * h : h);
}

static struct step begin(const quell_point *t, const quell_point *s,
                         const struct quell_history *history, size_t order)
{
    struct step step = {t, s, quell_history_order(history, order), {0}, {0}};
    double h = quell_lambda(s) - quell_lambda(t);
    for (size_t j = 0; j < step.count; j++) {
        step.nodes[j] = (quell_lambda(&history->past[j].at) - quell_lambda(t)) / h;
        step.outputs[j] = history->past[j].value;
    }
    return step;
}

/* out = x_s from x_t in `base`. */
static void take(quell_plan *plan, const struct step *step, quell_register_id base,
                 quell_register_id out, const double *option)
{
    double h = quell_lambda(step->s) - quell_lambda(step->t), weights[QUELL_MOST_PAST + 1];
    weigh(step, h, (int)option[VARIANT] == BH1, weights);
    quell_term terms[QUELL_MAX_TERMS] = {{step->s->sigma / step->t->sigma, base}};
    for (size_t j = 0; j < step->count; j++)
        terms[1 + j] = (quell_term){step->s->alpha * h * weights[j], step->outputs[j]};
    quell_plan_combine(plan, out, 1 + step->count, terms, 0, NULL);
}

/* The state at s again, from the one at t in `base`, now that mu = E[X | x_s] is known. */
static void correct(quell_plan *plan, struct step step, quell_register_id base,
                    quell_register_id mu, const double *option)
{
    step.nodes[step.count] = 1;
    step.outputs[step.count++] = mu;
    take(plan, &step, base, base, option);
}

static void build(quell_plan *plan, const quell_point *grid, size_t steps, const double *option)
{
    size_t order = (size_t)option[ORDER];
    struct quell_history history = {0};
    struct step last = {0}; /* the step before, if it is to be corrected */
    bool corrects = option[USE_CORRECTOR] != 0;
    quell_register_id base = corrects ? quell_plan_register(plan) : QUELL_STATE; /* x, corrected */
    for (size_t i = 0; i < steps; i++) {
        const quell_point *t = &grid[i], *s = &grid[i + 1];
        double h = quell_lambda(s) - quell_lambda(t);
        if (quell_plain_step(plan, t, s)) {
            if (h == 0 && last.count) last.count = 0;
            continue;
        }
        quell_register_id mu = quell_plan_denoise(plan, QUELL_STATE, t);
        if (corrects && last.count)
            correct(plan, last, base, mu, option);
        else if (corrects)
            QUELL_COMBINE(plan, base, {1, QUELL_STATE});
        quell_history_push(plan, &history, order, mu, t);
        last = begin(t, s, &history, order);
        while (option[STEADY] != 0 && !steady(&last, h, option)) last.count--;
        take(plan, &last, base, QUELL_STATE, option);
        quell_plan_step(plan, t, s);
    }
    quell_history_trim(plan, &history, 0);
    if (corrects) quell_plan_release(plan, base);
}

static const struct quell_option options[] = {
    QUELL_WHOLE("order", 2, 1, 4,
                "number of outputs that the predictor uses; the corrector adds one"),
    QUELL_CHOICE("variant", BH2, "bh1|bh2", "B(h) of the paper"),
    QUELL_YES_NO("use_corrector", 1, "no: only the predictor"),
    QUELL_STEADY,
    {0}};

static const struct quell_alias aliases[] = {
    {"uni_pc", "unipc:order=3,variant=bh1"}, {"uni_pc_bh2", "unipc:order=3,variant=bh2"}, {0}};

QUELL_FAMILY(unipc) = {{.name = "unipc",
                        .summary = "unified predictor-corrector",
                        .source = "arXiv:2302.04867",
                        .order = 3,
                        .evaluations = 1,
                        .noise = QUELL_DETERMINISTIC,
                        .aliases = aliases,
                        .options = options,
                        .build = build},
                       {0}};
