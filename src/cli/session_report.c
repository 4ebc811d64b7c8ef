/* SPDX-License-Identifier: MIT */
/* What was done, for a reader or for a program. */
#include "cli/session.h"
#include "cli/writer.h"

#include <inttypes.h>
#include <string.h>

static double rate(const struct session *session)
{
    return session->seconds > 0 ? (double)session->count / session->seconds : 0.0;
}

static void report_json(const struct session *session)
{
    const struct sample_options *options = &session->options;
    struct writer writer = {.file = stdout};
    writer_open(&writer, NULL, '{');
    writer_text(&writer, "model", options->model);
    writer_text(&writer, "sampler", options->sampler);
    writer_text(&writer, "schedule", session->schedule);
    writer_count(&writer, "steps", options->steps);
    writer_count(&writer, "count", session->count);
    writer_count(&writer, "first", options->first);
    writer_count(&writer, "seed", options->seed);
    writer_open(&writer, "shape", '[');
    writer_count(&writer, NULL, session->count);
    for (size_t i = 0; i < session->model.rank; i++)
        writer_count(&writer, NULL, session->model.shape[i]);
    writer_close(&writer, ']');
    writer_text(&writer, "from", options->from);
    writer_count(&writer, "threads", session->threads);
    writer_text(&writer, "isa", session->isa);
    writer_truth(&writer, "exact", quell_denoiser_exact(session->model.denoiser));
    writer_real(&writer, "seconds", session->seconds);
    writer_real(&writer, "samples_per_second", rate(session));
    writer_text(&writer, "out", options->out);
    writer_text(&writer, "plot", options->plot);
    writer_close(&writer, '}');
}

static void print_shape(FILE *file, const struct session *session)
{
    fprintf(file, "(%zu", session->count);
    for (size_t i = 0; i < session->model.rank; i++)
        fprintf(file, ", %zu", session->model.shape[i]);
    fputs(")", file);
}

static void report_text(const struct session *session, FILE *file)
{
    const struct sample_options *options = &session->options;
    if (options->out) {
        fprintf(file, "%s: float32 ", options->out);
        print_shape(file, session);
        fputs("\n", file);
    }
    if (options->plot) fprintf(file, "%s: %s\n", options->plot, plot_kind(&session->model));
    if (!options->out && !options->plot)
        fputs("the samples were not kept: see --out and --plot\n", file);
    fprintf(file, "%zu sample%s in %.3f s: %.*f samples/s\n", session->count,
            session->count == 1 ? "" : "s", session->seconds, rate(session) < 100 ? 2 : 0,
            rate(session));
}

void session_report(const struct session *session)
{
    const char *out = session->options.out;
    if (session->options.json)
        report_json(session);
    else if (!session->options.quiet)
        report_text(session, out && !strcmp(out, "-") ? stderr : stdout);
}
