/* SPDX-License-Identifier: MIT */
/* How to sample, besides the sampler and its steps: options that sample, plan and compare share. */
#ifndef QUELL_CLI_SAMPLING_H
#define QUELL_CLI_SAMPLING_H

#include <quell/quell.h>
#include "cli/options.h"

/* schedule: NULL until it is chosen. grid: NULL if it is not given. times, sigmas: as they were
 * asked for; points: the values, of one of the two. */
struct sampling {
    const char *schedule, *grid, *times, *sigmas;
    double *points;
    double start, stop, prior_mean, prior_variance, clamp_low, clamp_high, threshold, threshold_max;
    int brownian;
};

#define SAMPLING_DEFAULTS          \
    {                              \
        .start = 1,                \
        .prior_variance = 1,       \
        .clamp_low = -INFINITY,    \
        .clamp_high = INFINITY,    \
        .threshold_max = INFINITY, \
    }

/* The rows for the member `sampling` of `struct owner`. */
#define SAMPLING_ROWS(owner)                                                                    \
    TEXT_ROW(owner, sampling.grid, "grid", "G",                                                 \
             "NAME[:KEY=VALUE,...], see `quell list grids`: where\nthe steps lie in time "      \
             "(linear)"),                                                                       \
        NUMBER_ROW(owner, sampling.start, "start", "T", 0, 1, "the first time, of noise (1)"),  \
        NUMBER_ROW(owner, sampling.stop, "stop", "T", 0, 1, "the last time, of samples (0)"),   \
        TEXT_ROW(owner, sampling.times, "times", "T,T,...",                                     \
                 "the times themselves, falling, or a file of them\n"                           \
                 "(.npy or text), in the place of --steps and --grid"),                         \
        TEXT_ROW(owner, sampling.sigmas, "sigmas", "S,S,...",                                   \
                 "values of sigma / alpha in place of the times; one up\nto 1% beyond the "     \
                 "schedule's end is that end"),                                                 \
        FLAG_ROW(owner, sampling.brownian, "brownian",                                          \
                 "one path of noise for each sample, whatever the steps:\nwith the same seed, " \
                 "more steps converge to the\nsame samples")

/* The rules between these options. */
#define SAMPLING_RULES                                                             \
    {"times", OPTION_EXCLUDES, "sigmas"}, {"times", OPTION_EXCLUDES, "grid"},      \
        {"times", OPTION_EXCLUDES, "start"}, {"times", OPTION_EXCLUDES, "stop"},   \
        {"sigmas", OPTION_EXCLUDES, "grid"}, {"sigmas", OPTION_EXCLUDES, "start"}, \
        {"sigmas", OPTION_EXCLUDES, "stop"}

#define PRIOR_ROWS(owner)                                                                      \
    NUMBER_ROW(owner, sampling.prior_mean, "prior-mean", "M", -1e30, 1e30,                     \
               "E[X] of an element: a run that begins at --start < 1\ndraws its first states " \
               "from N(alpha M, alpha^2 V +\nsigma^2) (0)"),                                   \
        NUMBER_ROW(owner, sampling.prior_variance, "prior-variance", "V", 0, 1e30,             \
                   "V[X] of an element, for the same (1)")

#define CLAMP_ROWS(owner)                                                                  \
    NUMBER_ROW(owner, sampling.clamp_low, "clamp-low", "X", -INFINITY, INFINITY,           \
               "lower bound on the denoiser's output, as -1 for\nimages (none)"),          \
        NUMBER_ROW(owner, sampling.clamp_high, "clamp-high", "X", -INFINITY, INFINITY,     \
                   "upper bound on the denoiser's output (none)"),                         \
        NUMBER_ROW(owner, sampling.threshold, "threshold", "Q", 0, 1,                      \
                   "dynamic thresholding by the Q-quantile of the\ndenoiser's output, as " \
                   "0.995 (0: none)"),                                                     \
        NUMBER_ROW(owner, sampling.threshold_max, "threshold-max", "X", 1, INFINITY,       \
                   "upper bound on that quantile (none)")

/* Loads a model; whatever the reason of a failure, it is reported as the model's. This and the
 * functions below return an exit code, and have complained if it is not EXIT_DONE. */
int sampling_open_model(quell_model **model, const char *name);

/* Chooses the instruction set (NULL: the default) and the threads (0: the default). */
int sampling_choose_machine(const char *isa, uint64_t threads, const char **chosen, size_t *count);

/* Reads --times or --sigmas, if one is given, and then sets *steps. */
int sampling_read_points(struct sampling *sampling, uint64_t *steps);

/* Frees them. */
void sampling_free(struct sampling *sampling);

/* Chooses the schedule that is asked for, or else the model's own, or else vp. */
void sampling_choose_schedule(struct sampling *sampling, const quell_model *model);

/* Creates the sampler that a spec names, on the chosen schedule and grid; steps: 0: not given. What
 * has no effect with the rest is refused by the library. */
quell_status sampling_create(const struct sampling *sampling, const char *spec, size_t steps,
                             const quell_denoiser *denoiser, quell_sampler **sampler);

/* Refuses a start in the middle without a word on the law there. from: the file of the states, or
 * NULL; instead: what else could be given. */
int sampling_check_start(const struct sampling *sampling, const quell_sampler *sampler,
                         const char *from, const char *instead);

/* The grid's name. */
const char *sampling_grid(const struct sampling *sampling);

#endif
