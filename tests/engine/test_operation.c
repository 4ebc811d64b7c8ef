/* SPDX-License-Identifier: MIT */
/* A plan as data: a naive interpreter in double, which knows nothing of the library but its public
 * headers, goes through the operations of a sampler and comes to the samples that it draws. */
#include "harness.h"
#include "models.h"
#include "names.h"

#include <ctype.h>
#include <math.h>
#include <quell/operation.h>
#include <string.h>

#define DIM 3
#define STEPS 6
#define MEAN 0.3
#define VARIANCE 0.5
#define SEED 11
#define SAMPLE 4

/* The denoiser of N(MEAN, VARIANCE). The v that it gives as its learned variance is its input. */
static double mean_of(const quell_point *t, double x)
{
    double s = t->sigma * t->sigma, v = t->alpha * t->alpha * VARIANCE;
    return MEAN + t->alpha * VARIANCE / (v + s) * (x - t->alpha * MEAN);
}

static double learned(double x) { return tanh(x); }

static int denoise(void *user, const quell_call *call, const float *input, float *output)
{
    (void)user;
    quell_point t = {call->t, call->alpha, call->sigma, 0, 0};
    for (size_t i = 0; i < call->rows * call->dim; i++) {
        output[i] = (float)mean_of(&t, (double)input[i]);
        if (call->variance) call->variance[i] = (float)learned((double)input[i]);
    }
    return 0;
}

typedef double values[DIM];

static void noise_of(const quell_operation_noise *noise, double *out)
{
    float z[DIM];
    if (noise->path)
        MUST(quell_noise_brownian(SEED, noise->slot, noise->from, noise->to, SAMPLE, 0, DIM, z));
    else
        MUST(quell_noise(quell_noise_key(SEED, noise->from, noise->to), noise->slot, SAMPLE, 0, DIM,
                         z));
    for (size_t e = 0; e < DIM; e++) out[e] = (double)z[e];
}

static void evaluate(const quell_operation *op, values *registers)
{
    for (size_t e = 0; e < DIM; e++) {
        double x = registers[op->term[0].source][e], mean = mean_of(&op->t, x);
        registers[op->out][e] = op->apart ? mean - x / op->t.alpha : mean;
        if (op->variance != QUELL_STATE) registers[op->variance][e] = learned(x);
    }
}

static void combine(const quell_operation *op, values *registers)
{
    values sum = {0}, z;
    for (size_t k = 0; k < op->terms; k++)
        for (size_t e = 0; e < DIM; e++)
            sum[e] += op->term[k].coefficient * registers[op->term[k].source][e];
    for (size_t j = 0; j < op->noises; j++) {
        noise_of(&op->noise[j], z);
        for (size_t e = 0; e < DIM; e++) sum[e] += op->noise[j].coefficient * z[e];
    }
    memcpy(registers[op->out], sum, sizeof sum);
}

static void spread(const quell_operation *op, values *registers)
{
    values z;
    noise_of(&op->noise[0], z);
    for (size_t e = 0; e < DIM; e++)
        registers[op->out][e] +=
            exp(op->spread_middle + op->term[0].coefficient * registers[op->term[0].source][e]) *
            z[e];
}

static double square(const double *x)
{
    double sum = 0;
    for (size_t e = 0; e < DIM; e++) sum += x[e] * x[e];
    return sum;
}

static void langevin(const quell_operation *op, values *registers)
{
    const double *eps = registers[op->term[0].source], w = fmin(1, DIM / 100.0);
    values z;
    noise_of(&op->noise[0], z);
    double r = op->by_norms ? sqrt(square(z) / square(eps))
                            : sqrt(DIM / (w * square(eps) + (1 - w) * DIM));
    for (size_t e = 0; e < DIM; e++)
        registers[op->out][e] +=
            op->term[0].coefficient * r * r * eps[e] + op->noise[0].coefficient * r * z[e];
}

/* Takes the state through the plan, and returns the number of steps. */
static size_t interpret(const quell_sampler *sampler, values *registers)
{
    size_t steps = 0;
    for (size_t i = 0; i < quell_sampler_operations(sampler); i++) {
        quell_operation op = quell_operation_init();
        MUST(quell_sampler_operation(sampler, i, &op));
        switch (op.kind) {
        case QUELL_OPERATION_EVAL:
            evaluate(&op, registers);
            break;
        case QUELL_OPERATION_COMBINE:
            combine(&op, registers);
            break;
        case QUELL_OPERATION_SPREAD:
            spread(&op, registers);
            break;
        case QUELL_OPERATION_LANGEVIN:
            langevin(&op, registers);
            break;
        case QUELL_OPERATION_STEP:
            CHECK(op.t.t == quell_sampler_grid(sampler)[steps].t, "step %zu", steps);
            steps++;
            break;
        case QUELL_OPERATION_ADAPT:
            CHECK(0, "no adaptive sampler is interpreted");
        }
    }
    return steps;
}

