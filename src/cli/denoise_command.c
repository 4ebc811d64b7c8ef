/* SPDX-License-Identifier: MIT */
/* quell denoise: evaluates a model once, E[X | x_t], for comparing it with the network from which
 * it was exported. */
#include "cli/cli.h"
#include "cli/guidance.h"
#include "cli/interrupt.h"
#include "cli/class_option.h"
#include "cli/condition_option.h"
#include "cli/options.h"
#include "cli/outputs.h"
#include "cli/sampling.h"
#include "base/memory.h"
#include "io/npy.h"
#include "io/output.h"

#include <stdio.h>
#include <stdlib.h>

#define BATCH_BYTES ((size_t)16 << 20)

struct denoise_options {
    const char *model, *precision, *from, *out, *isa;
    double t;
    uint64_t threads;
    int quiet;
    struct label_options labels;
    struct option_words conditions, negative_conditions;
    const char *negative_class;
    struct guidance_options guidance;
    struct sampling sampling;
};

static const struct option_row rows[] = {
    GROUP_ROW("What to evaluate"),
    TEXT_ROW(denoise_options, model, "model", "M", "The model, as for `quell sample`."),
    PRECISION_ROW(denoise_options),
    TEXT_ROW(denoise_options, from, "from", "X.npy", "The states x_t, shape (count, dim...)."),
    NUMBER_ROW(denoise_options, t, "t", "T", 0, 1,
               "The time of the states: the level of their noise."),
    SCHEDULE_ROW(denoise_options),
    LABEL_ROWS(denoise_options),
    CONDITION_ROWS(denoise_options),
    GUIDANCE_ROWS(denoise_options),
    GROUP_ROW("Output"),
    TEXT_ROW(denoise_options, out, "out", "F.npy",
             "Write E[X | x_t] here, float32, in the shape of --from. - is standard output."),
    FLAG_ROW(denoise_options, quiet, "quiet", "Print nothing but errors."),
    ABSENT_ROW("resume", "one evaluation is not worth it: run the command anew"),
    GROUP_ROW("Machine"),
    MACHINE_ROWS(denoise_options),
    {0},
};

static const struct option_rule rules[] = {LABEL_RULES, CONDITION_RULES, GUIDANCE_RULES, {0}};

static const struct option_table table = {
    .usage = "quell denoise --model M --from X.npy --t T --out F.npy [OPTION...]",
    .about = "Evaluates a model's denoiser once: E[X | x_t] for each state x_t of a file.",
    .examples = "Example: quell denoise -m net.safetensors --from x.npy --t 0.3 -o mean.npy",
    .options = rows,
    .rules = rules,
};

struct job {
    struct denoise_options options;
    quell_model *model;
    quell_sampler *sampler;
    const char *isa;
    size_t threads, dim, count;
    struct labels labels;
    struct conditions conditions, negative;
    int32_t negative_class;
    struct quell_npy from;
    struct quell_output out;
};

static int open_conditions(struct job *job, const quell_denoiser *denoiser)
{
    const struct denoise_options *options = &job->options;
    int code = conditions_open(&job->conditions, "condition", &options->conditions, denoiser);
    if (code == EXIT_DONE) code = conditions_complete(&job->conditions, denoiser);
    if (code == EXIT_DONE)
        code = conditions_open(&job->negative, "negative-condition", &options->negative_conditions,
                               denoiser);
    if (code == EXIT_DONE)
        code = labels_negative(options->negative_class, quell_denoiser_classes(denoiser),
                               &job->negative_class);
    return code;
}

