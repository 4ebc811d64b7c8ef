/* SPDX-License-Identifier: MIT */
/* The factors of parametrization.h, with preconditioning as in azula/denoise.py 0.11.1. */
#include "denoisers/parametrization.h"
#include "base/fail.h"
#include "base/maths.h"
#include "core/schedule.h"

#include <string.h>

static const char *const outputs[] = {"x0", "eps", "v", "score", "flow", NULL};
static const char *const preconditions[] = {"none",     "simple",   "karras",
                                            "unscaled", "straight", NULL};

static int find(const char *const *names, const char *name)
{
    for (int i = 0; names[i]; i++)
        if (name && !strcmp(names[i], name)) return i;
    return -1;
}

/* Refuses a word of the caller, which may be NULL. */
static quell_status refuse(const char *who, const char *what, const char *word, const char *must)
{
    const char *quote = word ? "'" : "";
    return quell_fail(QUELL_BAD_ARGUMENT, "%s: %s is %s%s%s, must be %s", who, what, quote,
                      word ? word : "NULL", quote, must);
}

quell_status quell_parametrization_named(struct quell_parametrization *parametrization,
                                         const char *who, const char *output,
                                         const char *precondition)
{
    int returned = find(outputs, output), around = find(preconditions, precondition);
    if (returned < 0) return refuse(who, "output", output, "x0, eps, v, score or flow");
    if (around < 0)
        return refuse(who, "precondition", precondition,
                      "none, simple, karras, unscaled or straight");
    if (around == QUELL_KARRAS && returned != QUELL_X0)
        return quell_fail(QUELL_BAD_ARGUMENT, "%s: precondition karras needs output x0", who);
    *parametrization = (struct quell_parametrization){
        .output = (enum quell_output)returned, .precondition = (enum quell_precondition)around};
    return QUELL_OK;
}

/* Applies the preconditioning to the factors. */
static void precondition(const struct quell_parametrization *parametrization, double alpha,
                         double sigma, struct quell_factors *c)
{
    double data = parametrization->data > 0 ? parametrization->data : 1, scaled = alpha * data;
    double power = scaled * scaled + sigma * sigma;
    if (parametrization->precondition == QUELL_PLAIN) return;
    if (parametrization->precondition == QUELL_UNSCALED) {
        c->in = 1 / alpha;
        c->time = sigma / alpha;
        return;
    }
    if (parametrization->precondition == QUELL_STRAIGHT) {
        c->in = 1 / (alpha + sigma);
        c->time = sigma / (alpha + sigma);
        return;
    }
    c->in = 1 / sqrt(power);
    c->time = quell_log(sigma / alpha);
    if (parametrization->precondition == QUELL_KARRAS)
        c->skip = scaled * data / power, c->out = sigma * data / sqrt(power),
        c->apart = -sigma * sigma / power / alpha;
}

struct quell_factors quell_parametrization_at(const struct quell_parametrization *parametrization,
                                              double t, double alpha, double sigma)
{
    double power = alpha * alpha + sigma * sigma;
    struct quell_factors c = {1, 0, 1, t, -1 / alpha};
    switch (parametrization->output) {
    case QUELL_X0:
        break;
    case QUELL_EPS:
        c.skip = 1 / alpha, c.out = -sigma / alpha, c.apart = 0;
        break;
    case QUELL_V:
        c.skip = alpha / power, c.out = -sigma / power, c.apart = -sigma * sigma / power / alpha;
        break;
    case QUELL_SCORE:
        c.skip = 1 / alpha, c.out = sigma * sigma / alpha, c.apart = 0;
        break;
    case QUELL_FLOW:
        c.skip = 1 / (alpha + sigma), c.out = -sigma / (alpha + sigma);
        c.apart = -sigma / (alpha + sigma) / alpha;
        break;
    }
    precondition(parametrization, alpha, sigma, &c);
    if (parametrization->time.of != QUELL_TIME_OWN)
        c.time = quell_time_form_at(&parametrization->time, t, alpha, sigma);
    return c;
}

