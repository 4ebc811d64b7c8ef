/* SPDX-License-Identifier: MIT */
/* DPM-Solver-12 and -23 with adaptive steps (Lu et al., 2206.00927, appendix C; k-diffusion's
 * controller). A try from t over h in lambda has two results, of orders p - 1 and p (dpm_single.c),
 * that share their evaluations. In y = x / alpha,
 *
 *     E = sqrt(mean of ((y_low - y_high) / max(atol, rtol sigma_s / alpha_s))^2)
 *
 * over the elements of a sample: the law at s is blurred by its noise, and does not show an error
 * that is small beside it. k-diffusion, formula=k_diffusion, has max(|y_low|, |y_previous|),
 * y_previous the low result last accepted, for sigma_s / alpha_s, and 0.0078 for atol; where one
 * step leads from much noise to little, |y_previous| allows any error. With e = 1 / (E + 1e-8),
 *
 *     f = 1 + arctan(e_0^b1 e_1^b2 e_2^b3 - 1),
 *     b1 = (P + I + D) / p,   b2 = -(P + 2 D) / p,   b3 = D / p,
 *
 * the try is accepted if f >= accept_safety, and in any case h <- f h. With eta > 0 the results are
 * at the lower point of ancestral steps (steps.c), noise goes up to s, and p = 1.5 in the
 * exponents.
 *
 * The error is each sample's own, and so are its steps: other codes take it over the batch. */
#include "adaptive.h"
#include "stages.h"
#include "base/maths.h"

#define LONGEST 1.75
#define PEERS_ATOL 0.0078

struct quell_adaptive quell_adaptive_begin(const double *option, const quell_point *t,
                                           const quell_point *end)
{
    return (struct quell_adaptive){.option = option,
                                   .noise = quell_noise_between(false, 0, t, end),
                                   .t = *t,
                                   .end = *end,
                                   .previous = *t,
                                   .pid = {.h = option[QUELL_ADAPTIVE_H]}};
}

bool quell_adaptive_done(const struct quell_adaptive *adaptive)
{
    return !(quell_lambda(&adaptive->t) < quell_lambda(&adaptive->end) - 1e-5);
}

struct quell_plan quell_adaptive_plan(const struct quell_plan *whole,
                                      const struct quell_adaptive *adaptive,
                                      struct quell_try_memory *memory)
{
    unsigned used = 1u << QUELL_STATE | 1u << QUELL_TRY_PREVIOUS | 1u << QUELL_TRY_LOW |
                    1u << QUELL_TRY_HIGH | (adaptive->known ? 1u << QUELL_TRY_MU : 0);
    return (struct quell_plan){.schedule = whole->schedule,
                               .brownian = whole->brownian,
                               .ops = memory->ops,
                               .capacity = QUELL_TRY_OPS,
                               .name = memory->names,
                               .room = QUELL_TRY_OPS,
                               .in_use = used,
                               .written = used,
                               .registers = QUELL_MAX_REGISTERS};
}

/* The upper bound on a step. In steps of 1.75 the weights of both orders keep the rule of long
 * steps (steady.h). With noise the bound is smaller: an ancestral step keeps the law only over all
 * samples together, but here each sample chooses its steps, longer ones where its error is small.
 * This distorts the law by the size of the steps, whatever the tolerance is: N(0, 1) in one
 * dimension had a standard deviation of 0.93 with steps down of up to 1.75. */
static double longest(const double *option)
{
    if (option[QUELL_ADAPTIVE_FORMULA] != 0) return INFINITY;
    return LONGEST / (1 + 6 * fmin(option[QUELL_ADAPTIVE_ETA], 1));
}

/* Sets s, which is h from t or the end, and the points between t and s. */
static struct quell_try reach(struct quell_adaptive *adaptive, quell_plan *plan)
{
    const quell_point *t = &adaptive->t, *end = &adaptive->end;
    adaptive->pid.h = fmin(adaptive->pid.h, longest(adaptive->option));
    double lambda = quell_lambda(t) + adaptive->pid.h;
    struct quell_try tried = {.s = *end};
    if (lambda < quell_lambda(end)) tried.s = quell_plan_at_lambda(plan, lambda);
    struct quell_ancestral step =
        quell_ancestral(t, &tried.s, adaptive->option[QUELL_ADAPTIVE_ETA]);
    tried.down = step.down, tried.up = step.up;
    double beyond = quell_lambda(&tried.down) - quell_lambda(end);
    if (beyond > 0) { /* the model was trained for no less noise */
        tried.down.log_sigma += beyond;
        tried.down.sigma = quell_exp(tried.down.log_sigma);
        double fresh = -quell_expm1(2 * (tried.down.log_sigma - tried.s.log_sigma));
        tried.up = fresh > 0 ? tried.s.sigma * sqrt(fresh) : 0; /* or rounded below 0 */
    }
    return tried;
}

