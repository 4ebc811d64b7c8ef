/* SPDX-License-Identifier: MIT */
/* Flow matching with a shifted time, as Stable Diffusion 3 and Flux have it (Esser et al.,
 * 2403.03206, eq. 23):
 *
 *     alpha = 1 - u,  sigma = u,  u = shift t / (1 + (shift - 1) t),
 *
 * so that alpha is 0 at t = 1 and sigma is 0 at t = 0, exactly. With `tokens` = n, the length of an
 * image's sequence, shift = exp(mu), where mu goes linearly from base_shift at base_tokens to
 * max_shift at max_tokens: Flux's dynamic shift. */
#include "schedule.h"
#include "base/fail.h"
#include "base/number.h"
#include "base/maths.h"

enum { SHIFT, TOKENS, BASE_SHIFT, MAX_SHIFT, BASE_TOKENS, MAX_TOKENS };

/* Each logarithm is computed from the smaller one of alpha and sigma. */
static int flow(const quell_schedule *schedule, quell_point *p)
{
    double noise = schedule->options[SHIFT] * p->t, data = 1 - p->t;
    p->alpha = data / (data + noise);
    p->sigma = noise / (data + noise);
    bool clean = p->sigma < p->alpha;
    p->log_alpha = clean ? quell_log1p(-p->sigma) : quell_log(p->alpha);
    p->log_sigma = clean ? quell_log(p->sigma) : quell_log1p(-p->alpha);
    return 0;
}

static quell_status prepare(double *options)
{
    if (options[TOKENS] == 0) return QUELL_OK;
    if (options[SHIFT] != 1)
        return quell_fail(QUELL_BAD_ARGUMENT,
                          "schedule: flow takes its shift from `shift` or from `tokens`, not both");
    double span = options[MAX_TOKENS] - options[BASE_TOKENS];
    if (!(span > 0))
        return quell_fail(QUELL_BAD_ARGUMENT,
                          "schedule: flow's max_tokens is %s, must be more than base_tokens, %s",
                          QUELL_SAID(options[MAX_TOKENS]), QUELL_SAID(options[BASE_TOKENS]));
    double slope = (options[MAX_SHIFT] - options[BASE_SHIFT]) / span;
    double mu = options[BASE_SHIFT] + slope * (options[TOKENS] - options[BASE_TOKENS]);
    if (!(fabs(mu) < 50))
        return quell_fail(QUELL_BAD_ARGUMENT,
                          "schedule: flow's shift is exp(%s), must be from exp(-50) to exp(50)",
                          QUELL_SAID(mu));
    options[SHIFT] = quell_exp(mu);
    return QUELL_OK;
}

static const struct quell_option options[] = {
    QUELL_NUMBER("shift", 1, 1e-6, 1e6, "greater than 1: more time at high noise"),
    QUELL_WHOLE("tokens", 0, 0, 1e9,
                "length of the sequence, for a dynamic shift; 0: no dynamic shift"),
    QUELL_NUMBER_NEEDS("tokens", "base_shift", 0.5, -50, 50, "log of the shift at base_tokens"),
    QUELL_NUMBER_NEEDS("tokens", "max_shift", 1.15, -50, 50, "log of the shift at max_tokens"),
    QUELL_WHOLE_NEEDS("tokens", "base_tokens", 256, 0, 1e9,
                      "number of tokens that base_shift belongs to"),
    QUELL_WHOLE_NEEDS("tokens", "max_tokens", 4096, 0, 1e9,
                      "number of tokens that max_shift belongs to"),
    {0}};

const struct quell_schedule_row quell_schedules_flow[] = {
    {.name = "flow",
     .summary = "straight paths from pure noise to pure data, with shifted time",
     .source = "arXiv:2403.03206",
     .point = flow,
     .options = options,
     .prepare = prepare},
    {0},
};
