/* SPDX-License-Identifier: MIT */
/* Options on how to sample, other than the sampler and its steps, that sample, plan and compare
 * share. */
#ifndef QUELL_CLI_SAMPLING_H
#define QUELL_CLI_SAMPLING_H

#include <quell/quell.h>
#include "cli/options.h"

struct sampling {
    const char *schedule;       /* NULL until it is chosen */
    const char *grid;           /* NULL if it is not given */
    const char *times, *sigmas; /* the texts of these options */
    double *points;             /* the values of one of the two */
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

/* Rows for the members of `struct owner`, most of which are in its member `sampling`. */
#define SCHEDULE_ROW(owner)                                                                      \
    TEXT_ROW(owner, sampling.schedule, "schedule", "S",                                          \
             "The noise schedule, NAME[:KEY=VALUE,...] (default the model's own, else vp): see " \
             "`quell list schedules`.")

#define PRECISION_ROW(owner)                                                            \
    TEXT_ROW(                                                                           \
        owner, precision, "precision", "P",                                             \
        "The precision of a network's weights: stored (the default); bf16: rounded to " \
        "bfloat16, in half of the memory; or bf16_products: with products of bfloat16 numbers.")

#define BROWNIAN_ROW(owner)                                                                    \
    FLAG_ROW(owner, sampling.brownian, "brownian",                                             \
             "Draw the noise of each sample from one Brownian path: with the same seed, more " \
             "steps converge to the same samples.")

#define TIME_ROWS(owner)                                                                           \
    TEXT_ROW(owner, sampling.grid, "grid", "G",                                                    \
             "How the steps are placed in time, NAME[:KEY=VALUE,...] (default linear): "           \
             "see `quell list grids`."),                                                           \
        NUMBER_ROW(owner, sampling.start, "start", "T", 0, 1,                                      \
                   "The first time, at the noise (default 1)."),                                   \
        NUMBER_ROW(owner, sampling.stop, "stop", "T", 0, 1,                                        \
                   "The last time, at the samples (default 0)."),                                  \
        TEXT_ROW(                                                                                  \
            owner, sampling.times, "times", "T,T,...",                                             \
            "The times themselves, falling (1,0.5,0), or a file of them (.npy or text). They "     \
            "take the place of the steps, --grid, --start and --stop."),                           \
        TEXT_ROW(                                                                                  \
            owner, sampling.sigmas, "sigmas", "S,S,...",                                           \
            "The same, but as falling values of sigma / alpha. One up to 1% beyond an end of the " \
            "schedule is taken for that end.")

#define MACHINE_ROWS(owner)                                                                       \
    COUNT_ROW(owner, threads, "threads", "T", 0, 65536,                                           \
              "The upper bound on the number of threads (default 0: as many as OMP_NUM_THREADS, " \
              "the affinity "                                                                     \
              "mask and the cgroup allow)."),                                                     \
        TEXT_ROW(owner, isa, "isa", "I",                                                          \
                 "The instruction set (default $QUELL_ISA, else the widest of this machine): "    \
                 "see `quell list isas`.")

/* The rules between these options. */
#define SAMPLING_RULES                                                             \
    {"times", OPTION_EXCLUDES, "sigmas"}, {"times", OPTION_EXCLUDES, "grid"},      \
        {"times", OPTION_EXCLUDES, "start"}, {"times", OPTION_EXCLUDES, "stop"},   \
        {"sigmas", OPTION_EXCLUDES, "grid"}, {"sigmas", OPTION_EXCLUDES, "start"}, \
        {"sigmas", OPTION_EXCLUDES, "stop"}

#define PRIOR_ROWS(owner)                                                                      \
    NUMBER_ROW(owner, sampling.prior_mean, "prior-mean", "M", -1e30, 1e30,                     \
               "The mean of an element of X (default 0). A run that starts at a time below 1 " \
               "draws its first states from N(alpha M, alpha^2 V + sigma^2)."),                \
        NUMBER_ROW(owner, sampling.prior_variance, "prior-variance", "V", 0, 1e30,             \
                   "The variance V of an element of X, for the same (default 1).")

#define CLAMP_ROWS(owner)                                                                          \
    NUMBER_ROW(                                                                                    \
        owner, sampling.clamp_low, "clamp-low", "X", -INFINITY, INFINITY,                          \
        "Clamp the denoiser's output from below, as to -1 for images (default: no bound)."),       \
        NUMBER_ROW(owner, sampling.clamp_high, "clamp-high", "X", -INFINITY, INFINITY,             \
                   "Clamp the denoiser's output from above (default: no bound)."),                 \
        NUMBER_ROW(owner, sampling.threshold, "threshold", "Q", 0, 1,                              \
                   "Dynamic thresholding: where the Q-quantile s of the denoiser's output |x|, "   \
                   "as 0.995, is above 1, clamp to [-s, s] and divide by s (default 0: do not)."), \
        NUMBER_ROW(owner, sampling.threshold_max, "threshold-max", "X", 1, INFINITY,               \
                   "The upper bound on this threshold s (default: no bound).")

/* Loads a model. `precision` is NULL for the stored one. Whatever the reason of a failure is, its
 * exit code is that of a bad model. This and the functions below return an exit code; if it is not
 * EXIT_DONE, they have complained. */
int sampling_open_model(quell_model **model, const char *name, const char *precision);

/* Chooses the instruction set (NULL: the default) and the threads (0: the default). */
int sampling_choose_machine(const char *isa, uint64_t threads, const char **chosen, size_t *count);

/* Reads --times or --sigmas if one of them is given, and then sets *steps to their number of
 * steps. */
int sampling_read_points(struct sampling *sampling, uint64_t *steps);

/* Frees the points. */
void sampling_free(struct sampling *sampling);

/* Chooses the schedule of --schedule; without it, the model's own; without that, vp. */
void sampling_choose_schedule(struct sampling *sampling, const quell_model *model);

/* Creates the sampler described by `spec`, on the chosen schedule and grid. `steps` is 0 if it is
 * not given. The library refuses options that have no effect. */
quell_status sampling_create(const struct sampling *sampling, const char *spec, size_t steps,
                             const quell_denoiser *denoiser, quell_sampler **sampler);

/* Refuses to start at a time below 1 if the distribution of the states there is not given. `from`
 * is the file of the states, or NULL. `instead` names other options in the message. */
int sampling_check_start(const struct sampling *sampling, const quell_sampler *sampler,
                         const char *from, const char *instead);

/* Returns the grid's name. */
const char *sampling_grid(const struct sampling *sampling);

#endif
