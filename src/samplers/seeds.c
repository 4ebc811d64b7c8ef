/* SPDX-License-Identifier: MIT */
/* SEEDS-2 and SEEDS-3: stochastic explicit exponential derivative-free solvers (Gonzalez et al.,
 * 2305.14267), in data prediction: exponential Runge-Kutta methods on the SDE of rate eta (sde.h).
 * With points p_i at lambda_t + r_i h, z = (1 + eta) h and mu_i = E[X | x_i],
 *
 *     x_i = (sigma_i / sigma_t) exp(-eta r_i h) x_t + alpha_i sum_j a_ij mu_j + sigma_i n_i,
 *     n_i = exp(-eta (r_i - r_{i-1}) h) n_{i-1}
 *         + sqrt(1 - exp(-2 eta (r_i - r_{i-1}) h)) eps_i,   n_0 = 0:
 *
 * the noise of each stage goes on from the one before. With e(r) = 1 - exp(-r z) and f(r) = r z
 * phi_2(-r z), the integrals of 1 and v / r over the first part r of the step,
 *
 *     SEEDS-2, phi_1:  x_1: e(r);   x_s: e(1) (1 - 1 / (2 r)), e(1) / (2 r)
 *     SEEDS-2, phi_2:  x_1: e(r);   x_s: e(1) - f(1) / r, f(1) / r
 *     SEEDS-3:         x_1: e(r_1); x_2: e(r_2) - (r_2 / r_1) f(r_2), (r_2 / r_1) f(r_2)
 *                      x_s: e(1) - f(1) / r_2, 0, f(1) / r_2
 *
 * are the weights of mu_t, mu_1, mu_2. SEEDS-2 has order 2 and SEEDS-3 order 3 in h where eta = 0
 * (there it is an exponential Runge-Kutta method of Hochbruck & Ostermann, 2005); with noise both
 * have weak order 2. */
#include "sde.h"
#include "steady.h"
#include "base/maths.h"
#include "base/phi.h"

/* The step, and its stages so far: the outputs, and the noises that make up n_i. */
struct stages {
    const quell_point *t, *s;
    double h, eta, s_noise;
    size_t count;
    double r; /* r of the last stage */
    quell_point at;
    quell_register_id mu[3];
    quell_noise_term noise[3];
};

static double e(const struct stages *step, double r)
{
    return -quell_expm1(-r * (1 + step->eta) * step->h);
}

static double f(const struct stages *step, double r)
{
    double z = r * (1 + step->eta) * step->h;
    return z * quell_phi(2, -z);
}

/* Continues n from the last stage to the point at r; the noise in between is a piece of its own. */
static void go_on(quell_plan *plan, struct stages *step, double r, const quell_point *at)
{
    double decay = step->eta * (r - step->r) * step->h;
    for (size_t j = 0; j + 1 < step->count; j++) step->noise[j].coefficient *= quell_exp(-decay);
    size_t piece = step->count - 1;
    step->noise[piece] =
        (quell_noise_term){sqrt(-quell_expm1(-2 * decay)),
                           quell_plan_noise_piece(plan, (unsigned)piece, &step->at, at)};
    step->r = r;
    step->at = *at;
}

/* out = x_i at the point `at`, with the weights a of the outputs so far. A COMBINE takes two noises
 * at most; a third noise needs a second COMBINE. */
static void stage(quell_plan *plan, struct stages *step, quell_register_id out, double r,
                  const quell_point *at, const double *a)
{
    go_on(plan, step, r, at);
    quell_term terms[4] = {
        {at->sigma / step->t->sigma * quell_exp(-step->eta * r * step->h), QUELL_STATE}};
    quell_noise_term noise[3];
    for (size_t j = 0; j < step->count; j++) {
        terms[1 + j] = (quell_term){at->alpha * a[j], step->mu[j]};
        noise[j] = step->noise[j];
        noise[j].coefficient *= step->s_noise * at->sigma;
    }
    size_t first = step->count < 2 ? step->count : 2;
    quell_plan_combine(plan, out, 1 + step->count, terms, first, noise);
    if (step->count > first && noise[2].coefficient != 0)
        quell_plan_combine(plan, out, 1, &(quell_term){1, out}, 1, &noise[2]);
}

/* Makes another evaluation, at lambda_t + r h. */
static void evaluate(quell_plan *plan, struct stages *step, double r, const double *a)
{
    quell_point at = quell_plan_at_lambda(plan, quell_lambda(step->t) + r * step->h);
    quell_register_id x = quell_plan_register(plan);
    stage(plan, step, x, r, &at, a);
    step->mu[step->count++] = quell_plan_denoise(plan, x, &at);
    quell_plan_release(plan, x);
}

static void first_order(quell_plan *plan, const quell_point *t, const quell_point *s, double eta,
                        double s_noise)
{
    struct quell_history history = {1, {{quell_plan_denoise(plan, QUELL_STATE, t), *t}}};
    struct quell_sde step = quell_sde_step(t, s, eta);
    quell_sde_multistep(plan, t, s, &step, 1, &step.integral, &history, s_noise);
    quell_history_trim(plan, &history, 0);
}

