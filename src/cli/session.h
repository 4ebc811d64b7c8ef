/* SPDX-License-Identifier: MIT */
/* One `quell sample` from its options to its files. In `quell-mpi sample` each rank has one, which
 * draws the rank's own samples; all ranks together write the files. */
#ifndef QUELL_CLI_SESSION_H
#define QUELL_CLI_SESSION_H

#include <quell/quell.h>
#include <stdint.h>
#include "cli/resume/partial.h"
#include "cli/pictures/plot.h"
#include "cli/progress.h"
#include "cli/sample_options.h"
#include "cli/samples_digest.h"
#include "io/npy.h"
#include "io/output.h"

struct session {
    struct sample_options options;
    quell_model *model;
    quell_sampler *sampler;
    uint64_t digest, guide_digest; /* of the model before it is guided, and of its guide */
    struct samples_digest drawn;   /* for the report: of the samples */
    const char *isa;
    struct subject shown; /* what is written: a sample, decoded where the model has a decoder */
    size_t elements;      /* of it */
    float *latents;       /* of a batch, where they are decoded */
    size_t latents_room;
    size_t dim, count, threads, ranks; /* ranks: 0 of `quell sample` */
    size_t found;                      /* samples that an interrupted run had finished */
    const char *counted;               /* the option that said how many samples there are */
    size_t skipped;                    /* samples of other ranks before those of this one */
    struct stream_list seeds, indices;
    struct labels labels;
    struct conditions conditions, negative;
    int32_t negative_class; /* -1: none */
    struct guided guided;
    struct quell_npy from;
    struct quell_output out, picture;
    struct partial partial;
    struct partial_plan plan;
    struct plot *plot;
    double seconds;
};

/* Each returns an exit code, and has complained if it is not EXIT_DONE. */
int session_prepare(struct session *session); /* all but the places where the results go */
int session_open(struct session *session);    /* these too */
int session_run(struct session *session);     /* draws and writes all samples */
int session_commit(struct session *session);  /* gives the files their names */

/* After session_prepare: skips the first `skipped` samples and draws `rows` from there on. Returns
 * an exit code like the functions above. */
int session_narrow(struct session *session, size_t skipped, size_t rows);

/* Returns everything that the samples depend on, as lines of a name and a value, to be freed. NULL
 * after a failure: it has complained, and *code is the exit code (session_settings.c). */
char *session_settings(const struct session *session, int *code);

/* Adds the next rows of samples to their digest, if a report is wanted. */
void session_note(struct session *session, size_t rows, const float *x);

/* Skips what the next rows of samples are told and start from. */
quell_status session_skip(struct session *session, size_t rows);

/* Whether samples have seeds or indices of their own. */
bool session_lists(const struct session *session);

/* Draws the next rows of samples, `done` of which are drawn, to x[rows][dim]. */
quell_status session_draw(struct session *session, struct progress *progress, size_t done,
                          size_t rows, float *x);

/* Frees everything, and removes files that were not committed, unless --resume keeps them. */
void session_close(struct session *session);

/* Reports what was done. */
int session_report(const struct session *session);

#endif
