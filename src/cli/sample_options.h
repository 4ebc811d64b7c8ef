/* SPDX-License-Identifier: MIT */
/* The options of `quell sample`, which `quell-mpi sample` also has. */
#ifndef QUELL_CLI_SAMPLE_OPTIONS_H
#define QUELL_CLI_SAMPLE_OPTIONS_H

#include <stdint.h>
#include "cli/guidance.h"
#include "cli/class_option.h"
#include "cli/condition_option.h"
#include "cli/options.h"
#include "cli/sampling.h"
#include "cli/stream_option.h"

/* Texts that are not given are NULL. */
struct sample_options {
    const char *model, *precision, *sampler, *from, *isa, *out, *plot, *seeds, *indices;
    uint64_t steps, count, first, seed, threads, tile;
    struct label_options labels;
    struct option_words conditions, negative_conditions;
    const char *negative_class;
    struct guidance_options guidance;
    struct sampling sampling;
    int latent, resume, json, quiet;
};

#define SAMPLE_DEFAULTS                \
    {                                  \
        .sampler = "ddim",             \
        .guidance = GUIDANCE_DEFAULTS, \
        .sampling = SAMPLING_DEFAULTS, \
    }

extern const struct option_row sample_rows[];
extern const struct option_rule sample_rules[];

/* Checks the options against each other. Returns an exit code; if it is not EXIT_DONE, the function
 * has complained. */
int sample_check(const struct sample_options *options);

#endif
