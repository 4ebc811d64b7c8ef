/* SPDX-License-Identifier: MIT */
/* The caller's own denoiser, with the conversions that networks need around it.
 *
 * Whatever a network was trained to return, E[X | x_t] is linear in its input and its output
 * F = f(c_in x_t, time):  E[X | x_t] = c_skip x_t + c_out F.  From x_t = alpha X + sigma Z:
 *
 *     x0      c_skip = 0                         c_out = 1
 *     eps     c_skip = 1 / alpha                 c_out = -sigma / alpha
 *     v       c_skip = alpha / (a^2 + s^2)       c_out = -sigma / (a^2 + s^2)
 *     score   c_skip = 1 / alpha                 c_out = sigma^2 / alpha
 *     flow    c_skip = 1 / (alpha + sigma)       c_out = -sigma / (alpha + sigma)
 *
 * and with Karras' preconditioning c_skip = alpha / (a^2 + s^2), c_out = sigma / sqrt(a^2 + s^2).
 */
#include "denoiser.h"
#include "base/fail.h"
#include "base/maths.h"

#include <string.h>

enum output { X0, EPS, V, SCORE, FLOW };
enum precondition { NONE, SIMPLE, KARRAS };

static const char *const outputs[] = {"x0", "eps", "v", "score", "flow", NULL};
static const char *const preconditions[] = {"none", "simple", "karras", NULL};

struct callback {
    quell_denoiser base;
    quell_denoise_fn *function;
    void *user;
    enum output output;
    enum precondition precondition;
};

struct factors {
    double in, skip, out, time;
};

static struct factors factors(const struct callback *callback, double t, double alpha, double sigma)
{
    double power = alpha * alpha + sigma * sigma;
    struct factors c = {1, 0, 1, t};
    switch (callback->output) {
    case X0:
        break;
    case EPS:
        c.skip = 1 / alpha, c.out = -sigma / alpha;
        break;
    case V:
        c.skip = alpha / power, c.out = -sigma / power;
        break;
    case SCORE:
        c.skip = 1 / alpha, c.out = sigma * sigma / alpha;
        break;
    case FLOW:
        c.skip = 1 / (alpha + sigma), c.out = -sigma / (alpha + sigma);
        break;
    }
    if (callback->precondition == NONE) return c;
    c.in = 1 / sqrt(power);
    c.time = quell_log(sigma / alpha);
    if (callback->precondition == KARRAS) c.skip = alpha / power, c.out = sigma / sqrt(power);
    return c;
}

static const struct callback *self(const quell_denoiser *denoiser)
{
    return (const struct callback *)denoiser;
}

/* eps and score divide by alpha; the preconditioning's time is the logarithm of sigma / alpha. */
static quell_status check(const quell_denoiser *denoiser, double alpha, double sigma)
{
    const struct callback *callback = self(denoiser);
    struct factors c = factors(callback, 0, alpha, sigma);
    if (isfinite(c.skip) && isfinite(c.out) && isfinite(c.time)) return QUELL_OK;
    return quell_fail(QUELL_BAD_ARGUMENT,
                      "callback: output '%s' with precondition '%s' is not defined where alpha = "
                      "%g and sigma = %g; use a grid that leaves this point out",
                      outputs[callback->output], preconditions[callback->precondition], alpha,
                      sigma);
}

static size_t scratch_size(const quell_denoiser *denoiser, size_t rows)
{
    return self(denoiser)->precondition == NONE ? 0 : rows * denoiser->dim * sizeof(float);
}

static int evaluate(const quell_denoiser *denoiser, const struct quell_evaluation *at)
{
    const struct callback *callback = self(denoiser);
    struct factors c = factors(callback, at->t, at->alpha, at->sigma);
    size_t count = at->rows * denoiser->dim;
    const float *input = at->x;
    if (callback->precondition != NONE) {
        float in = (float)c.in;
        at->kernels->combine(at->scratch, count, 1, &in, &at->x);
        input = at->scratch;
    }
    quell_call call = {at->first, at->rows,  denoiser->dim, at->worker, at->workers,
                       at->t,     at->alpha, at->sigma,     c.time,     at->variance};
    int result = callback->function(callback->user, &call, input, at->out);
    if (result || (c.skip == 0 && c.out == 1)) return result;
    float coefficients[] = {(float)c.skip, (float)c.out};
    const float *inputs[] = {at->x, at->out};
    at->kernels->combine(at->out, count, 2, coefficients, inputs);
    return 0;
}

static const struct quell_denoiser_class callback_class = {
    .kind = "callback",
    .scratch_size = scratch_size,
    .evaluate = evaluate,
    .check = check,
};

static int find(const char *const *names, const char *name)
{
    for (int i = 0; names[i]; i++)
        if (name && !strcmp(names[i], name)) return i;
    return -1;
}

quell_status quell_denoiser_callback(quell_denoiser **denoiser, size_t dim,
                                     quell_denoise_fn *function, void *user,
                                     const quell_callback_options *options)
{
    quell_callback_options o = quell_callback_defaults();
    if (options) memcpy(&o, options, options->size < sizeof o ? options->size : sizeof o);
    quell_status status = quell_denoiser_arguments(denoiser, dim);
    if (status) return status;
    int output = find(outputs, o.output), precondition = find(preconditions, o.precondition);
    if (!function) return quell_fail(QUELL_BAD_ARGUMENT, "callback: the function is NULL");
    if (output < 0)
        return quell_fail(QUELL_BAD_ARGUMENT,
                          "callback: output is '%s', must be x0, eps, v, score or flow",
                          o.output ? o.output : "(null)");
    if (precondition < 0)
        return quell_fail(QUELL_BAD_ARGUMENT,
                          "callback: precondition is '%s', must be none, simple or karras",
                          o.precondition ? o.precondition : "(null)");
    if (precondition == KARRAS && output != X0)
        return quell_fail(QUELL_BAD_ARGUMENT, "callback: precondition karras needs output x0");
    if (!o.variance || (strcmp(o.variance, "none") && strcmp(o.variance, "learned_range")))
        return quell_fail(QUELL_BAD_ARGUMENT,
                          "callback: variance is '%s', must be none or learned_range",
                          o.variance ? o.variance : "(null)");
    struct callback *made = quell_denoiser_new(&callback_class, sizeof *made, dim);
    if (!made) return quell_fail(QUELL_NO_MEMORY, "callback: no memory");
    made->function = function;
    made->user = user;
    made->output = (enum output)output;
    made->precondition = (enum precondition)precondition;
    made->base.exact = o.exact != 0;
    made->base.whole_batch = o.whole_batch != 0;
    made->base.learned_variance = !strcmp(o.variance, "learned_range");
    *denoiser = &made->base;
    return QUELL_OK;
}