void quell_parametrization_apply(const struct quell_factors *factors,
                                 const struct quell_evaluation *at, size_t first, size_t count,
                                 const float *made)
{
    const float *x = at->x + first;
    float *out = at->out + first;
    bool near = !at->apart && factors->skip >= 0.5 && factors->skip <= 2;
    if (at->apart && factors->skip == 0) {
        quell_denoiser_part_of(at->kernels, at->alpha, count, x, made, out);
        made = out;
    }
    if (factors->skip == 0 && factors->out == 1) {
        if (made != out) memcpy(out, made, count * sizeof *out);
        return;
    }
    double skip = at->apart ? factors->apart : near ? factors->skip - 1 : factors->skip;
    const float c[] = {(float)skip, (float)factors->out};
    (near ? at->kernels->update : at->kernels->combine)(out, count, 2, c,
                                                        (const float *[]){x, made});
}

static quell_status check_defined(const struct quell_parametrization *parametrization,
                                  const char *who, const quell_point *point)
{
    struct quell_factors c =
        quell_parametrization_at(parametrization, 0, point->alpha, point->sigma);
    if (isfinite(c.in) && isfinite(c.skip) && isfinite(c.out) && isfinite(c.time)) return QUELL_OK;
    return quell_fail(QUELL_BAD_ARGUMENT,
                      "%s: output '%s' with precondition '%s'%s is not defined where alpha = %g "
                      "and sigma = %g; use a grid that leaves this point out",
                      who, outputs[parametrization->output],
                      preconditions[parametrization->precondition],
                      parametrization->time.of == QUELL_TIME_OWN ? "" : " and this time",
                      point->alpha, point->sigma);
}

/* Returns whether t itself is an input of the network. */
static bool is_told_t(const struct quell_parametrization *of)
{
    return of->time.of == QUELL_TIME_T ||
           (of->time.of == QUELL_TIME_OWN && of->precondition == QUELL_PLAIN);
}

static bool is_near(double a, double b) { return fabs(a - b) <= 1e-3 * fabs(b) + 1e-6; }

/* Finds the point of the training's schedule at which the network is evaluated: the one with the
 * same t if t is the network's input, else the one with the same sigma / alpha. Leaves *point
 * unchanged if the schedule has no such point. */
static quell_status find_trained(const struct quell_parametrization *of,
                                 const quell_schedule *trained, quell_point *point)
{
    quell_point low, high;
    if (is_told_t(of)) return quell_schedule_point(trained, point->t, point);
    quell_status status = quell_schedule_point(trained, 0, &low);
    if (!status) status = quell_schedule_point(trained, 1, &high);
    double lambda = quell_lambda(point);
    if (status || !(lambda <= quell_lambda(&low) && lambda >= quell_lambda(&high))) return status;
    return isfinite(lambda) ? quell_schedule_at_lambda(trained, lambda, point) : QUELL_OK;
}

static quell_status check_trained(const struct quell_parametrization *of, const char *who,
                                  const quell_schedule *trained, const quell_point *point)
{
    quell_point own = *point;
    quell_status status = find_trained(of, trained, &own);
    if (status || (is_near(point->alpha, own.alpha) && is_near(point->sigma, own.sigma)))
        return status;
    return quell_fail(
        QUELL_BAD_ARGUMENT,
        "%s: it knows only the schedule that it was trained with, whose alpha and sigma %s %.4g "
        "are %.4g and %.4g; this schedule's are %.4g and %.4g: use that of its file",
        who, is_told_t(of) ? "at t =" : "where sigma / alpha =",
        is_told_t(of) ? point->t : point->sigma / point->alpha, own.alpha, own.sigma, point->alpha,
        point->sigma);
}

quell_status quell_parametrization_check(const struct quell_parametrization *parametrization,
                                         const char *who, const quell_schedule *trained,
                                         const quell_point *point)
{
    quell_status status = check_defined(parametrization, who, point);
    bool any = parametrization->precondition != QUELL_PLAIN && !is_told_t(parametrization);
    if (status || !trained || any) return status;
    return check_trained(parametrization, who, trained, point);
}
