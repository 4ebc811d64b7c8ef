/* SPDX-License-Identifier: MIT */
/* Runs a session. Samples are drawn in batches of bounded memory, and each batch is written before
 * the next is drawn. Only draw.first changes from batch to batch, so the samples are those of a
 * single large run. If an interrupted run can be resumed, batches are also bounded in time, because
 * as much as one batch can be lost. */
#include "cli/cli.h"
#include "cli/interrupt.h"
#include "cli/session.h"
#include "base/fail.h"
#include "base/memory.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#define BATCH_BYTES ((size_t)16 << 20)

#define BATCH_SECONDS 10
#define LEAST_ROWS 64 /* for each thread, so that all threads have work */

static size_t least(size_t a, size_t b) { return a < b ? a : b; }

/* The elements of a sample before or after it is decoded, whichever are more. */
static size_t most_elements(const struct session *session)
{
    return session->dim > session->elements ? session->dim : session->elements;
}

static size_t most_rows(const struct session *session)
{
    size_t rows = BATCH_BYTES / (most_elements(session) * sizeof(float));
    return least(rows < 1 ? 1 : rows, session->count);
}

/* Returns the number of rows of the next batch; the one before had `rows` rows (0: there was none)
 * and took `seconds`. */
static size_t next_rows(const struct session *session, size_t rows, double seconds)
{
    size_t most = most_rows(session), few = least(LEAST_ROWS * session->threads, most);
    if (!session->partial.record) return most;
    if (!rows) return few;
    double wanted = (double)rows * fmin(BATCH_SECONDS / fmax(seconds, 1e-9), 8);
    return wanted >= (double)most ? most : wanted < (double)few ? few : (size_t)wanted;
}

void session_note(struct session *session, size_t rows, const float *x)
{
    if (!session->options.json) return;
    if (!session->drawn.dim)
        samples_digest_begin(&session->drawn, session->options.first + session->skipped,
                             session->elements);
    samples_digest_add(&session->drawn, x, rows * session->elements);
}

static quell_status keep(struct session *session, size_t rows, const float *x)
{
    quell_status status = QUELL_OK;
    session_note(session, rows, x);
    if (session->plot) status = plot_add(session->plot, rows, x);
    if (!status && session->out.path)
        status = quell_output_write(&session->out, x, rows * session->elements * sizeof *x);
    if (!status) status = partial_note(&session->partial, &session->out, &session->plan, x, rows);
    return status;
}

static quell_status draw_rows(struct session *session, const quell_draw *draw, const quell_run *run,
                              float *x)
{
    quell_status status = session->from.path
                              ? quell_npy_floats(&session->from, draw->count * session->dim, x)
                              : quell_sample_prior(session->sampler, draw, run, x);
    if (!status && interrupt_signal) status = QUELL_STOPPED;
    return status ? status : quell_sample_from(session->sampler, draw, run, x);
}

/* Makes room for the latents of `rows` samples. */
static quell_status make_room(struct session *session, size_t rows)
{
    if (rows <= session->latents_room) return QUELL_OK;
    free(session->latents);
    session->latents = quell_new(rows, session->dim * sizeof *session->latents);
    session->latents_room = session->latents ? rows : 0;
    if (session->latents) return QUELL_OK;
    return quell_fail(QUELL_NO_MEMORY, "no memory for %zu latents", rows);
}

/* Draws samples, and decodes them unless the latents are wanted. */
static quell_status take(struct session *session, const quell_draw *draw, const quell_run *run,
                         float *out)
{
    quell_run decode = *run;
    decode.progress = progress_stops;
    if (!quell_model_decodes(session->model) || session->options.latent)
        return draw_rows(session, draw, run, out);
    quell_status status = make_room(session, draw->count);
    if (!status) status = draw_rows(session, draw, run, session->latents);
    return status ? status
                  : quell_model_decode(session->model, draw, &decode, session->latents, out);
}

bool session_lists(const struct session *session)
{
    return session->seeds.option || session->indices.option;
}

quell_status session_skip(struct session *session, size_t rows)
{
    quell_status status = QUELL_OK;
    if (session->from.path) status = quell_npy_skip(&session->from, rows * session->dim);
    if (!status) status = labels_skip(&session->labels, rows);
    if (!status) status = conditions_skip(&session->conditions, rows);
    if (!status) status = conditions_skip(&session->negative, rows);
    if (!status) status = stream_list_skip(&session->seeds, rows);
    return status ? status : stream_list_skip(&session->indices, rows);
}

/* The classes and streams of the samples of a piece. */
struct told {
    int32_t *classes, *negative;
    uint64_t *seeds, *indices;
};

static quell_status make_told(struct told *told, size_t rows)
{
    told->seeds = quell_new(2 * rows, sizeof *told->seeds + sizeof *told->classes);
    if (!told->seeds)
        return quell_fail(QUELL_NO_MEMORY, "no memory for what %zu samples are told", rows);
    told->indices = told->seeds + rows;
    told->classes = (int32_t *)(void *)(told->indices + rows);
    told->negative = told->classes + rows;
    return QUELL_OK;
}

/* Sets the streams and the classes of a draw; its conditions have been set before. */
static quell_status tell(struct session *session, struct told *told, quell_draw *draw)
{
    size_t rows = draw->count;
    quell_status status = QUELL_OK;
    if (session->seeds.option) {
        status = stream_list_fill(&session->seeds, rows, told->seeds);
        draw->seeds = told->seeds;
    }
    if (session->indices.option && !status) {
        status = stream_list_fill(&session->indices, rows, told->indices);
        draw->indices = told->indices;
    }
    if (session->labels.wanted && !status) {
        status = labels_fill(&session->labels, draw->first, draw->indices, rows, told->classes);
        draw->classes = told->classes;
    }
    for (size_t i = 0; i < rows; i++) told->negative[i] = session->negative_class;
    if (session->negative_class >= 0) draw->negative_classes = told->negative;
    return status;
}

