/* SPDX-License-Identifier: MIT */
/* DPM-Solver++ SDE, singlestep (Lu et al., 2211.01095; k-diffusion's sample_dpmpp_sde): ancestral
 * steps by the midpoint rule. With u = lambda - lambda_t, the share of the noise that an ancestral
 * step of length u keeps and its point `down`,
 *
 *     K(u) = 1 - eta^2 (1 - exp(-2 u)),   lambda_down = lambda_t + u - log(K(u)) / 2,
 *     x_m = (sigma_m sqrt(K(r h)) / sigma_t) x_t + alpha_m (1 - exp(lambda_t - lambda_down)) mu_t
 *         + sigma_m sqrt(1 - K(r h)) eps_{t, m},          m the point at u = r h,
 *     x_s = (sigma_s sqrt(K(h)) / sigma_t) x_t + alpha_s (1 - exp(lambda_t - lambda_down))
 *               ((1 - 1 / (2 r)) mu_t + mu_m / (2 r)) + sigma_s sqrt(1 - K(h)) eps_{t, s}.
 *
 * The two noises overlap in time. K is that of the SDE (sde.h) with the rate -K'(u) / 2 K(u), which
 * is 1 for eta = 1, and carries the noise from before m on to s:
 *
 *     sqrt(1 - K(h)) eps_{t, s} = sqrt(q (1 - K(r h))) eps_{t, m} + sqrt(1 - q) eps_{m, s},
 *     q = K(h) / K(r h).
 *
 * eta is from 0 to 1; with 0 this is DPM-Solver++(2S). */
#include "sde.h"
#include "steady.h"
#include "base/maths.h"

enum { ETA, S_NOISE, R, STEADY };

/* The noise over [t, s], by its pieces over [t, m] and [m, s]. */
static void compose(quell_plan *plan, const quell_point *t, const quell_point *m,
                    const quell_point *s, const double *option, quell_noise_term *noise)
{
    double eta = option[ETA], whole = quell_lambda(s) - quell_lambda(t);
    double past = option[R] * whole;
    double fresh = -eta * eta * quell_expm1(-2 * past);                            /* 1 - K(r h) */
    double kept = quell_exp(-2 * past) - (1 - eta * eta) * quell_expm1(-2 * past); /* K(r h) */
    /* 1 - q = (K(r h) - K(h)) / K(r h) */
    double rest = -eta * eta * quell_exp(-2 * past) * quell_expm1(-2 * (whole - past)) / kept;
    double scale = option[S_NOISE] * s->sigma;
    noise[0] =
        (quell_noise_term){scale * sqrt((1 - rest) * fresh), quell_plan_noise_piece(plan, 0, t, m)};
    noise[1] = (quell_noise_term){scale * sqrt(rest), quell_plan_noise_piece(plan, 1, m, s)};
}

/* out = an ancestral step to s: w has the outputs and their parts of the mean. */
static void ancestral(quell_plan *plan, quell_register_id out, const quell_point *t,
                      const quell_point *s, const double *option, size_t count, const quell_term *w,
                      size_t noises, const quell_noise_term *noise)
{
    struct quell_ancestral step = quell_ancestral(t, s, option[ETA]);
    double integral = -quell_expm1(quell_lambda(t) - quell_lambda(&step.down));
    quell_term terms[3] = {{step.down.sigma / t->sigma, QUELL_STATE}};
    for (size_t j = 0; j < count; j++)
        terms[1 + j] = (quell_term){s->alpha * integral * w[j].coefficient, w[j].source};
    quell_plan_combine(plan, out, 1 + count, terms, noises, noise);
}

static void first_order(quell_plan *plan, const quell_point *t, const quell_point *s,
                        const double *option, quell_register_id mu)
{
    quell_noise_term noise = {option[S_NOISE] * quell_ancestral(t, s, option[ETA]).up,
                              quell_plan_noise_piece(plan, 0, t, s)};
    ancestral(plan, QUELL_STATE, t, s, option, 1, &(quell_term){1, mu}, 1, &noise);
}

/* The part of mu_m in the weighted mean of mu_t and mu_m, which has the weight `whole` in x_s. */
static double share(const quell_point *t, const quell_point *s, const double *option)
{
    struct quell_ancestral step = quell_ancestral(t, s, option[ETA]);
    double half = 1 / (2 * option[R]);
    double whole = -quell_expm1(quell_lambda(t) - quell_lambda(&step.down));
    return option[STEADY] != 0 ? fmin(half, quell_steady_held(half * whole) / whole) : half;
}

static void midpoint(quell_plan *plan, const quell_point *t, const quell_point *s,
                     const double *option, quell_register_id mu)
{
    double from = quell_lambda(t), half = share(t, s, option);
    quell_point m = quell_plan_at_lambda(plan, from + option[R] * (quell_lambda(s) - from));
    quell_noise_term noise[2];
    compose(plan, t, &m, s, option, noise);
    quell_noise_term first = {option[S_NOISE] * quell_ancestral(t, &m, option[ETA]).up,
                              noise[0].stream};
    quell_register_id x = quell_plan_register(plan);
    ancestral(plan, x, t, &m, option, 1, &(quell_term){1, mu}, 1, &first);
    quell_register_id mu_m = quell_plan_denoise(plan, x, &m);
    ancestral(plan, QUELL_STATE, t, s, option, 2, (quell_term[]){{1 - half, mu}, {half, mu_m}}, 2,
              noise);
    quell_plan_release(plan, x);
    quell_plan_release(plan, mu_m);
}

static void build(quell_plan *plan, const quell_point *grid, size_t steps, const double *option)
{
    for (size_t i = 0; i < steps; i++) {
        const quell_point *t = &grid[i], *s = &grid[i + 1];
        if (quell_idle_step(plan, t, s)) continue;
        quell_register_id mu = quell_plan_denoise(plan, QUELL_STATE, t);
        double half = -quell_expm1(quell_lambda(t) - quell_lambda(s)) / (2 * option[R]);
        if (quell_sde_singular(t, s) || (option[STEADY] != 0 && !quell_steady_stages(1, &half)))
            first_order(plan, t, s, option, mu);
        else
            midpoint(plan, t, s, option, mu);
        quell_plan_release(plan, mu);
        quell_plan_step(plan, t, s);
    }
}

static const struct quell_option options[] = {
    QUELL_NUMBER("eta", 1, 0, 1, "stochasticity: 0 deterministic, 1 full"),
    QUELL_SDE_S_NOISE,
    QUELL_NUMBER("r", 0.5, 0.01, 1, "position of the second evaluation in the step"),
    QUELL_STEADY,
    {0}};

QUELL_FAMILY(dpmpp_sde) = {{.name = "dpmpp_sde",
                            .summary = "DPM-Solver++ SDE, singlestep",
                            .source = "arXiv:2211.01095",
                            .order = 2,
                            .evaluations = 2,
                            .noise = QUELL_STOCHASTIC,
                            .options = options,
                            .build = build},
                           {0}};
