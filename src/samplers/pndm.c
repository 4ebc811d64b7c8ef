/* SPDX-License-Identifier: MIT */
/* PNDM, pseudo numerical methods on manifolds (Liu et al., 2202.09778, algorithm 2): methods for
 * ordinary equations whose step is DDIM's with a combination e of noises (eq. 11),
 *
 *     phi(x_t, e, t, s) = (alpha_s / alpha_t) x_t + (sigma_s - alpha_s sigma_t / alpha_t) e,
 *
 * three steps of the Runge-Kutta method (eq. 13) with the point m at the middle of their times,
 *
 *     e_1 = eps(x_t, t),                        e_2 = eps(phi(x_t, e_1, t, m), m),
 *     e_3 = eps(phi(x_t, e_2, t, m), m),        e_4 = eps(phi(x_t, e_3, t, s), s),
 *     x_s = phi(x_t, (e_1 + 2 e_2 + 2 e_3 + e_4) / 6, t, s),
 *
 * then Adams-Bashforth of even steps (eq. 12). warmup=heun, as PLMS does it, has one step of the
 * trapezoidal rule in place of the three, e = (e_1 + eps(phi(x_t, e_1, t, s), s)) / 2, and lower
 * orders until there are enough noises. As steps of sigma / alpha are not even, the order is 2.
 *
 * A first step on which sigma / alpha falls by more than exp(1.5), with heun exp(2), which no grid
 * of the paper has, is DDIM's: each stage of the others multiplies what the stage before is off by
 * that ratio.
 *
 * phi(x_t, e, t, s) is phi(x_t, e_1, t, s) - sigma_s expm1(h) (e - e_1), and the first of these is
 * the DDIM step with mu_t: no large multiples of x cancel. */
#include "method.h"
#include "multistep.h"
#include "base/maths.h"

enum { WARMUP };
enum { RUNGE_KUTTA, HEUN };

/* The point t that a step begins at, with the outputs mu and e_1 there. */
struct origin {
    const quell_point *t;
    quell_register_id mu, noise;
};

/* out = phi(x_t, e_1 + sum_k c_k (e_k - e_1), t, s) of `count` later noises. */
static void transfer(quell_plan *plan, const struct origin *from, const quell_point *s,
                     quell_register_id out, size_t count, const quell_term *later)
{
    double h = quell_lambda(s) - quell_lambda(from->t), slope = -s->sigma * quell_expm1(h);
    quell_term terms[QUELL_MAX_TERMS] = {{s->sigma / from->t->sigma, QUELL_STATE},
                                         {-s->alpha * quell_expm1(-h), from->mu},
                                         {0, from->noise}};
    for (size_t k = 0; k < count; k++) {
        terms[2].coefficient -= slope * later[k].coefficient;
        terms[3 + k] = (quell_term){slope * later[k].coefficient, later[k].source};
    }
    quell_plan_combine(plan, out, 3 + count, terms, 0, NULL);
}

/* eps at phi(x_t, e, t, s) with e = `source` (e_1 itself if it is the origin's), by way of
 * `place`. */
static quell_register_id noise_at(quell_plan *plan, const struct origin *from, const quell_point *s,
                                  quell_register_id place, quell_register_id source)
{
    quell_term later = {1, source};
    transfer(plan, from, s, place, source != from->noise, &later);
    quell_register_id noise = quell_plan_denoise(plan, place, s);
    quell_to_eps(plan, noise, place, s);
    return noise;
}

/* The point in the middle of the times, or, where no time lies between them, of lambda. */
static quell_point middle_of(quell_plan *plan, const quell_point *t, const quell_point *s)
{
    quell_point middle = quell_plan_at(plan, (t->t + s->t) / 2);
    double lambda = quell_lambda(&middle), from = quell_lambda(t), to = quell_lambda(s);
    return from < lambda && lambda < to ? middle : quell_plan_at_lambda(plan, (from + to) / 2);
}

