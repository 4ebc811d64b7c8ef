/* SPDX-License-Identifier: MIT */
/* The tables of betas that models were trained with. Those that come from a formula for alpha^2
 * over u in [0, 1] have beta_i = 1 - alpha^2((i + 1) / N) / alpha^2(i / N), capped. */
#include "schedule.h"
#include "base/fail.h"
#include "base/maths.h"
#include "base/number.h"

enum { FIRST, LAST }; /* indices among a row's own options */

static double along(double first, double last, size_t i, size_t count)
{
    return first + (last - first) * (double)i / (double)(count - 1);
}

/* Ho et al., 2006.11239, section 4 */
static double linear(const double *options, size_t i, size_t count)
{
    return along(options[FIRST], options[LAST], i, count);
}

/* Rombach et al., 2112.10752: linear in the square root */
static double scaled_linear(const double *options, size_t i, size_t count)
{
    double root = along(sqrt(options[FIRST]), sqrt(options[LAST]), i, count);
    return root * root;
}

/* Xu et al., 2203.02923 (GeoDiff): the logistic function of -6 to 6 */
static double sigmoid(const double *options, size_t i, size_t count)
{
    double part = 1 / (1 + quell_exp(-along(-6, 6, i, count)));
    return options[FIRST] + (options[LAST] - options[FIRST]) * part;
}

enum { OFFSET, CAP };

static double capped(double beta, double cap) { return beta < cap ? beta : cap; }

/* Nichol & Dhariwal, 2102.09672, eq. 17: alpha^2 = cos^2((t + s) / (1 + s) pi / 2) */
static double cosine(const double *options, size_t i, size_t count)
{
    const double half_pi = 1.57079632679489661923;
    double offset = options[OFFSET], cap = options[CAP];
    double unit = half_pi / (1 + offset), step = unit / (double)count;
    double now = unit * ((double)i / (double)count + offset);
    /* 1 - cos^2(now + step) / cos^2(now), without the difference */
    double beta = quell_sin(step) * quell_sin(2 * now + step) / (quell_cos(now) * quell_cos(now));
    return capped(beta, cap);
}

enum { RATE, ONLY_CAP = 0 };

/* diffusers' "exp": alpha^2 = exp(-rate u) */
static double exponential(const double *options, size_t i, size_t count)
{
    (void)i;
    return capped(-quell_expm1(-options[RATE] / (double)count), options[CAP]);
}

/* diffusers' "laplace", after Hang et al., 2407.03297: alpha^2 = sqrt(snr / (1 + snr)), where
 * snr = d^(-1/2) for u < 1/2 and d^(1/2) from there on, d = 1 - |1 - 2u| + 1e-6. Returns
 * log(1 / snr) at u = i / count; the smaller one of u and 1 - u is computed, so that d keeps its
 * digits. */
static double laplace_log_noise(size_t i, size_t count)
{
    bool early = 2 * i <= count;
    double near = (double)(early ? i : count - i) / (double)count;
    double log_width = quell_log(2 * near + 1e-6);
    return early ? log_width / 2 : -log_width / 2;
}

static double laplace(const double *options, size_t i, size_t count)
{
    double now = quell_log1p(quell_exp(laplace_log_noise(i, count)));
    double next = quell_log1p(quell_exp(laplace_log_noise(i + 1, count)));
    return capped(-quell_expm1((now - next) / 2), options[ONLY_CAP]);
}

/* Refuses a table that falls, because the two ends were probably exchanged;
 * quell_schedule_from_betas accepts such tables. `options` are all options of a row, of which the
 * common ones come first. */
enum { COMMON_OPTIONS = 2 };
static quell_status check_range(double *options)
{
    double first = options[COMMON_OPTIONS + FIRST], last = options[COMMON_OPTIONS + LAST];
    if (first <= last) return QUELL_OK;
    return quell_fail(QUELL_BAD_ARGUMENT, "schedule: first is %s, must be at most last, %s",
                      QUELL_SAID(first), QUELL_SAID(last));
}

#define COMMON                                                           \
    QUELL_WHOLE("train", 1000, 2, 1e6, "number of points of the table"), \
        QUELL_YES_NO("zero_snr", 0, "yes: rescaled to alpha = 0 at t = 1 (2305.08891)")
#define RANGE(first_, last_)                                        \
    QUELL_NUMBER("first", first_, QUELL_TINY, 0.999, "first beta"), \
        QUELL_NUMBER("last", last_, QUELL_TINY, 0.999, "last beta")
#define LARGEST QUELL_NUMBER("cap", 0.999, QUELL_TINY, 0.999999, "largest beta")

static const struct quell_option range[] = {COMMON, RANGE(1e-4, 0.02), {0}};
static const struct quell_option scaled_range[] = {COMMON, RANGE(0.00085, 0.012), {0}};
static const struct quell_option offset_cap[] = {
    COMMON, QUELL_NUMBER("offset", 0.008, 0, 1, "s of the paper"), LARGEST, {0}};
static const struct quell_option rate_cap[] = {
    COMMON, QUELL_NUMBER("rate", 12, 1e-3, 1e3, "alpha^2 = exp(-rate u)"), LARGEST, {0}};
static const struct quell_option only_cap[] = {COMMON, LARGEST, {0}};

const struct quell_schedule_row quell_schedules_discrete[] = {
    {.name = "beta_linear",
     .alias = "linear",
     .summary = "DDPM's linear betas, discrete",
     .source = "arXiv:2006.11239",
     .point = quell_discrete_point,
     .options = range,
     .beta = linear,
     .prepare = check_range},
    {.name = "beta_scaled_linear",
     .alias = "scaled_linear",
     .summary = "latent diffusion's scaled linear betas, discrete",
     .source = "arXiv:2112.10752",
     .point = quell_discrete_point,
     .options = scaled_range,
     .beta = scaled_linear,
     .prepare = check_range},
    {.name = "beta_cosine",
     .alias = "squaredcos_cap_v2",
     .summary = "improved DDPM's cosine betas, discrete",
     .source = "arXiv:2102.09672",
     .point = quell_discrete_point,
     .options = offset_cap,
     .beta = cosine},
    {.name = "beta_sigmoid",
     .alias = "sigmoid",
     .summary = "GeoDiff's sigmoid betas, discrete",
     .source = "arXiv:2203.02923",
     .point = quell_discrete_point,
     .options = range,
     .beta = sigmoid,
     .prepare = check_range},
    {.name = "beta_exp",
     .alias = "exp",
     .summary = "betas of an exponentially falling alpha^2, discrete",
     .source = "diffusers",
     .point = quell_discrete_point,
     .options = rate_cap,
     .beta = exponential},
    {.name = "beta_laplace",
     .alias = "laplace",
     .summary = "betas that stay long at log-SNR 0, discrete",
     .source = "arXiv:2407.03297",
     .point = quell_discrete_point,
     .options = only_cap,
     .beta = laplace},
    {0},
};
