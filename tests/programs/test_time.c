/* SPDX-License-Identifier: MIT */
/* The time that a program is given: each form of the description's field `time`, and the scales
 * around the network, against the formulas of docs/networks.md in double. */
#include "described.h"
#include "harness.h"
#include "models.h"
#include "models/model.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define INPUTS "'programs': {'denoise': {'inputs': {'x': [2], 'time': []}, 'instructions': ["
/* The network's result is its time, or what it is given for x. */
#define TIME                                                                           \
    INPUTS "{'map': ['x', [0]], 'function': 'mul'}, {'map': [0, 'time'], 'function': " \
           "'add'}], 'output': 1}}}"
#define X                                                                              \
    INPUTS "{'map': ['time', [0]], 'function': 'mul'}, {'map': ['x', 0], 'function': " \
           "'add'}], 'output': 1}}}"

typedef double formula(double t, double alpha, double sigma, double x);

/* E[X | x_t = x] of a network at several times of a schedule. Terms as large as x / alpha may
 * cancel in it. */
static void check(const char *fields, const char *programs, const char *schedule, formula *right)
{
    static const double times[] = {0.001, 0.25, 0.3, 0.5004, 0.75, 0.999};
    static const float x[2] = {0.75f, -3};
    quell_model *model = NULL;
    MUST(described_network(&model, fields, programs));
    quell_schedule *noise = must_schedule(schedule);
    quell_sampler *sampler = must_sampler("ddim", quell_model_denoiser(model), noise, 3);
    for (size_t i = 0; i < sizeof times / sizeof *times; i++) {
        double alpha, sigma;
        float y[2];
        MUST(quell_schedule_at(noise, times[i], &alpha, &sigma));
        MUST(quell_denoise(sampler, NULL, NULL, times[i], x, y));
        for (size_t e = 0; e < 2; e++) {
            double wanted = right(times[i], alpha, sigma, (double)x[e]);
            double term = strcmp(programs, TIME) ? fabs((double)x[e]) / alpha : 0.01;
            CHECK(fabs((double)y[e] - wanted) <= 2.5e-7 * (fabs(wanted) + term),
                  "%s, %s at %g: %.9g, not %.9g", fields, schedule, times[i], (double)y[e], wanted);
        }
    }
    quell_sampler_free(sampler);
    quell_schedule_free(noise);
    quell_model_free(model);
}

#define FORMULA(name, value)                                           \
    static double name(double t, double alpha, double sigma, double x) \
    {                                                                  \
        (void)t, (void)alpha, (void)sigma, (void)x;                    \
        return value;                                                  \
    }

FORMULA(plain, t)
FORMULA(ratio, sigma / alpha)
FORMULA(log_ratio, log(sigma / alpha))
FORMULA(quarter, log(sigma / alpha) / 4)
FORMULA(log_snr, 2 * log(alpha / sigma))
FORMULA(index_999, 999 * t)
FORMULA(index_rounded, floor(999 * t + 0.5))
FORMULA(index_down, floor(999 * t))
FORMULA(index_up, ceil(999 * t - 3.25))
FORMULA(fraction, sigma / (alpha + sigma))
FORMULA(signal, 1 - sigma / (alpha + sigma))
FORMULA(angle, atan2(sigma, alpha) / acos(0))

/* Positions -1, 0, 2 with the values 10, 20, 0. */
static double table(double t, double alpha, double sigma, double x)
{
    double at = log(sigma / alpha);
    (void)t, (void)x;
    double value = at < -1 ? 10 : at < 0 ? 20 + 10 * at : at < 2 ? 20 - 10 * at : 0;
    return value / 2;
}

#define EACH(fields, right)                    \
    check(fields, TIME, "vp", right);          \
    check(fields, TIME, "beta_linear", right); \
    check(fields, TIME, "rectified", right);   \
    check(fields, TIME, "ve:sigma_max=300", right)

TEST(program_time, has_each_form)
{
    EACH("", plain);
    EACH("'time': 't', ", plain);
    EACH("'time': 'sigma', ", ratio);
    EACH("'time': 'log_sigma', ", log_ratio);
    EACH("'time': 'log_snr', ", log_snr);
    EACH("'time': {'of': 'log_sigma', 'scale': 0.25}, ", quarter);
    EACH("'time': {'of': 't', 'scale': 999}, ", index_999);
    EACH("'time': {'of': 't', 'scale': 999, 'rounding': 'nearest'}, ", index_rounded);
    EACH("'time': {'of': 't', 'scale': 999, 'rounding': 'down'}, ", index_down);
    EACH("'time': {'of': 't', 'scale': 999, 'offset': -3.25, 'rounding': 'up'}, ", index_up);
    EACH("'time': {'of': 't', 'rounding': 'none'}, ", plain);
    EACH("'time': 'fraction', ", fraction);
    EACH("'time': {'of': 'fraction', 'scale': -1, 'offset': 1}, ", signal);
    EACH("'time': 'angle', ", angle);
    EACH("'time': {'of': 'log_sigma', 'at': [-1, 0, 2], 'values': [10, 20, 0], 'scale': 0.5}, ",
         table);
    EACH("'precondition': 'simple', ", log_ratio);
    EACH("'precondition': 'simple', 'time': {'of': 't', 'scale': 999}, ", index_999);
    EACH("'precondition': 'unscaled', ", ratio);
    EACH("'precondition': 'straight', ", fraction);
    EACH("'precondition': 'unscaled', 'time': 't', ", plain);
}

