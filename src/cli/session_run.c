/* SPDX-License-Identifier: MIT */
/* Samples are drawn in batches of bounded memory, each written before the next is drawn. A batch
 * moves run.first on and nothing else, so the samples are those of one large run. */
#include "cli/cli.h"
#include "cli/interrupt.h"
#include "cli/progress.h"
#include "cli/session.h"
#include "base/memory.h"

#include <stdio.h>
#include <stdlib.h>

#define BATCH_BYTES ((size_t)16 << 20)

static size_t batch_rows(const struct session *session)
{
    size_t rows = BATCH_BYTES / (session->dim * sizeof(float));
    if (rows < 1) rows = 1;
    return rows < session->count ? rows : session->count;
}

static quell_status keep(struct session *session, size_t rows, const float *x)
{
    quell_status status = QUELL_OK;
    if (session->plot) status = plot_add(session->plot, rows, x);
    if (!status && session->out.path)
        status = quell_output_write(&session->out, x, rows * session->dim * sizeof *x);
    return status;
}

static quell_status draw(struct session *session, const quell_run *run, float *x)
{
    quell_status status = session->from.path
                              ? quell_npy_floats(&session->from, run->count * session->dim, x)
                              : quell_init(session->sampler, run, x);
    if (!status && interrupt_signal) status = QUELL_STOPPED;
    if (!status) status = quell_forward(session->sampler, run, x);
    return status ? status : keep(session, run->count, x);
}

static quell_status draw_all(struct session *session, struct progress *progress, float *x,
                             int32_t *classes)
{
    quell_run run = quell_run_defaults();
    run.seed = session->options.seed;
    run.threads = session->options.threads;
    run.tile = session->options.tile;
    run.isa = session->isa;
    run.classes = classes;
    run.progress = progress_tick;
    run.progress_user = progress;
    for (size_t done = 0; done < session->count; done += run.count) {
        size_t rows = batch_rows(session), left = session->count - done;
        run.first = session->options.first + done;
        run.count = rows < left ? rows : left;
        progress->done = done;
        progress->batch = run.count;
        quell_status status = QUELL_OK;
        if (classes) status = labels_fill(&session->labels, run.first, run.count, classes);
        if (!status) status = draw(session, &run, x);
        if (status) return status;
    }
    return QUELL_OK;
}

int session_run(struct session *session)
{
    struct progress progress;
    progress_begin(&progress, session->count, "samples", session->options.quiet);
    float *x = quell_new(batch_rows(session) * session->dim, sizeof *x);
    bool labels = session->labels.wanted;
    int32_t *classes = labels ? quell_new(batch_rows(session), sizeof *classes) : NULL;
    if (!x || (labels && !classes)) {
        free(x);
        free(classes);
        return complain(EXIT_MEMORY, "no memory for %zu samples", batch_rows(session));
    }
    quell_status status = draw_all(session, &progress, x, classes);
    free(x);
    free(classes);
    progress_end(&progress);
    session->seconds = progress_clock() - progress.start;
    return status || interrupt_signal ? complain_run(status) : EXIT_DONE;
}

int session_commit(struct session *session)
{
    quell_status status = QUELL_OK;
    if (session->plot) status = plot_write(session->plot, &session->picture);
    if (!status && session->out.path) status = quell_output_commit(&session->out);
    if (!status && session->plot) status = quell_output_commit(&session->picture);
    return status ? complain_run(status) : EXIT_DONE;
}