static quell_denoiser *new_denoiser(void)
{
    quell_function_options options = quell_function_defaults();
    quell_denoiser *denoiser = NULL;
    options.variance = "learned_range";
    MUST(quell_denoiser_from_function(&denoiser, DIM, denoise, NULL, &options));
    return denoiser;
}

static void check(const char *spec, int brownian)
{
    values registers[QUELL_MAX_REGISTERS] = {0};
    float x[DIM];
    quell_sampler_options options = quell_sampler_defaults();
    quell_draw draw = quell_draw_defaults();
    quell_denoiser *denoiser = new_denoiser();
    quell_schedule *schedule = must_schedule("vp");
    quell_sampler *sampler = NULL;
    options.steps = STEPS, options.brownian = brownian;
    draw.seed = SEED, draw.first = SAMPLE;
    MUST(quell_sampler_create(&sampler, spec, denoiser, schedule, &options));
    MUST(quell_sample_prior(sampler, &draw, NULL, x));
    for (size_t e = 0; e < DIM; e++) registers[QUELL_STATE][e] = (double)x[e];
    CHECK(interpret(sampler, registers) == STEPS, "%s: steps", spec);
    MUST(quell_sample(sampler, &draw, NULL, x));
    for (size_t e = 0; e < DIM; e++)
        CHECK(fabs(registers[QUELL_STATE][e] - (double)x[e]) < 2e-4, "%s, %s: %g, not %g", spec,
              brownian ? "Brownian" : "by step", registers[QUELL_STATE][e], (double)x[e]);
    quell_sampler_free(sampler);
    quell_schedule_free(schedule);
    quell_denoiser_free(denoiser);
}

TEST(operation, interpreted)
{
    quell_entry entry = quell_entry_init();
    for (size_t i = 0; !quell_list(QUELL_LIST_SAMPLERS, i, &entry); i++) {
        if (!strcmp(entry.name, "dpm_adaptive")) continue;
        check(entry.name, 0);
    }
    check("ddpm", 1);
    check("sa_solver", 1);
    check("dpmpp_sde", 1);
    check("seeds3", 1);
    check("pc:corrector=langevin", 0);
    check("pc:formula=paper,corrector=langevin", 0);
    check("ddpm:variance=learned_range", 0);
    check("unipc:order=3", 0);
}

/* The word of each operation begins its line of the plan's text, in capitals. */
static void check_words(const char *spec)
{
    char text[8192], word[16];
    quell_denoiser *denoiser = new_denoiser();
    quell_schedule *schedule = must_schedule("vp");
    quell_sampler *sampler = must_sampler(spec, denoiser, schedule, 3);
    quell_operation op = quell_operation_init();
    const char *line = text;
    CHECK(quell_sampler_print(sampler, text, sizeof text) < sizeof text, "%s: too long", spec);
    for (size_t i = 0; !quell_sampler_operation(sampler, i, &op); i++) {
        const char *name = quell_operation_name(op.kind);
        size_t length = strlen(name);
        MUST(length >= sizeof word);
        for (size_t k = 0; k <= length; k++) word[k] = (char)toupper((unsigned char)name[k]);
        CHECK(!strncmp(line, word, length) && line[length] == ' ', "%s: %s: %.20s", spec, word,
              line);
        line = strchr(line, '\n') + 1;
    }
    quell_sampler_free(sampler);
    quell_schedule_free(schedule);
    quell_denoiser_free(denoiser);
}

TEST(operation, words)
{
    check_words("ddim");
    check_words("ddpm:variance=learned_range");
    check_words("pc:corrector=langevin");
    check_words("dpm_adaptive");
    CHECK(!strcmp(quell_operation_name((quell_operation_kind)17), "unknown"), "17");
}

TEST(operation, refused)
{
    quell_operation op = quell_operation_init(), zero = {0};
    quell_denoiser *denoiser = new_denoiser();
    quell_schedule *schedule = must_schedule("vp");
    quell_sampler *sampler = must_sampler("ddim", denoiser, schedule, 2);
    size_t count = quell_sampler_operations(sampler);
    CHECK(count == 6 && !quell_sampler_operations(NULL), "%zu operations", count);
    op.out = 7;
    CHECK(quell_sampler_operation(sampler, count, &op) == QUELL_NOT_FOUND && op.out == 7, "end");
    CHECK(quell_sampler_operation(sampler, 0, &zero) == QUELL_BAD_ARGUMENT, "size 0");
    CHECK(strstr(quell_error_message(), "quell_operation_init()"), "%s", quell_error_message());
    CHECK(quell_sampler_operation(NULL, 0, &op) == QUELL_BAD_ARGUMENT, "no sampler");
    CHECK(quell_sampler_operation(sampler, 0, NULL) == QUELL_BAD_ARGUMENT, "no place");
    quell_sampler_free(sampler);
    quell_schedule_free(schedule);
    quell_denoiser_free(denoiser);
}