static int open_model(struct job *job)
{
    int code = sampling_open_model(&job->model, job->options.model, job->options.precision);
    if (code != EXIT_DONE) return code;
    size_t classes = quell_denoiser_classes(quell_model_denoiser(job->model));
    code = labels_open(&job->labels, &job->options.labels, classes);
    if (code == EXIT_DONE) code = open_conditions(job, quell_model_denoiser(job->model));
    if (code == EXIT_DONE)
        code = guidance_apply(&job->options.guidance,
                              job->labels.wanted || conditions_some(&job->conditions) ||
                                  job->negative_class >= 0,
                              job->model, NULL);
    if (code == EXIT_DONE) code = guidance_check_time(&job->options.guidance, job->options.t);
    if (code != EXIT_DONE) return code;
    job->dim = quell_denoiser_dim(quell_model_denoiser(job->model));
    sampling_choose_schedule(&job->options.sampling, job->model);
    if (job->options.guidance.weight) /* a guidance that no point of the sampler meets is refused */
        job->options.sampling.start = job->options.t > 0 ? job->options.t : 0x1p-20;
    quell_status status = sampling_create(&job->options.sampling, "ddim", 1,
                                          quell_model_denoiser(job->model), &job->sampler);
    if (status) return complain_status(status);
    return conditions_check(&job->conditions, &job->negative, job->sampler, &job->labels,
                            job->negative_class);
}

/* Returns whether the states fit the model. An array with no states also has a shape. */
static bool fits(const struct job *job)
{
    size_t dim = 1;
    for (size_t i = 1; i < job->from.rank; i++)
        if (__builtin_mul_overflow(dim, job->from.shape[i], &dim)) return false;
    return job->from.rank && dim == job->dim;
}

static int check_counts(const struct job *job, const struct conditions *conditions)
{
    for (size_t i = 0; i < conditions->count; i++) {
        const struct condition *one = &conditions->one[i];
        if (one->file.path && one->file.shape[0] != job->count)
            return complain(EXIT_USAGE, "--%s %s: is for %zu sample%s, --from has %zu state%s",
                            one->option, one->file.path, one->file.shape[0],
                            one->file.shape[0] == 1 ? "" : "s", job->count,
                            job->count == 1 ? "" : "s");
    }
    return EXIT_DONE;
}

static int open_files(struct job *job)
{
    char header[QUELL_NPY_HEADER];
    quell_status status = quell_npy_open(&job->from, job->options.from);
    if (status) return complain_input(EXIT_FILE, status);
    if (!fits(job))
        return complain(EXIT_USAGE,
                        "--from %s: must be an array of shape (count, %zu), or another one of "
                        "states of %zu elements",
                        job->options.from, job->dim, job->dim);
    job->count = job->from.shape[0];
    int code = labels_check_count(&job->labels, job->options.labels.classes, job->count,
                                  "the states of --from are");
    if (code == EXIT_DONE) code = check_counts(job, &job->conditions);
    if (code == EXIT_DONE) code = check_counts(job, &job->negative);
    if (code != EXIT_DONE) return code;
    interrupt_catch();
    size_t bytes = quell_npy_header(header, job->from.rank, job->from.shape);
    code = outputs_open(&job->out, "--out", job->options.out,
                        bytes + job->from.values * sizeof(float));
    if (code != EXIT_DONE) return code;
    job->out.stop = &interrupt_signal;
    status = quell_output_write(&job->out, header, bytes);
    return status ? complain_run(status) : EXIT_DONE;
}

static quell_status evaluate(struct job *job, size_t most, float *x, int32_t *classes)
{
    quell_draw draw = quell_draw_defaults();
    quell_run run = quell_run_defaults();
    struct guided guided = {0};
    run.threads = job->threads;
    run.isa = job->isa;
    if (job->labels.wanted) draw.classes = classes;
    for (size_t i = 0; i < most; i++) classes[most + i] = job->negative_class;
    if (job->negative_class >= 0) draw.negative_classes = classes + most;
    for (; draw.first < job->count; draw.first += draw.count) {
        float *out = x + most * job->dim;
        size_t left = job->count - draw.first;
        draw.count = left < most ? left : most;
        draw.part = draw.count != job->count;
        quell_status status = quell_npy_floats(&job->from, draw.count * job->dim, x);
        if (!status && interrupt_signal) status = QUELL_STOPPED;
        if (!status && draw.classes)
            status = labels_fill(&job->labels, draw.first, NULL, draw.count, classes);
        if (!status) status = conditions_fill(&job->conditions, draw.count);
        if (!status) status = conditions_fill(&job->negative, draw.count);
        conditions_tell(&job->conditions, &job->negative, &draw);
        if (!status) status = guided_note(&guided, job->sampler, &draw);
        if (!status) status = quell_denoise(job->sampler, &draw, &run, job->options.t, x, out);
        if (!status)
            status = quell_output_write(&job->out, out, draw.count * job->dim * sizeof *out);
        if (status) return status;
    }
    quell_status status = guided_check(&guided);
    return status ? status : quell_output_commit(&job->out);
}