static void orders12(quell_plan *plan, const quell_point *t, const quell_point *s, double h)
{
    quell_point middle = quell_point_between(plan, t, s, 0.5);
    quell_register_id mu1 = QUELL_STAGE_DENOISE(plan, .t = t, .s = &middle, .mu = QUELL_TRY_MU);
    QUELL_STAGE(plan, QUELL_TRY_LOW, .t = t, .s = s, .mu = QUELL_TRY_MU);
    QUELL_STAGE(plan, QUELL_TRY_HIGH, .t = t, .s = s, .mu = QUELL_TRY_MU,
                .later = {{quell_dpm_weight(h, 0.5), mu1}});
    quell_plan_release(plan, mu1);
}

static void orders23(quell_plan *plan, const quell_point *t, const quell_point *s, double h)
{
    const double r1 = 1.0 / 3, r2 = 2.0 / 3;
    struct quell_dpm3 w = quell_dpm3_weights(h);
    quell_point s1 = quell_point_between(plan, t, s, r1), s2 = quell_point_between(plan, t, s, r2);
    quell_register_id mu1 = QUELL_STAGE_DENOISE(plan, .t = t, .s = &s1, .mu = QUELL_TRY_MU);
    quell_register_id mu2 =
        QUELL_STAGE_DENOISE(plan, .t = t, .s = &s2, .mu = QUELL_TRY_MU, .later = {{w.middle, mu1}});
    QUELL_STAGE(plan, QUELL_TRY_LOW, .t = t, .s = s, .mu = QUELL_TRY_MU,
                .later = {{quell_dpm_weight(h, r1), mu1}});
    QUELL_STAGE(plan, QUELL_TRY_HIGH, .t = t, .s = s, .mu = QUELL_TRY_MU,
                .later = {{w.last1, mu1}, {w.last2, mu2}});
    quell_plan_release(plan, mu2);
    quell_plan_release(plan, mu1);
}

struct quell_try quell_adaptive_try(struct quell_adaptive *adaptive, struct quell_plan *plan)
{
    const quell_point *t = &adaptive->t;
    struct quell_try tried = reach(adaptive, plan);
    if (!adaptive->known) quell_plan_denoise(plan, QUELL_STATE, t);
    adaptive->known = true;
    adaptive->tries++;
    bool second = (int)adaptive->option[QUELL_ADAPTIVE_ORDER] == 2;
    (second ? orders12 : orders23)(plan, t, &tried.down,
                                   quell_lambda(&tried.down) - quell_lambda(t));
    return tried;
}

static double peers_tolerance(const struct quell_adaptive *adaptive, const struct quell_try *tried,
                              double previous, double low)
{
    double size = fabs(low / tried->down.alpha), before = fabs(previous / adaptive->previous.alpha);
    double least = adaptive->option[QUELL_ADAPTIVE_ATOL];
    return fmax(adaptive->option[QUELL_ADAPTIVE_RTOL] * fmax(size, before),
                least > 0 ? least : PEERS_ATOL);
}

double quell_adaptive_error(const struct quell_adaptive *adaptive, const struct quell_try *tried,
                            double previous, double low, double high)
{
    const double *option = adaptive->option;
    double tolerance = fmax(option[QUELL_ADAPTIVE_RTOL] * (tried->s.sigma / tried->s.alpha),
                            option[QUELL_ADAPTIVE_ATOL]);
    if (option[QUELL_ADAPTIVE_FORMULA] != 0)
        tolerance = peers_tolerance(adaptive, tried, previous, low);
    double error = (low - high) / tried->down.alpha / tolerance;
    return error * error;
}

static bool propose(struct quell_pid *pid, const double *option, double error)
{
    double p = option[QUELL_ADAPTIVE_ETA] > 0 ? 1.5 : option[QUELL_ADAPTIVE_ORDER];
    double P = option[QUELL_ADAPTIVE_P], I = option[QUELL_ADAPTIVE_I], D = option[QUELL_ADAPTIVE_D];
    double inverse = 1 / (error + 1e-8);
    if (!pid->begun) pid->past[1] = pid->past[2] = inverse;
    pid->begun = true;
    pid->past[0] = inverse;
    double log_factor = ((P + I + D) * quell_log(pid->past[0]) -
                         (P + 2 * D) * quell_log(pid->past[1]) + D * quell_log(pid->past[2])) /
                        p;
    double factor = 1 + quell_atan(quell_expm1(log_factor));
    bool accepted = factor >= option[QUELL_ADAPTIVE_SAFETY];
    if (accepted) pid->past[2] = pid->past[1], pid->past[1] = pid->past[0];
    pid->h *= factor;
    return accepted;
}

