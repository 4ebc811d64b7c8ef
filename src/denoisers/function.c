/* SPDX-License-Identifier: MIT */
/* The caller's own denoiser, with the conversions that networks need around it. */
#include <quell/function.h>
#include "denoisers/denoiser.h"
#include "denoisers/parametrization.h"
#include "base/fail.h"
#include "base/serial.h"
#include "base/sized.h"

#include <stdlib.h>
#include <string.h>

struct function {
    quell_denoiser base;
    quell_denoise_fn *function;
    void *user;
    quell_release_fn *release;
    uint64_t digest;
    struct quell_parametrization parametrization;
    struct quell_taken *taken;
};

static const struct function *self(const quell_denoiser *denoiser)
{
    return (const struct function *)denoiser;
}

static quell_status check(const quell_denoiser *denoiser, const quell_point *point)
{
    return quell_parametrization_check(&self(denoiser)->parametrization, "function",
                                       denoiser->trained, point);
}

static bool plain(const struct function *own)
{
    return own->parametrization.precondition == QUELL_PLAIN;
}

static size_t scratch_size(const quell_denoiser *denoiser, size_t rows)
{
    return plain(self(denoiser)) ? 0 : rows * denoiser->dim * sizeof(float);
}

/* Fills the output with NaN, so that a row which the function does not write cannot be mistaken for
 * its output, as the values of an earlier call could be. */
static void spoil(float *out, size_t count)
{
    if (out) memset(out, 0xff, count * sizeof *out);
}

static int ask(const struct function *own, const quell_call *call,
               const struct quell_evaluation *at, const float *input)
{
    spoil(at->out, call->rows * call->dim);
    spoil(at->variance, call->rows * call->dim);
    QUELL_SERIAL_OPENMP(at->shared);
    return own->function(own->user, call, input, at->out);
}

static int evaluate(const quell_denoiser *denoiser, const struct quell_evaluation *at)
{
    const struct function *own = self(denoiser);
    struct quell_factors c =
        quell_parametrization_at(&own->parametrization, at->t, at->alpha, at->sigma);
    const float *input = at->x;
    if (!plain(own)) {
        float in = (float)c.in;
        at->kernels->combine(at->scratch, at->rows * denoiser->dim, 1, &in, &at->x);
        input = at->scratch;
    }
    quell_condition conditions[QUELL_MAX_CONDITIONS];
    quell_call call = {
        .first = at->first,
        .rows = at->rows,
        .dim = denoiser->dim,
        .worker = at->worker,
        .workers = at->workers,
        .t = at->t,
        .alpha = at->alpha,
        .sigma = at->sigma,
        .time = c.time,
        .variance = at->variance,
        .context = at->context,
    };
    quell_told_rows(at->told, denoiser->taken, denoiser->conditions, at->row, &call, conditions);
    int result = ask(own, &call, at, input);
    if (!result) quell_parametrization_apply(&c, at, 0, at->rows * denoiser->dim, at->out);
    return result;
}

static void destroy(quell_denoiser *denoiser)
{
    struct function *own = (struct function *)denoiser;
    if (own->release) own->release(own->user);
    free(own->taken);
}

static void digest(const quell_denoiser *denoiser, struct quell_digest *sum)
{
    quell_parametrization_digest(&self(denoiser)->parametrization, sum);
    quell_digest_whole(sum, denoiser->reproducible);
    quell_digest_whole(sum, self(denoiser)->digest);
}

static const struct quell_denoiser_class function_class = {
    .kind = "function",
    .apart = true,
    .scratch_size = scratch_size,
    .evaluate = evaluate,
    .destroy = destroy,
    .check = check,
    .digest = digest,
};

static const struct quell_sized sized = {"function", "quell_function_options",
                                         "quell_function_defaults", NULL};

quell_status quell_denoiser_from_function(quell_denoiser **denoiser, size_t dim,
                                          quell_denoise_fn *function, void *user,
                                          const quell_function_options *options)
{
    struct quell_parametrization parametrization;
    quell_function_options o = quell_function_defaults();
    quell_status status = quell_denoiser_arguments(denoiser, dim);
    if (!status && options) status = quell_sized_copy(&sized, &o, sizeof o, options);
    if (status) return status;
    if (!function) return quell_fail(QUELL_BAD_ARGUMENT, "function: the function is NULL");
    status = quell_parametrization_named(&parametrization, "function", o.output, o.precondition);
    if (status) return status;
    if (!o.variance || (strcmp(o.variance, "none") && strcmp(o.variance, "learned_range")))
        return quell_fail(
            QUELL_BAD_ARGUMENT, "function: variance is %s%s%s, must be none or learned_range",
            o.variance ? "'" : "", o.variance ? o.variance : "NULL", o.variance ? "'" : "");
    if ((o.whole_batch != 0 && o.whole_batch != 1) || (o.reproducible != 0 && o.reproducible != 1))
        return quell_fail(QUELL_BAD_ARGUMENT,
                          "function: whole_batch is %d and reproducible %d, must each be 0 or 1",
                          o.whole_batch, o.reproducible);
    if (o.classes > INT32_MAX)
        return quell_fail(QUELL_BAD_ARGUMENT, "function: classes is %zu, must be at most %d",
                          o.classes, INT32_MAX);
    struct quell_taken *taken;
    status = quell_taken_copy(&taken, o.conditions, o.condition_count);
    if (status) return status;
    struct function *made = quell_denoiser_new(&function_class, sizeof *made, dim);
    if (!made) {
        free(taken);
        return quell_fail(QUELL_NO_MEMORY, "function: no memory");
    }
    made->function = function;
    made->user = user;
    made->release = o.release;
    made->digest = o.digest;
    made->parametrization = parametrization;
    made->taken = taken;
    made->base.taken = taken;
    made->base.conditions = o.condition_count;
    made->base.classes = o.classes;
    made->base.reproducible = o.reproducible != 0;
    made->base.whole_batch = o.whole_batch != 0;
    made->base.host = true;
    made->base.mean_alone = quell_parametrization_is_mean(&parametrization);
    made->base.learned_variance = !strcmp(o.variance, "learned_range");
    *denoiser = &made->base;
    return QUELL_OK;
}
