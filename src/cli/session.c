/* SPDX-License-Identifier: MIT */
/* Opens a session. Everything that can fail early fails here, before the first sample is drawn: the
 * model, the names, the file to start from, and the outputs. */
#include "cli/session.h"
#include "cli/cli.h"
#include "cli/interrupt.h"
#include "cli/outputs.h"
#include "engine/sampler.h"
#include "io/temporary.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#define DEFAULT_COUNT 1000
#define DEFAULT_IMAGES 64

static int create_sampler(struct session *session)
{
    struct sample_options *options = &session->options;
    sampling_choose_schedule(&options->sampling, session->model);
    quell_status status = sampling_create(&options->sampling, options->sampler, options->steps,
                                          quell_model_denoiser(session->model), &session->sampler);
    if (status) return complain_status(status);
    options->steps = quell_sampler_steps(session->sampler);
    return EXIT_DONE;
}

static int check_seed(const struct session *session)
{
    const struct sample_options *options = &session->options;
    bool places = !session->labels.each; /* with `each`, the class depends on the index */
    const char *given = options->seeds                     ? "--seeds"
                        : options_given("seed")            ? "--seed"
                        : places && options->indices       ? "--indices"
                        : places && options_given("first") ? "--first"
                                                           : NULL;
    if (!options->from || !given || quell_sampler_noisy(session->sampler)) return EXIT_DONE;
    return complain(EXIT_USAGE,
                    "%s: has no effect: x_1 is that of --from, and sampler '%s' draws no noise "
                    "on the way from x_1 to x_0",
                    given, options->sampler);
}

/* Whether the states of a file have the model's shape; they may also be flat, (count, dim). */
static bool fits(const struct quell_npy *from, const quell_model *model, size_t dim)
{
    if (from->rank == 2 && from->shape[1] == dim) return true;
    return from->rank == quell_model_rank(model) + 1 &&
           !memcmp(from->shape + 1, quell_model_shape(model),
                   quell_model_rank(model) * sizeof *quell_model_shape(model));
}

/* Part of a message: the model's shape if it is not flat, as in " or (count, 28, 28)". */
struct shape_text {
    char text[160];
};
static struct shape_text other_shape(const quell_model *model)
{
    struct shape_text made = {""};
    size_t used = 0, rank = quell_model_rank(model);
    if (rank < 2) return made;
    used = (size_t)snprintf(made.text, sizeof made.text, " or (count");
    for (size_t i = 0; i < rank && used < sizeof made.text - 24; i++)
        used += (size_t)snprintf(made.text + used, sizeof made.text - used, ", %zu",
                                 quell_model_shape(model)[i]);
    snprintf(made.text + used, sizeof made.text - used, ")");
    return made;
}

/* Takes the count from an option that gives something for each sample, as a file or a list does. */
static int take_count(struct session *session, const char *option, const char *given, size_t rows)
{
    uint64_t *count = &session->options.count;
    if (options_given("count") && *count != rows)
        return complain(EXIT_USAGE, "%s %.80s: has %zu sample%s: leave --count out or match it",
                        option, given, rows, rows == 1 ? "" : "s");
    if (session->counted && *count != rows)
        return complain(EXIT_USAGE, "%s %.80s: is for %zu sample%s, but %s for %llu", option, given,
                        rows, rows == 1 ? "" : "s", session->counted, (unsigned long long)*count);
    *count = rows;
    session->counted = option;
    return EXIT_DONE;
}

static int open_from(struct session *session)
{
    const struct sample_options *options = &session->options;
    if (!options->from) return EXIT_DONE;
    quell_status status = quell_npy_open(&session->from, options->from);
    if (status) return complain_input(EXIT_FILE, status);
    if (!fits(&session->from, session->model, session->dim))
        return complain(EXIT_USAGE, "--from %s: must be an array of shape (count, %zu)%s",
                        options->from, session->dim, other_shape(session->model).text);
    return take_count(session, "--from", options->from, session->from.shape[0]);
}

static int take_condition_counts(struct session *session, const struct conditions *conditions)
{
    int code = EXIT_DONE;
    for (size_t i = 0; i < conditions->count && code == EXIT_DONE; i++) {
        const struct condition *one = &conditions->one[i];
        const char *option =
            conditions == &session->conditions ? "--condition" : "--negative-condition";
        char given[100];
        snprintf(given, sizeof given, "%.40s=%.50s", one->taken->name, one->text);
        if (one->file.path) code = take_count(session, option, given, one->file.shape[0]);
    }
    return code;
}

