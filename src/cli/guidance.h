/* SPDX-License-Identifier: MIT */
/* Guidance as the command line asks for it. */
#ifndef QUELL_CLI_GUIDANCE_H
#define QUELL_CLI_GUIDANCE_H

#include <quell/quell.h>
#include "cli/options.h"

/* weight, guide: NULL where not given. */
struct guidance_options {
    const char *weight, *guide;
    double low, high;
};

#define GUIDANCE_DEFAULTS {.high = 1}

#define GUIDANCE_ROWS(owner)                                                                       \
    TEXT_ROW(                                                                                      \
        owner, guidance.weight, "guidance", "W",                                                   \
        "W times the model with its class and 1 - W times\nthe model without (1: no guidance); "   \
        "T:W,T:W,...:\na weight for each time, linear in between"),                                \
        TEXT_ROW(                                                                                  \
            owner, guidance.guide, "guide", "M",                                                   \
            "take 1 - W times this model, in place of the model\nwithout a class (autoguidance)"), \
        NUMBER_ROW(owner, guidance.low, "guidance-low", "T", 0, 1, "guide from this time on (0)"), \
        NUMBER_ROW(owner, guidance.high, "guidance-high", "T", 0, 1, "guide up to this time (1)")

#define GUIDANCE_RULES                                                               \
    {"guide", OPTION_NEEDS, "guidance"}, {"guidance-low", OPTION_NEEDS, "guidance"}, \
        {"guidance-high", OPTION_NEEDS, "guidance"}

/* Replaces the model's denoiser by a guided one, if guidance is asked for. *digest, unless NULL, is
 * that of a guide of its own. labelled: whether samples have classes, without which a model cannot
 * be guided by itself. Returns an exit code, and has complained if it is not EXIT_DONE. */
int guidance_apply(const struct guidance_options *options, bool labelled, quell_model *model,
                   uint64_t *digest);

#endif