static int run_job(struct job *job)
{
    size_t most = BATCH_BYTES / (job->dim * sizeof(float));
    size_t told = conditions_rows(&job->conditions, BATCH_BYTES);
    size_t against = conditions_rows(&job->negative, BATCH_BYTES);
    if (most > told) most = told;
    if (most > against) most = against;
    if (most < 1) most = 1;
    if (most > job->count) most = job->count;
    float *x = quell_new(2 * most, job->dim * sizeof *x);
    int32_t *classes = quell_new(2 * most, sizeof *classes);
    int code = EXIT_DONE;
    if (x && classes) {
        quell_status status = evaluate(job, most, x, classes);
        if (status) code = complain_run(status);
    } else {
        code = complain(EXIT_MEMORY, "no memory for %zu states", most);
    }
    free(x);
    free(classes);
    return code;
}

/* Prints what was written; on standard error if it was written to standard output. */
static void report(const struct job *job)
{
    const struct denoise_options *options = &job->options;
    FILE *file = is_standard_output(options->out) ? stderr : stdout;
    if (options->quiet) return;
    print_name(file, options->out);
    fputs(": float32 ", file);
    print_shape(file, job->from.rank, job->from.shape);
    fprintf(file, ", E[X | x_t] at t = %g\n", options->t);
}

static int check_places(const struct denoise_options *options)
{
    const struct place outputs[] = {{"--out", options->out}, {0}};
    struct place inputs[5 + 2 * MOST_WORDS] = {{"--model", options->model},
                                               {"--from", options->from},
                                               {"--classes", options->labels.classes},
                                               {"--guide", options->guidance.guide}};
    conditions_places(&options->conditions, inputs);
    conditions_places(&options->negative_conditions, inputs);
    return places_check(outputs, inputs);
}

int command_denoise(int argc, char **argv)
{
    struct job job = {.options = {.guidance = GUIDANCE_DEFAULTS, .sampling = SAMPLING_DEFAULTS}};
    const struct denoise_options *options = &job.options;
    int code;
    if (!options_read(&table, argc, argv, &job.options, NULL, &code)) return code;
    if (!options->model || !options->from || !options->out)
        return complain(EXIT_USAGE,
                        "--model, --from and --out are needed: see `quell denoise --help`");
    code = check_places(options);
    if (code == EXIT_DONE) code = format_check("--out", options->out, ".npy", false);
    if (code == EXIT_DONE) code = standard_check("--out", options->out, 0);
    if (code == EXIT_DONE && !options_given("t"))
        code = complain(EXIT_USAGE, "--t is needed: the time of the states, from 0 to 1, says how "
                                    "much noise they have");
    if (code != EXIT_DONE) return code;
    code = sampling_choose_machine(options->isa, options->threads, &job.isa, &job.threads);
    if (code == EXIT_DONE) code = open_model(&job);
    if (code == EXIT_DONE) code = open_files(&job);
    if (code == EXIT_DONE) code = run_job(&job);
    if (code == EXIT_DONE) report(&job);
    quell_output_discard(&job.out);
    labels_close(&job.labels);
    conditions_close(&job.conditions);
    conditions_close(&job.negative);
    quell_npy_close(&job.from);
    quell_sampler_free(job.sampler);
    quell_model_free(job.model);
    return code;
}
