/* SPDX-License-Identifier: MIT */
/* One `quell sample` from its options to its files. */
#ifndef QUELL_CLI_SESSION_H
#define QUELL_CLI_SESSION_H

#include <quell/quell.h>
#include <stdint.h>
#include "cli/guidance.h"
#include "cli/labels.h"
#include "cli/plot.h"
#include "cli/sampling.h"
#include "io/npy.h"
#include "io/output.h"

/* Names not given are NULL, and a count not given is 0. */
struct sample_options {
    const char *model, *sampler, *from, *isa, *out, *plot;
    uint64_t steps, count, first, seed, threads, tile;
    struct label_options labels;
    struct guidance_options guidance;
    struct sampling sampling;
    int json, quiet;
};

struct session {
    struct sample_options options;
    quell_model model;
    quell_sampler *sampler;
    const char *isa;
    size_t dim, count, threads;
    struct labels labels;
    struct quell_npy from;
    struct quell_output out, picture;
    struct plot *plot;
    double seconds;
};

/* Each returns an exit code, and has complained if it is not EXIT_DONE. */
int session_open(struct session *session);
int session_run(struct session *session);    /* draws and writes all samples */
int session_commit(struct session *session); /* gives the files their names */

/* Frees everything, and removes files that were not committed. */
void session_close(struct session *session);

/* Says what was done. */
int session_report(const struct session *session);

#endif