/* Opens the lists of seeds and indices, and takes the count from them. */
static int open_streams(struct session *session)
{
    const struct sample_options *options = &session->options;
    int code = stream_list_open(&session->seeds, "seeds", options->seeds, UINT64_MAX);
    if (code == EXIT_DONE)
        code = stream_list_open(&session->indices, "indices", options->indices, UINT64_MAX - 1);
    if (code == EXIT_DONE && options->seeds)
        code = take_count(session, "--seeds", options->seeds, session->seeds.count);
    if (code == EXIT_DONE && options->indices)
        code = take_count(session, "--indices", options->indices, session->indices.count);
    if (code == EXIT_DONE && options->seeds && !options->indices && session->labels.each)
        return complain(EXIT_USAGE,
                        "--class each: sample i is of class i modulo %zu, but with "
                        "--seeds all samples have the index --first: give --classes, "
                        "or --indices",
                        session->labels.classes);
    return code;
}

static int settle_count(struct session *session)
{
    struct sample_options *options = &session->options;
    size_t bytes;
    if (!session->counted && !options_given("count"))
        options->count = session->shown.image ? DEFAULT_IMAGES : DEFAULT_COUNT;
    session->count = options->count;
    if (__builtin_mul_overflow(session->count, session->elements * sizeof(float), &bytes) ||
        bytes > INT64_MAX)
        return complain(EXIT_USAGE, "--count %zu: more than a file can hold", session->count);
    if (options->first > UINT64_MAX - options->count)
        return complain(EXIT_USAGE,
                        "--first %llu: with --count %zu, samples have numbers up to "
                        "2^64 - 2",
                        (unsigned long long)options->first, session->count);
    return EXIT_DONE;
}

static void make_header(struct session *session)
{
    size_t shape[QUELL_NPY_MAX_RANK] = {session->count};
    for (size_t i = 0; i < session->shown.rank; i++) shape[i + 1] = session->shown.shape[i];
    session->plan.header_bytes =
        quell_npy_header(session->plan.header, session->shown.rank + 1, shape);
}

/* The size of the unfinished file of an earlier run; 0 if there is none. */
static uint64_t left_of(const char *path)
{
    struct stat status;
    char *target = quell_temporary_target(path);
    char *part = target ? quell_temporary_name(target, ".part") : NULL;
    uint64_t bytes = part && !stat(part, &status) ? (uint64_t)status.st_size : 0;
    free(part);
    free(target);
    return bytes;
}

static uint64_t bytes_of_out(const struct session *session)
{
    return session->plan.header_bytes + session->count * session->elements * sizeof(float);
}

/* Opens a file that --resume can continue. */
static int open_partial(struct session *session)
{
    struct partial_plan *plan = &session->plan;
    int code = room_check("--out", session->options.out, bytes_of_out(session),
                          left_of(session->options.out));
    if (code != EXIT_DONE) return code;
    plan->path = session->options.out;
    plan->resume = session->options.resume;
    plan->quiet = session->options.quiet;
    plan->row = session->elements * sizeof(float);
    plan->count = session->count;
    plan->settings = session_settings(session, &code);
    return plan->settings ? partial_open(&session->partial, &session->out, plan) : code;
}

static int open_out(struct session *session)
{
    const char *out = session->options.out;
    if (!out) return EXIT_DONE;
    make_header(session);
    bool standard = is_standard_output(out);
    if (!standard && !quell_temporary_is_in_place(out)) return open_partial(session);
    if (session->options.resume)
        return complain(EXIT_USAGE, "--resume: --out %s is no file that a run can go on with", out);
    int code = outputs_open(&session->out, "--out", out, bytes_of_out(session));
    if (code != EXIT_DONE) return code;
    session->out.stop = &interrupt_signal;
    quell_status status =
        quell_output_write(&session->out, session->plan.header, session->plan.header_bytes);
    return status ? complain_run(status) : EXIT_DONE;
}

static int open_picture(struct session *session)
{
    const char *plot = session->options.plot;
    int code = plot ? outputs_open(&session->picture, "--plot", plot, 0) : EXIT_DONE;
    if (!plot || code != EXIT_DONE) return code;
    quell_status status = plot_create(&session->plot, &session->shown, session->count);
    return status ? complain_run(status) : EXIT_DONE;
}

static int open_files(struct session *session)
{
    if (session->options.plot && !plot_kind(&session->shown))
        return complain(EXIT_USAGE, "--plot: only samples in the plane (2 elements) and images can "
                                    "be plotted: builtin:grid25, builtin:clouds, ...");
    interrupt_catch();
    int code = open_out(session);
    return code == EXIT_DONE ? open_picture(session) : code;
}

