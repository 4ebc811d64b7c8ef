/* SPDX-License-Identifier: MIT */
/* Samples are drawn in batches of bounded memory, each written before the next is drawn. A batch
 * moves run.first on and nothing else, so the samples are those of one large run. */
#include "cli/cli.h"
#include "cli/interrupt.h"
#include "cli/session.h"
#include "base/fail.h"
#include "base/memory.h"

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
    return status ? status : quell_forward(session->sampler, run, x);
}

quell_status session_draw(struct session *session, struct progress *progress, size_t done,
                          size_t rows, float *x)
{
    quell_run run = quell_run_defaults();
    run.seed = session->options.seed;
    run.first = session->options.first + done;
    run.count = rows;
    run.threads = session->options.threads;
    run.tile = session->options.tile;
    run.isa = session->isa;
    run.progress = progress_tick;
    run.progress_user = progress;
    progress->done = done;
    progress->batch = rows;
    if (!session->labels.wanted) return draw(session, &run, x);
    int32_t *classes = quell_new(rows, sizeof *classes);
    if (!classes) return quell_fail(QUELL_NO_MEMORY, "no memory for %zu classes", rows);
    quell_status status = labels_fill(&session->labels, run.first, rows, classes);
    run.classes = classes;
    if (!status) status = draw(session, &run, x);
    free(classes);
    return status;
}

static quell_status draw_all(struct session *session, struct progress *progress, float *x)
{
    size_t most = batch_rows(session);
    quell_status status = QUELL_OK;
    for (size_t done = 0, rows; done < session->count && !status; done += rows) {
        rows = most < session->count - done ? most : session->count - done;
        status = session_draw(session, progress, done, rows, x);
        if (!status) status = keep(session, rows, x);
    }
    return status;
}

int session_run(struct session *session)
{
    struct progress progress;
    progress_begin(&progress, session->count, "samples", session->options.quiet);
    float *x = quell_new(batch_rows(session) * session->dim, sizeof *x);
    if (!x) return complain(EXIT_MEMORY, "no memory for %zu samples", batch_rows(session));
    quell_status status = draw_all(session, &progress, x);
    free(x);
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