static struct stages start(quell_plan *plan, const quell_point *t, const quell_point *s,
                           const double *option)
{
    return (struct stages){.t = t,
                           .s = s,
                           .h = quell_lambda(s) - quell_lambda(t),
                           .eta = option[0],
                           .s_noise = option[1],
                           .count = 1,
                           .at = *t,
                           .mu = {quell_plan_denoise(plan, QUELL_STATE, t)}};
}

static void end(quell_plan *plan, struct stages *step, const double *a)
{
    stage(plan, step, QUELL_STATE, 1, step->s, a);
    for (size_t j = 0; j < step->count; j++) quell_plan_release(plan, step->mu[j]);
    quell_plan_step(plan, step->t, step->s);
}

enum { ETA, S_NOISE, R, SOLVER, STEADY };
enum { PHI_1, PHI_2 };

static void take_2(quell_plan *plan, const quell_point *t, const quell_point *s,
                   const double *option)
{
    struct stages step = start(plan, t, s, option);
    double r = option[R];
    double last = (int)option[SOLVER] == PHI_2 ? f(&step, 1) / r : e(&step, 1) / (2 * r);
    if (option[STEADY] != 0 && !quell_steady_stages(1, &last)) {
        end(plan, &step, (double[]){e(&step, 1)});
        return;
    }
    if (option[STEADY] != 0) last = quell_steady_held(last);
    evaluate(plan, &step, r, (double[]){e(&step, r)});
    end(plan, &step, (double[]){e(&step, 1) - last, last});
}

enum { R_1 = 2, R_2, STEADY_3 };

static void take_3(quell_plan *plan, const quell_point *t, const quell_point *s,
                   const double *option)
{
    struct stages step = start(plan, t, s, option);
    double r_1 = option[R_1], r_2 = option[R_2];
    double a = r_2 / r_1 * f(&step, r_2), b = f(&step, 1) / r_2;
    if (option[STEADY_3] != 0 && (!quell_steady_stages(1, &a) || !quell_steady_stages(1, &b))) {
        end(plan, &step, (double[]){e(&step, 1)});
        return;
    }
    if (option[STEADY_3] != 0) a = quell_steady_held(a), b = quell_steady_held(b);
    evaluate(plan, &step, r_1, (double[]){e(&step, r_1)});
    evaluate(plan, &step, r_2, (double[]){e(&step, r_2) - a, a});
    end(plan, &step, (double[]){e(&step, 1) - b, 0, b});
}

typedef void take_fn(quell_plan *plan, const quell_point *t, const quell_point *s,
                     const double *option);

static void build(quell_plan *plan, const quell_point *grid, size_t steps, const double *option,
                  take_fn *take)
{
    for (size_t i = 0; i < steps; i++) {
        const quell_point *t = &grid[i], *s = &grid[i + 1];
        if (quell_idle_step(plan, t, s)) continue;
        if (quell_sde_singular(t, s))
            first_order(plan, t, s, option[ETA], option[S_NOISE]);
        else
            take(plan, t, s, option);
    }
}

static void build_2(quell_plan *plan, const quell_point *grid, size_t steps, const double *option)
{
    build(plan, grid, steps, option, take_2);
}

static void build_3(quell_plan *plan, const quell_point *grid, size_t steps, const double *option)
{
    if (option[R_1] >= option[R_2])
        quell_plan_refuse(plan, QUELL_BAD_ARGUMENT, "seeds3: r1 must be less than r2");
    build(plan, grid, steps, option, take_3);
}

static double most_eta(const quell_point *t, const quell_point *s, const double *option)
{
    (void)option;
    return quell_most_rate(t, s);
}

static const struct quell_option options_2[] = {
    QUELL_SDE_ETA,
    QUELL_SDE_S_NOISE,
    QUELL_NUMBER("r", 0.5, 0.01, 1, "position of the second evaluation in the step"),
    QUELL_CHOICE("solver", PHI_1, "phi_1|phi_2", "weights by phi_1 only, or also by phi_2"),
    QUELL_STEADY,
    {0}};

static const struct quell_option options_3[] = {
    QUELL_SDE_ETA,
    QUELL_SDE_S_NOISE,
    QUELL_NUMBER("r1", 1.0 / 3, 0.01, 1, "position of the second evaluation in the step"),
    QUELL_NUMBER("r2", 2.0 / 3, 0.01, 1, "position of the third evaluation, greater than r1"),
    QUELL_STEADY,
    {0}};

static const struct quell_alias aliases_2[] = {{"seeds_2", "seeds2"}, {0}};
static const struct quell_alias aliases_3[] = {{"seeds_3", "seeds3"}, {0}};

QUELL_FAMILY(seeds) = {{.name = "seeds2",
                        .summary = "SEEDS-2, stochastic exponential Runge-Kutta",
                        .source = "arXiv:2305.14267",
                        .order = 2,
                        .evaluations = 2,
                        .noise = QUELL_STOCHASTIC,
                        .aliases = aliases_2,
                        .options = options_2,
                        .build = build_2,
                        .most_eta = most_eta},
                       {.name = "seeds3",
                        .summary = "SEEDS-3, stochastic exponential Runge-Kutta",
                        .source = "arXiv:2305.14267",
                        .order = 2,
                        .evaluations = 3,
                        .noise = QUELL_STOCHASTIC,
                        .aliases = aliases_3,
                        .options = options_3,
                        .build = build_3,
                        .most_eta = most_eta},
                       {0}};
