/* SPDX-License-Identifier: MIT */
/* Reports what was done, as text or as JSON. */
#include "cli/cli.h"
#include "cli/outputs.h"
#include "cli/report.h"
#include "cli/session.h"

#include <stdio.h>
#include <string.h>

static double rate(const struct session *session)
{
    size_t drawn = session->count - session->found;
    return session->seconds > 0 ? (double)drawn / session->seconds : 0.0;
}

/* Writes the settings on which the samples depend. */
static void put_settings(struct quell_json_writer *writer, const struct session *session)
{
    const struct sample_options *options = &session->options;
    const struct sampling *sampling = &options->sampling;
    quell_json_put_text(writer, "version", quell_version());
    quell_json_put_text(writer, "model", options->model);
    report_digest(writer, "model_digest", session->digest);
    if (options->precision) quell_json_put_text(writer, "precision", options->precision);
    quell_json_put_text(writer, "sampler", options->sampler);
    quell_json_put_text(writer, "schedule", sampling->schedule);
    quell_json_put_text(writer, "grid", sampling_grid(sampling));
    if (sampling->times) quell_json_put_text(writer, "times", sampling->times);
    if (sampling->sigmas) quell_json_put_text(writer, "sigmas", sampling->sigmas);
    quell_json_put_number(writer, "start", sampling->start);
    quell_json_put_number(writer, "stop", sampling->stop);
    quell_json_put_number(writer, "prior_mean", sampling->prior_mean);
    quell_json_put_number(writer, "prior_variance", sampling->prior_variance);
    quell_json_put_truth(writer, "brownian", sampling->brownian);
    quell_json_put_number(writer, "clamp_low", sampling->clamp_low); /* null: no bound */
    quell_json_put_number(writer, "clamp_high", sampling->clamp_high);
    quell_json_put_number(writer, "threshold", sampling->threshold);
    quell_json_put_number(writer, "threshold_max", sampling->threshold_max);
    if (quell_sampler_evaluations(session->sampler))
        report_count(writer, "steps", options->steps);
    else
        quell_json_put_null(writer, "steps"); /* each sample chooses its own */
    report_count(writer, "count", session->count);
    report_count(writer, "first", options->first);
    if (options->seeds)
        quell_json_put_null(writer, "seed"); /* each sample has its own */
    else
        report_count(writer, "seed", options->seed);
}

/* Writes digests of what the names of files do not determine: the guide, and, in sampler_digest,
 * the numbers of --times, the schedule and the rest of the plan. */
static void put_digests(struct quell_json_writer *writer, const struct session *session)
{
    if (session->options.guidance.guide)
        report_digest(writer, "guide_digest", session->guide_digest);
    else
        quell_json_put_null(writer, "guide_digest");
    report_digest(writer, "sampler_digest", quell_sampler_digest(session->sampler));
    report_digest(writer, "samples_digest", session->drawn.sum);
}

/* Writes each condition as it was given. A file is written as the digest of its values, or as
 * "each" if every sample has its own values. */
static void put_conditions(struct quell_json_writer *writer, const char *name,
                           const struct conditions *conditions)
{
    quell_json_begin(writer, name, '{');
    for (size_t i = 0; i < conditions->count; i++) {
        const struct condition *one = &conditions->one[i];
        bool short_text = one->values && one->taken->size <= 4;
        if (one->file.path)
            quell_json_put_text(writer, one->taken->name, "each");
        else if (!one->values)
            quell_json_put_text(writer, one->taken->name, "none");
        else if (short_text && !strstr(one->text, ".npy"))
            quell_json_put_text(writer, one->taken->name, one->text);
        else
            report_digest(writer, one->taken->name, condition_digest(one));
    }
    quell_json_end(writer, '}');
}

static int print_json(const struct session *session)
{
    const struct sample_options *options = &session->options;
    struct quell_json_writer writer = report_begin();
    put_settings(&writer, session);
    report_shape(&writer, session->count, session->shown.rank, session->shown.shape);
    quell_json_put_truth(&writer, "latent", options->latent);
    quell_json_put_text(&writer, "from", options->from);
    report_count(&writer, "threads", session->threads);
    quell_json_put_text(&writer, "isa", session->isa);
    quell_json_put_truth(&writer, "reproducible",
                         quell_denoiser_reproducible(quell_model_denoiser(session->model)));
    quell_json_put_number(&writer, "seconds", session->seconds);
    quell_json_put_number(&writer, "samples_per_second", rate(session));
    quell_json_put_text(&writer, "out", options->out);
    quell_json_put_text(&writer, "plot", options->plot);
    quell_json_put_text(&writer, "seeds", options->seeds);
    quell_json_put_text(&writer, "indices", options->indices);
    quell_json_put_text(&writer, "class", options->labels.class);
    quell_json_put_text(&writer, "classes", options->labels.classes);
    put_conditions(&writer, "conditions", &session->conditions);
    put_conditions(&writer, "negative_conditions", &session->negative);
    quell_json_put_text(&writer, "negative_class", options->negative_class);
    quell_json_put_text(&writer, "guidance", options->guidance.weight);
    quell_json_put_text(&writer, "guide", options->guidance.guide);
    quell_json_put_number(&writer, "guidance_low", options->guidance.low);
    quell_json_put_number(&writer, "guidance_high", options->guidance.high);
    quell_json_put_number(&writer, "guidance_rescale", options->guidance.rescale);
    put_digests(&writer, session);
    if (options->resume) report_count(&writer, "resumed", session->found);
    if (session->ranks) report_count(&writer, "ranks", session->ranks);
    return report_end(&writer);
}

static void print_whole_shape(FILE *file, const struct session *session)
{
    size_t shape[QUELL_NPY_MAX_RANK] = {session->count};
    memcpy(shape + 1, session->shown.shape, session->shown.rank * sizeof *shape);
    print_shape(file, 1 + session->shown.rank, shape);
}

static void print_text(const struct session *session, FILE *file)
{
    const struct sample_options *options = &session->options;
    if (options->out) {
        print_name(file, options->out);
        fputs(": float32 ", file);
        print_whole_shape(file, session);
        fputs("\n", file);
    }
    if (options->plot) print_name(file, options->plot);
    if (options->plot) fprintf(file, ": %s\n", plot_kind(&session->shown));
    if (!options->out && !options->plot)
        fputs("the samples were not kept: see --out and --plot\n", file);
    size_t drawn = session->count - session->found;
    fprintf(file, "%zu sample%s in %.3f s: %.*f samples/s\n", drawn, drawn == 1 ? "" : "s",
            session->seconds, rate(session) < 100 ? 2 : 0, rate(session));
    if (session->found) fprintf(file, "%zu were there already\n", session->found);
}

int session_report(const struct session *session)
{
    const char *out = session->options.out, *plot = session->options.plot;
    bool taken = (out && is_standard_output(out)) || (plot && is_standard_output(plot));
    if (session->options.json) return print_json(session);
    if (!session->options.quiet) print_text(session, taken ? stderr : stdout);
    return EXIT_DONE;
}