static void runge_kutta(quell_plan *plan, const struct origin *from, const quell_point *s)
{
    quell_point middle = middle_of(plan, from->t, s);
    quell_register_id place = quell_plan_register(plan);
    quell_register_id sum = noise_at(plan, from, &middle, place, from->noise);
    quell_register_id third = noise_at(plan, from, &middle, place, sum);
    QUELL_COMBINE(plan, sum, {1, sum}, {1, third});
    transfer(plan, from, s, place, 1, &(quell_term){1, third});
    quell_plan_release(plan, third);
    quell_register_id fourth = quell_plan_denoise(plan, place, s);
    quell_to_eps(plan, fourth, place, s);
    /* (e_1 + 2 (e_2 + e_3) + e_4) / 6: `sum` is two noises, so that e_1 is taken off twice. */
    QUELL_COMBINE(plan, sum, {1 / 2.0, sum});
    transfer(plan, from, s, QUELL_STATE, 2, (quell_term[]){{4 / 6.0, sum}, {1 / 6.0, fourth}});
    quell_plan_release(plan, fourth);
    quell_plan_release(plan, sum);
    quell_plan_release(plan, place);
}

static void heun(quell_plan *plan, const struct origin *from, const quell_point *s)
{
    quell_register_id place = quell_plan_register(plan);
    quell_register_id other = noise_at(plan, from, s, place, from->noise);
    transfer(plan, from, s, QUELL_STATE, 1, &(quell_term){1 / 2.0, other});
    quell_plan_release(plan, other);
    quell_plan_release(plan, place);
}

static void adams(quell_plan *plan, const struct origin *from, const quell_point *s,
                  const struct quell_history *history)
{
    quell_term later[3];
    for (size_t j = 1; j < history->count; j++)
        later[j - 1] =
            (quell_term){quell_adams_even[history->count - 1][j], history->past[j].value};
    transfer(plan, from, s, QUELL_STATE, history->count - 1, later);
}

/* The step t -> s, before from->noise is in the history. */
static void first(quell_plan *plan, const struct origin *from, const quell_point *s, bool by_heun)
{
    if (quell_lambda(s) - quell_lambda(from->t) > (by_heun ? 2 : 1.5))
        transfer(plan, from, s, QUELL_STATE, 0, NULL);
    else
        (by_heun ? heun : runge_kutta)(plan, from, s);
}

static void build(quell_plan *plan, const quell_point *grid, size_t steps, const double *option)
{
    struct quell_history history = {0};
    bool by_heun = (int)option[WARMUP] == HEUN;
    for (size_t i = 0; i < steps; i++) {
        const quell_point *t = &grid[i], *s = &grid[i + 1];
        if (quell_plain_step(plan, t, s)) continue;
        quell_history_trim(plan, &history, 3);
        struct origin from = {t, quell_plan_denoise(plan, QUELL_STATE, t),
                              quell_plan_register(plan)};
        QUELL_COMBINE(plan, from.noise, {1 / t->sigma, QUELL_STATE},
                      {-t->alpha / t->sigma, from.mu});
        bool warm = history.count >= (by_heun ? 1 : 3);
        if (!warm) first(plan, &from, s, by_heun);
        quell_history_push(plan, &history, 4, from.noise, t);
        if (warm) adams(plan, &from, s, &history);
        quell_plan_release(plan, from.mu);
        quell_plan_step(plan, t, s);
    }
    quell_history_trim(plan, &history, 0);
}

static const struct quell_alias aliases[] = {{"plms", "pndm:warmup=heun"}, {0}};

static const struct quell_option options[] = {
    QUELL_CHOICE("warmup", RUNGE_KUTTA, "runge_kutta|heun", "method of the first steps"), {0}};

QUELL_FAMILY(pndm) = {
    {.name = "pndm",
     .summary = "pseudo numerical methods; the first three steps have four evaluations",
     .source = "arXiv:2202.09778",
     .order = 2,
     .evaluations = 1,
     .noise = QUELL_DETERMINISTIC,
     .aliases = aliases,
     .options = options,
     .build = build},
    {0}};