/* Each sample places its steps itself, so steps are numbered: step j has stream j of the whole
 * way's noise, or, in Brownian mode, its increment of the path. */
static uint32_t noise_of(const struct quell_adaptive *adaptive, const struct quell_try *tried,
                         struct quell_plan *plan)
{
    struct quell_noise_name name = adaptive->noise;
    name.stream = (uint32_t)adaptive->accepted;
    name.path = quell_noise_between(plan->brownian, 0, &adaptive->t, &tried->s).path;
    return quell_plan_add_noise(plan, &name);
}

bool quell_adaptive_judge(struct quell_adaptive *adaptive, const struct quell_try *tried,
                          double error, struct quell_plan *plan)
{
    if (!propose(&adaptive->pid, adaptive->option, error)) return false;
    double size = adaptive->option[QUELL_ADAPTIVE_S_NOISE] * tried->up;
    quell_term high = {1, QUELL_TRY_HIGH};
    quell_noise_term noise = {size, 0};
    if (size > 0) noise.stream = noise_of(adaptive, tried, plan);
    quell_plan_combine(plan, QUELL_STATE, 1, &high, size > 0, &noise);
    adaptive->t = tried->s;
    adaptive->previous = tried->down;
    adaptive->accepted++;
    adaptive->known = false;
    return true;
}

/* Returns the last point that has noise: that of the grid, or, before a step to sigma = 0, the
 * schedule's. */
static quell_point last_noise(quell_plan *plan, const quell_point *grid, size_t steps)
{
    return grid[steps].sigma > 0 ? grid[steps] : quell_plan_at(plan, grid[steps].t);
}

/* Steps are placed in lambda, which must be finite at both ends: a step from the first noise of all
 * to none would be all that is left of the method. */
static bool refuse_ends(quell_plan *plan, const quell_point *start, const quell_point *end)
{
    if (!isfinite(quell_lambda(start)))
        quell_plan_refuse(
            plan, QUELL_BAD_ARGUMENT,
            "dpm_adaptive: alpha must not be 0 at the start; a start of 0.999 would do");
    else if (!isfinite(quell_lambda(end)))
        quell_plan_refuse(
            plan, QUELL_BAD_ARGUMENT,
            "dpm_adaptive: sigma must not be 0 at the stop; a stop of 0.001 would do");
    else
        return false;
    return true;
}

static void build(quell_plan *plan, const quell_point *grid, size_t steps, const double *option)
{
    quell_point end = last_noise(plan, grid, steps);
    if (refuse_ends(plan, &grid[0], &end)) return;
    quell_plan_adapt(plan, option, &grid[0], &end);
    quell_plan_step(plan, &grid[0], &end);
    if (grid[steps].sigma == 0) quell_ddim_transition(plan, &end, &grid[steps], 0, 0);
}

static const struct quell_option options[] = {
    QUELL_WHOLE("order", 3, 2, 3, "DPM-Solver-12 or -23"),
    QUELL_NUMBER("rtol", 0.05, 1e-12, 1e6, "relative tolerance of a step"),
    QUELL_NUMBER("atol", 0, 0, 1e6,
                 "absolute tolerance of x / alpha; 0: none, or 0.0078 with formula=k_diffusion"),
    QUELL_NUMBER("h_init", 0.05, 1e-6, 1e3, "the first step, in lambda"),
    QUELL_NUMBER("pcoeff", 0, -10, 10, "P of the step's controller"),
    QUELL_NUMBER("icoeff", 1, -10, 10, "I of the step's controller"),
    QUELL_NUMBER("dcoeff", 0, -10, 10, "D of the step's controller"),
    QUELL_NUMBER("accept_safety", 0.81, 0, 2,
                 "least factor of the next step with which a try is accepted"),
    QUELL_NUMBER("eta", 0, 0, 1, "stochasticity: 0 deterministic, 1 full"),
    QUELL_NUMBER_NEEDS("eta", "s_noise", 1, 0, 1e6, "factor on all noise that steps add"),
    QUELL_WHOLE("max_tries", 100000, 1, QUELL_MOST_TRIES,
                "greatest number of tries; the run fails if they are not enough"),
    QUELL_CHOICE("formula", 0, "quell|k_diffusion",
                 "whose tolerance; k-diffusion's is relative to |x / alpha|"),
    {0}};

QUELL_FAMILY(dpm_adaptive) = {
    {.name = "dpm_adaptive",
     .summary = "DPM-Solver with adaptive steps, which each sample chooses",
     .source = "arXiv:2206.00927",
     .order = 3,
     .evaluations = 3,
     .noise = QUELL_OPTIONALLY_STOCHASTIC,
     .own_steps = true,
     .options = options,
     .build = build},
    {0}};
