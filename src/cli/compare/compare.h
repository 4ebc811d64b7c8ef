/* SPDX-License-Identifier: MIT */
/* One `quell compare` from its options to its table. */
#ifndef QUELL_CLI_COMPARE_COMPARE_H
#define QUELL_CLI_COMPARE_COMPARE_H

#include <quell/quell.h>
#include <stdbool.h>
#include <stdint.h>
#include "distance/distance.h"
#include "cli/sampling.h"
#include "io/output.h"

struct compare_options {
    const char *model, *samplers, *evaluations, *isa, *plot;
    uint64_t count, seed, threads;
    struct sampling sampling;
    int json, quiet;
};

/* One sampler with one budget of evaluations. */
struct trial {
    size_t sampler, budget;
    size_t steps;       /* as many as the budget allows; 0 if it allows none */
    size_t evaluations; /* those that these steps take */
    bool finite;        /* all samples were finite */
    struct quell_distance distance;
};

struct comparison {
    struct compare_options options;
    quell_model *model;
    const char *isa;
    size_t threads;
    char *specs;           /* the samplers, each ended by '\0' */
    const char **samplers; /* [sampler_count] */
    size_t sampler_count, budget_count;
    uint64_t steps;              /* those of --times or --sigmas; 0: as many as a budget allows */
    uint64_t *budgets;           /* in ascending order */
    struct trial *trials;        /* [sampler_count][budget_count] */
    double alpha, sigma;         /* the law that is drawn: alpha X + sigma Z */
    double spread;               /* the distance of the law from its mean */
    struct quell_distance floor; /* the distance between two sets of exact draws */
    struct quell_output picture;
};

/* Each returns an exit code; if it is not EXIT_DONE, it has complained (compare_open.c,
 * compare_run.c, compare_report.c). */
int comparison_open(struct comparison *comparison);
int comparison_run(struct comparison *comparison);
int comparison_plot(struct comparison *comparison);
int comparison_report(const struct comparison *comparison);

/* Creates the sampler described by `spec`, with the options of the comparison (compare_open.c). */
quell_status comparison_create(const struct comparison *comparison, const char *spec, size_t steps,
                               quell_sampler **sampler);

void comparison_close(struct comparison *comparison);

static inline struct trial *comparison_trial(const struct comparison *comparison, size_t sampler,
                                             size_t budget)
{
    return &comparison->trials[sampler * comparison->budget_count + budget];
}

#endif
