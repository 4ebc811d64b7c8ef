/* SPDX-License-Identifier: MIT */
/* The options of `quell quantize`, and what it makes of them. */
#ifndef QUELL_CLI_QUANTIZE_COMMAND_H
#define QUELL_CLI_QUANTIZE_COMMAND_H

#include <quell/quell.h>
#include "cli/class_option.h"
#include "cli/condition_option.h"
#include "cli/guidance.h"
#include "cli/options.h"
#include "cli/progress.h"
#include "cli/sampling.h"

struct quantize_options {
    const char *model, *out, *sampler, *isa;
    uint64_t count, steps, seed, threads;
    double bound;
    struct label_options labels;
    struct option_words conditions, negative_conditions;
    const char *negative_class;
    struct guidance_options guidance;
    struct sampling sampling;
    int json, quiet;
};

struct quantizing {
    struct quantize_options options;
    const char *isa;
    size_t threads;
    /* For checking the conditions and the guidance; the library loads the model itself. */
    quell_model *model, *guide;
    quell_guidance guidance;
    double *values; /* the times and weights of `guidance` */
    struct progress progress;
    int32_t *classes;
    int32_t negative_class;
    struct labels labels;
    struct conditions conditions, negative;
    quell_quantized *made;
};

/* Prints the result. Returns an exit code. */
int quantize_report(const struct quantizing *q);

#endif