/* What it is given for x, and what becomes of its output. */
FORMULA(x_itself, x)
FORMULA(x_unscaled, x / alpha)
FORMULA(x_straight, x / (alpha + sigma))
FORMULA(x_simple, x / sqrt(alpha * alpha + sigma * sigma))
FORMULA(x_half, x / sqrt(alpha * alpha / 4 + sigma * sigma))

/* EDM's table 1, in x / alpha, with the network F(y) = y. */
static double edm(double data, double sigma, double x)
{
    double power = data * data + sigma * sigma;
    return data * data / power * x + sigma * data / sqrt(power) * (x / sqrt(power));
}

FORMULA(karras, edm(1, sigma / alpha, x / alpha))
FORMULA(karras_half, edm(0.5, sigma / alpha, x / alpha))
FORMULA(flow_straight, x / (alpha + sigma) - sigma / (alpha + sigma) * (x / (alpha + sigma)))
FORMULA(eps_unscaled, (x - sigma * x / alpha) / alpha)

#define EACH_X(fields, right)             \
    check(fields, X, "vp", right);        \
    check(fields, X, "rectified", right); \
    check(fields, X, "ve", right)

TEST(program_time, scales)
{
    EACH_X("", x_itself);
    EACH_X("'precondition': 'unscaled', ", x_unscaled);
    EACH_X("'precondition': 'straight', ", x_straight);
    EACH_X("'precondition': 'straight', 'output': 'flow', ", flow_straight);
    EACH_X("'precondition': 'simple', ", x_simple);
    EACH_X("'precondition': 'simple', 'sigma_data': 0.5, ", x_half);
    EACH_X("'precondition': 'karras', ", karras);
    EACH_X("'precondition': 'karras', 'sigma_data': 0.5, ", karras_half);
    EACH_X("'precondition': 'unscaled', 'output': 'eps', ", eps_unscaled);
}

static void check_refused(const char *fields, const char *programs, const char *expected)
{
    quell_model *model = NULL;
    quell_status status = described_network(&model, fields, programs);
    CHECK(status == QUELL_BAD_MODEL, "%s: status %d", fields, (int)status);
    CHECK(strstr(quell_error_message(), expected), "%s: '%s' has not '%s'", fields,
          quell_error_message(), expected);
    quell_model_free(model);
}