static quell_status draw_piece(struct session *session, struct progress *progress, size_t done,
                               size_t rows, float *x)
{
    quell_draw draw = quell_draw_defaults();
    draw.seed = session->options.seed;
    draw.first = session->options.first;
    if (!session_lists(session)) draw.first += session->skipped + done;
    draw.count = rows;
    draw.part = session->ranks || rows != session->count;
    quell_run run = quell_run_defaults();
    run.threads = session->options.threads;
    run.tile = session->options.tile;
    run.isa = session->isa;
    run.progress = progress_tick;
    run.progress_user = progress;
    progress->done = done;
    progress->batch = rows;
    quell_status status = conditions_fill(&session->conditions, rows);
    if (!status) status = conditions_fill(&session->negative, rows);
    if (status) return status;
    conditions_tell(&session->conditions, &session->negative, &draw);
    struct told told = {NULL, NULL, NULL, NULL};
    status = make_told(&told, rows);
    if (status) return status;
    status = tell(session, &told, &draw);
    if (!status) status = guided_note(&session->guided, session->sampler, &draw);
    if (!status) status = take(session, &draw, &run, x);
    free(told.seeds);
    return status;
}

/* Draws a batch in pieces, because the conditions of a sample may be much larger than the
 * sample. */
quell_status session_draw(struct session *session, struct progress *progress, size_t done,
                          size_t rows, float *x)
{
    size_t most = least(conditions_rows(&session->conditions, BATCH_BYTES),
                        conditions_rows(&session->negative, BATCH_BYTES));
    quell_status status = QUELL_OK;
    for (size_t at = 0, piece; at < rows && !status; at += piece) {
        piece = least(most, rows - at);
        status = draw_piece(session, progress, done + at, piece, x + at * session->elements);
    }
    return status;
}

/* Adds the samples that an earlier run has finished to the plot and to the report's digest. */
static quell_status note_found(struct session *session, float *x)
{
    size_t most = most_rows(session), found = session->partial.done;
    quell_status status = QUELL_OK;
    bool wanted = session->plot || session->options.json;
    for (size_t done = 0, rows; wanted && done < found && !status; done += rows) {
        rows = least(most, found - done);
        status = partial_read(&session->out, &session->plan, done, rows, x);
        if (!status) session_note(session, rows, x);
        if (!status && session->plot) status = plot_add(session->plot, rows, x);
        if (interrupt_signal) return QUELL_STOPPED;
    }
    return status;
}

/* Draws the last finished sample again, and compares it. This detects a change of the model, the
 * library or the machine that the record does not show. */
static quell_status check_found(struct session *session, struct progress *progress, float *x)
{
    size_t elements = session->elements, last = session->partial.done - 1;
    float *found = quell_new(elements, sizeof *found);
    if (!found) return quell_fail(QUELL_NO_MEMORY, "no memory for a sample");
    quell_status status = session_skip(session, last);
    if (!status) status = session_draw(session, progress, last, 1, x);
    if (!status) status = partial_read(&session->out, &session->plan, last, 1, found);
    if (!status && quell_denoiser_reproducible(quell_model_denoiser(session->model)) &&
        memcmp(found, x, elements * sizeof *x))
        status = quell_fail(QUELL_IO_FAILED,
                            "--resume: %s: its sample %zu is not what this run draws: the model, "
                            "quell or the machine has changed; leave --resume out to draw anew",
                            session->out.temporary, last);
    free(found);
    return status;
}

static quell_status draw_all(struct session *session, struct progress *progress, float *x)
{
    size_t rows = 0, count = session->count, done = session->partial.done;
    double seconds = 0;
    quell_status status = note_found(session, x);
    if (!status && done) status = check_found(session, progress, x);
    for (; done < count && !status; done += rows) {
        double start = progress_clock();
        rows = least(next_rows(session, rows, seconds), count - done);
        status = session_draw(session, progress, done, rows, x);
        if (!status) status = keep(session, rows, x);
        seconds = progress_clock() - start;
    }
    if (!status && !session->partial.done) status = guided_check(&session->guided);
    return status;
}

static int complain_stop(const struct session *session, quell_status status)
{
    const struct partial *partial = &session->partial;
    if (!interrupt_signal || !session->options.resume) return complain_run(status);
    complain(0, "stopped by %s: what is finished is in %s: the same command goes on with it",
             interrupt_name(), partial->record ? session->out.temporary : "");
    return EXIT_SIGNAL + (int)interrupt_signal;
}

int session_run(struct session *session)
{
    struct progress progress;
    progress_begin(&progress, session->count, "samples", session->options.quiet);
    progress.found = session->found = session->partial.done;
    float *x = quell_new(most_rows(session) * session->elements, sizeof *x);
    if (!x) return complain(EXIT_MEMORY, "no memory for %zu samples", most_rows(session));
    quell_status status = draw_all(session, &progress, x);
    free(x);
    progress_end(&progress);
    session->seconds = progress_clock() - progress.start;
    return status || interrupt_signal ? complain_stop(session, status) : EXIT_DONE;
}

int session_commit(struct session *session)
{
    quell_status status = QUELL_OK;
    if (session->plot) status = plot_write(session->plot, &session->picture);
    if (!status && session->partial.record)
        status = partial_commit(&session->partial, &session->out);
    else if (!status && session->out.path)
        status = quell_output_commit(&session->out);
    if (!status && session->plot) status = quell_output_commit(&session->picture);
    interrupt_release();
    return status ? complain_run(status) : EXIT_DONE;
}