/* Chooses what is written: the samples, or the decoded samples. */
static int choose_shape(struct session *session)
{
    const quell_model *model = session->model;
    bool decodes = quell_model_decodes(model), latent = session->options.latent;
    if (latent && !decodes)
        return complain(EXIT_USAGE, "--latent: the model has no decoder: its samples are what is "
                                    "written");
    session->dim = quell_denoiser_dim(quell_model_denoiser(model));
    session->shown.rank = latent ? quell_model_rank(model) : quell_model_decoded_rank(model);
    session->shown.shape = latent ? quell_model_shape(model) : quell_model_decoded_shape(model);
    session->shown.image = quell_model_image(model) && !latent;
    session->elements = 1;
    for (size_t i = 0; i < session->shown.rank; i++) session->elements *= session->shown.shape[i];
    return EXIT_DONE;
}

static int open_conditions(struct session *session, const quell_denoiser *denoiser)
{
    const struct sample_options *options = &session->options;
    int code = conditions_open(&session->conditions, "condition", &options->conditions, denoiser);
    if (code == EXIT_DONE) code = conditions_complete(&session->conditions, denoiser);
    if (code == EXIT_DONE)
        code = conditions_open(&session->negative, "negative-condition",
                               &options->negative_conditions, denoiser);
    if (code == EXIT_DONE)
        code = labels_negative(options->negative_class, quell_denoiser_classes(denoiser),
                               &session->negative_class);
    return code;
}

int session_prepare(struct session *session)
{
    const struct sample_options *options = &session->options;
    int code =
        sampling_choose_machine(options->isa, options->threads, &session->isa, &session->threads);
    if (code == EXIT_DONE)
        code = sampling_read_points(&session->options.sampling, &session->options.steps);
    if (code == EXIT_DONE)
        code = sampling_open_model(&session->model, options->model, options->precision);
    if (code == EXIT_DONE) code = choose_shape(session);
    if (code == EXIT_DONE)
        session->digest = quell_denoiser_digest(quell_model_denoiser(session->model));
    if (code == EXIT_DONE)
        code = labels_open(&session->labels, &options->labels,
                           quell_denoiser_classes(quell_model_denoiser(session->model)));
    if (code == EXIT_DONE) code = open_conditions(session, quell_model_denoiser(session->model));
    if (code == EXIT_DONE)
        code = guidance_apply(&options->guidance,
                              session->labels.wanted || conditions_some(&session->conditions) ||
                                  session->negative_class >= 0,
                              session->model, &session->guide_digest);
    if (code == EXIT_DONE) code = create_sampler(session);
    if (code == EXIT_DONE)
        code = conditions_check(&session->conditions, &session->negative, session->sampler,
                                &session->labels, session->negative_class);
    if (code == EXIT_DONE) code = check_seed(session);
    if (code == EXIT_DONE)
        code = sampling_check_start(&options->sampling, session->sampler, options->from,
                                    ", or the states by --from");
    if (code == EXIT_DONE) code = open_from(session);
    if (code == EXIT_DONE && options->labels.classes)
        code = take_count(session, "--classes", options->labels.classes, session->labels.count);
    if (code == EXIT_DONE) code = take_condition_counts(session, &session->conditions);
    if (code == EXIT_DONE) code = take_condition_counts(session, &session->negative);
    if (code == EXIT_DONE) code = open_streams(session);
    if (code == EXIT_DONE) code = settle_count(session);
    return code;
}

int session_open(struct session *session)
{
    int code = session_prepare(session);
    return code == EXIT_DONE ? open_files(session) : code;
}

int session_narrow(struct session *session, size_t skipped, size_t rows)
{
    quell_status status = session_skip(session, skipped);
    session->skipped = skipped;
    session->count = rows;
    return status ? complain_input(EXIT_FILE, status) : EXIT_DONE;
}

void session_close(struct session *session)
{
    partial_close(&session->partial, &session->out, &session->plan, session->options.resume);
    sampling_free(&session->options.sampling);
    free((char *)(uintptr_t)session->plan.settings);
    quell_output_discard(&session->out);
    quell_output_discard(&session->picture);
    plot_free(session->plot);
    free(session->latents);
    stream_list_close(&session->seeds);
    stream_list_close(&session->indices);
    labels_close(&session->labels);
    conditions_close(&session->conditions);
    conditions_close(&session->negative);
    quell_npy_close(&session->from);
    quell_sampler_free(session->sampler);
    quell_model_free(session->model);
}
