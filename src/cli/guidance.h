/* SPDX-License-Identifier: MIT */
/* The options for guidance. */
#ifndef QUELL_CLI_GUIDANCE_H
#define QUELL_CLI_GUIDANCE_H

#include <quell/quell.h>
#include "cli/options.h"

/* `weight` and `guide` are NULL if they are not given. */
struct guidance_options {
    const char *weight, *guide;
    double low, high, rescale;
};

#define GUIDANCE_DEFAULTS {.high = 1}

#define GUIDANCE_ROWS(owner)                                                                    \
    TEXT_ROW(owner, guidance.weight, "guidance", "W",                                           \
             "Classifier-free guidance of weight W: use W times the output for the class plus " \
             "1 - W times the output for no class (default 1: no guidance). T:W,T:W,... has a " \
             "weight for each time, with T rising, and is linear in between."),                 \
        TEXT_ROW(owner, guidance.guide, "guide", "M",                                           \
                 "Autoguidance: take 1 - W times the output of this model, a weaker one, in "   \
                 "place of the output for no class."),                                          \
        NUMBER_ROW(owner, guidance.low, "guidance-low", "T", 0, 1,                              \
                   "Guide only at times of T and above (default 0)."),                          \
        NUMBER_ROW(owner, guidance.high, "guidance-high", "T", 0, 1,                            \
                   "Guide only at times of T and below (default 1)."),                          \
        NUMBER_ROW(owner, guidance.rescale, "guidance-rescale", "PHI", 0, 1,                    \
                   "How far the deviation of a sample's output is kept that it has without "    \
                   "guidance, so that a "                                                       \
                   "great W does not make contrasts too strong "                                \
                   "(default 0).")

#define GUIDANCE_RULES                                                               \
    {"guide", OPTION_NEEDS, "guidance"}, {"guidance-low", OPTION_NEEDS, "guidance"}, \
        {"guidance-high", OPTION_NEEDS, "guidance"},                                 \
        {"guidance-rescale", OPTION_NEEDS, "guidance"}

/* Reads the options. The times and weights of *guidance lie in *values, which the caller frees.
 * This and the next functions return an exit code; if it is not EXIT_DONE, they have complained. */
int guidance_read(const struct guidance_options *options, quell_guidance *guidance,
                  double **values);

/* Replaces the model's denoiser by a guided one if guidance is asked for. If `digest` is not NULL
 * and the guide is another model, *digest is set to that model's digest. `labelled`: the samples
 * have classes or conditions; without any, a model cannot be guided by itself. */
int guidance_apply(const struct guidance_options *options, bool labelled, quell_model *model,
                   uint64_t *digest);

/* Refuses guidance that has no effect at time t, the only one at which the model is evaluated. */
int guidance_check_time(const struct guidance_options *options, double t);

#endif
