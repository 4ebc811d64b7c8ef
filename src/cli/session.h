/* SPDX-License-Identifier: MIT */
/* A session: one `quell sample`, from its options to its files. In `quell-mpi sample` each rank has
 * a session, which draws the rank's own samples; all ranks write the files together. */
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
    uint64_t digest;             /* of the model, before guidance is applied to it */
    uint64_t guide_digest;       /* of the guide */
    struct samples_digest drawn; /* of the samples, for the report */
    const char *isa;
    struct subject shown; /* a sample as it is written: decoded if there is a decoder */
    size_t elements;      /* of such a sample */
    float *latents;       /* the samples of a batch before they are decoded */
    size_t latents_room;  /* how many samples `latents` has memory for */
    size_t dim, count, threads;
    size_t ranks;        /* 0 in `quell sample` */
    size_t found;        /* samples that an interrupted run had finished */
    const char *counted; /* the option from which the number of samples was taken */
    size_t skipped;      /* samples before those of this session, which other ranks draw */
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

/* Each returns an exit code; if it is not EXIT_DONE, it has complained. */
int session_prepare(struct session *session); /* opens everything but the outputs */
int session_open(struct session *session);    /* opens the outputs as well */
int session_run(struct session *session);     /* draws and writes all samples */
int session_commit(struct session *session);  /* gives the files their names */

/* After session_prepare: skips the first `skipped` samples and draws `rows` from there on. Returns
 * an exit code like the functions above. */
int session_narrow(struct session *session, size_t skipped, size_t rows);

/* Returns everything that the samples depend on, as lines of a name and a value, to be freed by the
 * caller. Returns NULL after a failure, of which it has complained; *code is then the exit code
 * (session_settings.c). */
char *session_settings(const struct session *session, int *code);

/* Adds the next rows of samples to their digest, if a report is wanted. */
void session_note(struct session *session, size_t rows, const float *x);

/* Skips the input of the next rows of samples: their classes, conditions, streams and states. */
quell_status session_skip(struct session *session, size_t rows);

/* Whether each sample has a seed or an index of its own. */
bool session_lists(const struct session *session);

/* Draws the next rows of samples to x[rows][dim]; `done` samples have been drawn before. */
quell_status session_draw(struct session *session, struct progress *progress, size_t done,
                          size_t rows, float *x);

/* Frees everything, and removes files that were not committed, unless --resume keeps them. */
void session_close(struct session *session);

/* Reports what was done. */
int session_report(const struct session *session);

#endif