TEST(program_time, refused)
{
    static const char *const cases[][2] = {
        {"'time': 'tau', ", "is of 'tau', must be t, sigma, log_sigma, log_snr, fraction"},
        {"'time': 1000, ", "must be a word, or an object with 'of'"},
        {"'time': ['t'], ", "must be a word, or an object with 'of'"},
        {"'time': {'scale': 2}, ", "must have 'of'"},
        {"'time': {'of': 3}, ", "must have 'of'"},
        {"'time': {'of': ''}, ", "is of ''"},
        {"'time': {'of': 't', 'of': 't'}, ", "has 'of' twice"},
        {"'time': {'of': 't', 'factor': 2}, ", "has 'factor': of, at,"},
        {"'time': {'of': 't', 'scale': 0}, ", "a number up to 1e30, not 0"},
        {"'time': {'of': 't', 'scale': '2'}, ", "a number up to 1e30, not 0"},
        {"'time': {'of': 't', 'scale': 1e31}, ", "a number up to 1e30, not 0"},
        {"'time': {'of': 't', 'offset': -1e31}, ", "an 'offset' that must be a number up to"},
        {"'time': {'of': 't', 'at': [-1e308, 1e308], 'values': [0, 1]}, ", "numbers up to 1e30"},
        {"'time': {'of': 't', 'rounding': 1}, ", "must have none, nearest, up or down"},
        {"'time': {'of': 't', 'rounding': 'half'}, ", "must have none, nearest, up or down"},
        {"'time': {'of': 't', 'offset': true}, ", "an 'offset' that must be a number"},
        {"'time': {'of': 't', 'at': [0, 1]}, ", "as many 'at' as 'values', from 2"},
        {"'time': {'of': 't', 'values': [0, 1]}, ", "as many 'at' as 'values', from 2"},
        {"'time': {'of': 't', 'at': [0], 'values': [0]}, ", "as many 'at' as 'values', from 2"},
        {"'time': {'of': 't', 'at': [0, 1], 'values': [0, 1, 2]}, ", "as many 'at' as 'values'"},
        {"'time': {'of': 't', 'at': [0, '1'], 'values': [0, 1]}, ", "must have numbers up to"},
        {"'time': {'of': 't', 'at': [0, 1], 'values': [0, [1]]}, ", "must have numbers up to"},
        {"'time': {'of': 't', 'at': [1, 1], 'values': [0, 1]}, ", "numbers that rise in 'at'"},
        {"'sigma_data': 0.5, ", "is for a 'precondition' of simple or karras"},
        {"'sigma_data': 0.5, 'precondition': 'unscaled', ", "is for a 'precondition' of simple"},
        {"'sigma_data': 0, 'precondition': 'karras', ", "must be from 1e-6 to 1e6"},
        {"'sigma_data': -1, 'precondition': 'karras', ", "must be from 1e-6 to 1e6"},
        {"'precondition': 'edm', ", "must be none, simple, karras, unscaled or"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
        check_refused(cases[i][0], TIME, cases[i][1]);
    check_refused("'time': 'sigma', ",
                  "'programs': {'denoise': {'inputs': {'x': [2]}, 'instructions': [{'map': ['x'], "
                  "'function': 'neg'}], 'output': 0}}}",
                  "has no input 'time', but the description has the field 'time'");
}

/* At the points of a table, t = k / 999, the index is k, however it is rounded. */
TEST(program_time, an_index_is_its_own)
{
    static const char *const roundings[] = {"none", "nearest", "up", "down"};
    static const float x[2] = {1, 1};
    quell_schedule *noise = must_schedule("vp");
    for (size_t i = 0; i < 4; i++) {
        char fields[100];
        quell_model *model = NULL;
        snprintf(fields, sizeof fields, "'time': {'of': 't', 'scale': 999, 'rounding': '%s'}, ",
                 roundings[i]);
        MUST(described_network(&model, fields, TIME));
        quell_sampler *sampler = must_sampler("ddim", quell_model_denoiser(model), noise, 3);
        for (int k = 1; k < 1000; k++) {
            float y[2];
            MUST(quell_denoise(sampler, NULL, NULL, k / 999.0, x, y));
            CHECK(y[0] == (float)k, "%s: %g, not %d", roundings[i], (double)y[0], k);
        }
        quell_sampler_free(sampler);
        quell_model_free(model);
    }
    quell_schedule_free(noise);
}

/* Where a form is not defined: sigma / alpha at alpha = 0. */
TEST(program_time, undefined_points)
{
    static const char *const fields[] = {"'time': 'sigma', ", "'time': 'log_snr', ",
                                         "'precondition': 'unscaled', 'time': 't', "};
    quell_schedule *noise = must_schedule("flow");
    for (size_t i = 0; i < 3; i++) {
        quell_model *model = NULL;
        MUST(described_network(&model, fields[i], TIME));
        quell_sampler *sampler = NULL;
        quell_status status =
            quell_sampler_create(&sampler, "ddim", quell_model_denoiser(model), noise, NULL);
        CHECK(status == QUELL_BAD_ARGUMENT, "%s: status %d", fields[i], (int)status);
        CHECK(strstr(quell_error_message(), "not defined where alpha = 0"), "%s: %s", fields[i],
              quell_error_message());
        quell_sampler_free(sampler);
        quell_model_free(model);
    }
    quell_schedule_free(noise);
}

/* The digest of a model has all of it. */
TEST(program_time, digest)
{
    static const char *const fields[] = {
        "",
        "'time': 'sigma', ",
        "'time': 'log_sigma', ",
        "'time': {'of': 'sigma', 'scale': 2}, ",
        "'time': {'of': 'sigma', 'rounding': 'up'}, ",
        "'time': {'of': 'sigma', 'offset': 1}, ",
        "'time': {'of': 'sigma', 'at': [0, 1], 'values': [0, 1]}, ",
        "'time': {'of': 'sigma', 'at': [0, 1], 'values': [0, 2]}, ",
        "'precondition': 'unscaled', ",
        "'precondition': 'simple', ",
        "'precondition': 'simple', 'sigma_data': 0.5, ",
    };
    enum { CASES = sizeof fields / sizeof *fields };
    uint64_t digests[CASES];
    for (size_t i = 0; i < CASES; i++) {
        quell_model *model = NULL;
        MUST(described_network(&model, fields[i], TIME));
        digests[i] = quell_denoiser_digest(quell_model_denoiser(model));
        for (size_t k = 0; k < i; k++)
            CHECK(digests[i] != digests[k], "%s: as %s", fields[i], fields[k]);
        quell_model_free(model);
    }
}
