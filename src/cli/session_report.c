/* SPDX-License-Identifier: MIT */
/* What was done, for a reader or for a program. */
#include "cli/cli.h"
#include "cli/places.h"
#include "cli/report.h"
#include "cli/session.h"

#include <inttypes.h>
#include <math.h>
#include <string.h>

static double rate(const struct session *session)
{
    size_t drawn = session->count - session->found;
    return session->seconds > 0 ? (double)drawn / session->seconds : 0.0;
}

static json_t *shape(const struct session *session)
{
    json_t *sizes = json_pack("[o]", report_count(session->count));
    for (size_t i = 0; i < session->model.rank; i++)
        json_array_append_new(sizes, report_count(session->model.shape[i]));
    return sizes;
}

/* A bound on what the denoiser returns: null where there is none. */
static json_t *bound(double value) { return isfinite(value) ? json_real(value) : json_null(); }

static int print_json(const struct session *session)
{
    const struct sample_options *options = &session->options;
    const struct sampling *sampling = &options->sampling;
    json_t *object = json_pack(
        "{s:o, s:o, s:o, s:o, s:f, s:f, s:b, s:o, s:o, s:f, s:o, s:o, s:o, s:o, s:o, s:o, s:o, "
        "s:o, s:s, s:b, s:f, s:f, s:o, s:o, s:o, s:o, s:o, s:o, s:f, s:f}",
        "model", report_text(options->model), "sampler", report_text(options->sampler),     //
        "schedule", report_text(sampling->schedule), "grid", report_text(sampling->grid),   //
        "start", sampling->start, "stop", sampling->stop, "brownian", sampling->brownian,   //
        "clamp_low", bound(sampling->clamp_low), "clamp_high", bound(sampling->clamp_high), //
        "threshold", sampling->threshold, "threshold_max", bound(sampling->threshold_max),  //
        "steps", report_count(options->steps), "count", report_count(session->count),       //
        "first", report_count(options->first), "seed", report_count(options->seed),         //
        "shape", shape(session), "from", report_text(options->from),                        //
        "threads", report_count(session->threads), "isa", session->isa,                     //
        "exact", quell_denoiser_exact(session->model.denoiser),                             //
        "seconds", session->seconds, "samples_per_second", rate(session),                   //
        "out", report_text(options->out), "plot", report_text(options->plot),               //
        "class", report_text(options->labels.class),                                        //
        "classes", report_text(options->labels.classes),                                    //
        "guidance", report_text(options->guidance.weight),                                  //
        "guide", report_text(options->guidance.guide),                                      //
        "guidance_low", options->guidance.low, "guidance_high", options->guidance.high);
    if (options->resume) json_object_set_new(object, "resumed", report_count(session->found));
    if (session->ranks) json_object_set_new(object, "ranks", report_count(session->ranks));
    return report_print(object);
}

static void print_shape(FILE *file, const struct session *session)
{
    fprintf(file, "(%zu", session->count);
    for (size_t i = 0; i < session->model.rank; i++)
        fprintf(file, ", %zu", session->model.shape[i]);
    fputs(")", file);
}

static void print_text(const struct session *session, FILE *file)
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
    size_t drawn = session->count - session->found;
    fprintf(file, "%zu sample%s in %.3f s: %.*f samples/s\n", drawn, drawn == 1 ? "" : "s",
            session->seconds, rate(session) < 100 ? 2 : 0, rate(session));
    if (session->found) fprintf(file, "%zu were there already\n", session->found);
}

int session_report(const struct session *session)
{
    const char *out = session->options.out;
    if (session->options.json) return print_json(session);
    if (!session->options.quiet)
        print_text(session, out && is_standard_output(out) ? stderr : stdout);
    return EXIT_DONE;
}
