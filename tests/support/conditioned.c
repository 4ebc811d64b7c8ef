/* SPDX-License-Identifier: MIT */
#include "conditioned.h"
#include "described.h"
#include "harness.h"
#include "models.h"
#include "tensor_file.h"

#include <stdio.h>

/* 0: alpha, 1: sigma^2, 2: alpha variance, 3: the denominator, 4: the factor, 5: alpha mean. The
 * table of the mean's scale makes an instruction that depends on conditions alone. */
#define DENOISE                                                                         \
    "{'inputs': {'x': [3], 'time': [], 'mean': [3], 'variance': []}, 'instructions': [" \
    "{'map': [[1], 'time'], 'function': 'sub'},"                                        \
    "{'map': ['time'], 'function': 'square'},"                                          \
    "{'map': [0, 'variance'], 'function': 'mul'},"                                      \
    "{'map': [0, 2, 1], 'function': 'fma'},"                                            \
    "{'map': [2, 3], 'function': 'div'},"                                               \
    "{'map': ['mean', [2]], 'function': 'mul'},"                                        \
    "{'map': [5, [0.5]], 'function': 'mul'},"                                           \
    "{'map': [0, 6], 'function': 'mul'},"                                               \
    "{'map': ['x', 7], 'function': 'sub'},"                                             \
    "{'map': [4, 8, 6], 'function': 'fma'}], 'output': 9}"

static void describe(const char *fields, char *description, size_t size)
{
    snprintf(description, size,
             "{'kind': 'network', 'version': 1, 'shape': [3], 'output': 'x0', "
             "'schedule': 'rectified', %s'programs': {'denoise': " DENOISE "}}",
             fields);
}

size_t conditioned_file(const char *fields, char *file)
{
    static struct tensor_writer writer;
    char description[4096];
    describe(fields, description, sizeof description);
    tensor_begin(&writer, description);
    return tensor_finish(&writer, file);
}

quell_model *conditioned_model(const char *fields)
{
    char description[4096];
    quell_model *model = NULL;
    describe(fields, description, sizeof description);
    MUST(described_read(&model, description));
    return model;
}

quell_sampler *conditioned_sampler(const quell_denoiser *denoiser, const char *spec, size_t steps)
{
    quell_schedule *schedule = must_schedule("rectified");
    quell_sampler *sampler = must_sampler(spec, denoiser, schedule, steps);
    quell_schedule_free(schedule);
    return sampler;
}

void conditioned_twin(double t, const float *x, const float *mean, double variance, double *out)
{
    double alpha = 1 - t, factor = alpha * variance / (alpha * alpha * variance + t * t);
    for (size_t i = 0; i < CONDITIONED_DIM; i++)
        out[i] = (double)mean[i] + factor * ((double)x[i] - alpha * (double)mean[i]);
}
