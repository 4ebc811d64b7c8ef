/* SPDX-License-Identifier: MIT */
/* quell quantize: makes a network whose linear maps and convolutions have weights of eight bits. */
#include "cli/quantize/quantize_command.h"
#include "base/memory.h"
#include "cli/cli.h"
#include "cli/interrupt.h"
#include "cli/onnx_model.h"
#include "cli/outputs.h"
#include "models/model.h"
#include "samplers/method.h"

#include <math.h>
#include <stdlib.h>

enum { STEPS = 20 };

static const struct option_row rows[] = {
    GROUP_ROW("What to quantise"),
    TEXT_ROW(quantize_options, model, "model", "M",
             "The network: a .safetensors file with its description, or one that is built in."),
    TEXT_ROW(quantize_options, out, "out", "Q.safetensors", "Write the quantised network here."),
    NUMBER_ROW(quantize_options, bound, "bound", "B", 1e-6, 10,
               "How far samples may move: the root mean square, in units of the deviation of "
               "their elements (default 0.05)."),
    GROUP_ROW("The samples that it is measured on"),
    COUNT_ROW(quantize_options, count, "count", "N", 1, 1000000, "How many (default 8)."),
    COUNT_ROW(quantize_options, seed, "seed", "S", 0, UINT64_MAX,
              "The seed of the random numbers (default 0)."),
    TEXT_ROW(quantize_options, sampler, "sampler", "S",
             "The sampler, NAME[:KEY=VALUE,...] (default dpmpp_2m): see `quell list samplers`."),
    COUNT_ROW(quantize_options, steps, "steps", "N", 1, 1000000,
              "The number of steps (default 20, or a sampler's own)."),
    SCHEDULE_ROW(quantize_options),
    LABEL_ROWS(quantize_options),
    CONDITION_ROWS(quantize_options),
    GUIDANCE_ROWS(quantize_options),
    GROUP_ROW("Output"),
    FLAG_ROW(quantize_options, json, "json", "Print what was done as one JSON object."),
    FLAG_ROW(quantize_options, quiet, "quiet", "Print nothing but errors."),
    GROUP_ROW("Machine (no bit of the file depends on it)"),
    MACHINE_ROWS(quantize_options),
    {0},
};

static const struct option_rule rules[] = {LABEL_RULES, CONDITION_RULES, GUIDANCE_RULES, {0}};

static const struct option_table table = {
    .usage = "quell quantize --model M --out Q.safetensors [OPTION...]",
    .about =
        "Makes whole numbers of eight bits of a network's weights. The file is a quarter of\n"
        "float32's size, samples are drawn faster, and they are the same bits on any machine, but\n"
        "others than before. No data are needed: each linear map and convolution is tried on\n"
        "runs of the network itself, and those that move samples most stay in float32. Draw\n"
        "the samples as they will be drawn later: with its classes, conditions and guidance.",
    .examples = "Example: quell quantize -m net.safetensors -o small.safetensors --bound 0.05",
    .options = rows,
    .rules = rules,
};

/* Refuses files with values for each sample if they are for another number of samples. */
static int check_counts(const struct quantizing *q)
{
    int code = labels_check_count(&q->labels, q->options.labels.classes, (size_t)q->options.count,
                                  "--count is");
    if (code != EXIT_DONE) return code;
    const struct conditions *both[] = {&q->conditions, &q->negative};
    for (size_t k = 0; k < 2; k++)
        for (size_t i = 0; i < both[k]->count; i++) {
            const struct condition *one = &both[k]->one[i];
            if (one->file.path && one->file.shape[0] != q->options.count)
                return complain(EXIT_USAGE, "--%s %s: is for %zu sample%s, --count is %zu",
                                one->option, one->file.path, one->file.shape[0],
                                one->file.shape[0] == 1 ? "" : "s", (size_t)q->options.count);
        }
    return EXIT_DONE;
}

static int open_told(struct quantizing *q)
{
    const struct quantize_options *options = &q->options;
    const quell_denoiser *denoiser = q->model->denoiser;
    size_t classes = quell_denoiser_classes(denoiser);
    int code = labels_open(&q->labels, &options->labels, classes);
    if (code == EXIT_DONE)
        code = conditions_open(&q->conditions, "condition", &options->conditions, denoiser);
    if (code == EXIT_DONE) code = conditions_complete(&q->conditions, denoiser);
    if (code == EXIT_DONE)
        code = conditions_open(&q->negative, "negative-condition", &options->negative_conditions,
                               denoiser);
    if (code == EXIT_DONE)
        code = labels_negative(options->negative_class, classes, &q->negative_class);
    if (code == EXIT_DONE) code = check_counts(q);
    if (code != EXIT_DONE) return code;
    size_t count = options->count;
    q->classes = quell_new(2 * count, sizeof *q->classes);
    if (!q->classes) return complain(EXIT_MEMORY, "no memory for %zu samples", count);
    for (size_t i = 0; i < count; i++) q->classes[count + i] = q->negative_class;
    quell_status status = QUELL_OK;
    if (q->labels.wanted) status = labels_fill(&q->labels, 0, NULL, count, q->classes);
    if (!status) status = conditions_fill(&q->conditions, count);
    if (!status) status = conditions_fill(&q->negative, count);
    return status ? complain_input(EXIT_FILE, status) : EXIT_DONE;
}

/* Applies the guidance to the model, to check that this is possible, and keeps what the library
 * needs for it. A weight of 1 with another model as guide means no guidance. */
static int open_guidance(struct quantizing *q, quell_quantize_options *how)
{
    const struct guidance_options *options = &q->options.guidance;
    bool labelled = q->labels.wanted || conditions_some(&q->conditions) || q->negative_class >= 0;
    int code = guidance_apply(options, labelled, q->model, NULL);
    if (code != EXIT_DONE || !options->weight) return code;
    code = guidance_read(options, &q->guidance, &q->values);
    if (code != EXIT_DONE) return code;
    if (options->guide && !q->guidance.points && q->guidance.weight == 1) return EXIT_DONE;
    if (options->guide) code = sampling_open_model(&q->guide, options->guide, NULL);
    how->guidance = &q->guidance;
    how->guide = quell_model_denoiser(q->guide);
    return code;
}

/* Shows progress in transitions, for the most runs that there can be. */
static int tick(void *user, const quell_progress *all)
{
    struct progress *progress = user;
    progress->batch = progress->total = all->total;
    return progress_tick(progress, all);
}

static int quantise(struct quantizing *q, quell_quantize_options *how)
{
    quell_sampler_options sampling = quell_sampler_defaults();
    bool usual = !q->options.steps && !quell_method_own_steps(q->options.sampler);
    quell_draw draw = quell_draw_defaults();
    quell_run run = quell_run_defaults();
    sampling.steps = usual ? STEPS : q->options.steps;
    draw.count = q->options.count, draw.seed = q->options.seed;
    if (q->labels.wanted) draw.classes = q->classes;
    if (q->negative_class >= 0) draw.negative_classes = q->classes + draw.count;
    conditions_tell(&q->conditions, &q->negative, &draw);
    run.threads = q->threads, run.isa = q->isa;
    run.progress = tick, run.progress_user = &q->progress;
    how->bound = q->options.bound;
    how->sampler = q->options.sampler;
    how->schedule = q->options.sampling.schedule;
    how->sampling = &sampling, how->draw = &draw, how->run = &run;
    interrupt_catch();
    progress_begin(&q->progress, 1, "transitions", q->options.quiet);
    quell_status status = quell_quantize(&q->made, q->options.model, q->options.out, how);
    progress_end(&q->progress);
    return status ? complain_run(status) : EXIT_DONE;
}

static int run(struct quantizing *q)
{
    quell_quantize_options how = quell_quantize_defaults();
    if (onnx_is(q->options.model))
        return complain(EXIT_USAGE,
                        "--model %s: is no network of quell's: export it by quell.export",
                        q->options.model);
    int code = sampling_choose_machine(q->options.isa, q->options.threads, &q->isa, &q->threads);
    if (code == EXIT_DONE) code = sampling_open_model(&q->model, q->options.model, NULL);
    if (code == EXIT_DONE) code = open_told(q);
    if (code == EXIT_DONE) code = open_guidance(q, &how);
    if (code == EXIT_DONE) code = quantise(q, &how);
    return code == EXIT_DONE ? quantize_report(q) : code;
}

static void close_all(struct quantizing *q)
{
    free(q->classes);
    free(q->values);
    labels_close(&q->labels);
    conditions_close(&q->conditions);
    conditions_close(&q->negative);
    quell_quantized_free(q->made);
    quell_model_free(q->guide);
    quell_model_free(q->model);
}

static int check_places(const struct quantize_options *options)
{
    const struct place outputs[] = {{"--out", options->out}, {0}};
    struct place inputs[4 + 2 * MOST_WORDS] = {{"--model", options->model},
                                               {"--classes", options->labels.classes},
                                               {"--guide", options->guidance.guide}};
    conditions_places(&options->conditions, inputs);
    conditions_places(&options->negative_conditions, inputs);
    return places_check(outputs, inputs);
}

int command_quantize(int argc, char **argv)
{
    struct quantizing q = {.options = {.count = 8,
                                       .bound = 0.05,
                                       .sampler = "dpmpp_2m",
                                       .guidance = GUIDANCE_DEFAULTS,
                                       .sampling = SAMPLING_DEFAULTS}};
    int code;
    if (!options_read(&table, argc, argv, &q.options, NULL, &code)) return code;
    if (!q.options.model || !q.options.out)
        return complain(EXIT_USAGE, "--model and --out are needed: see `quell quantize --help`");
    code = check_places(&q.options);
    if (code == EXIT_DONE) code = format_check("--out", q.options.out, ".safetensors", false);
    if (code == EXIT_DONE && is_standard_output(q.options.out))
        code = complain(EXIT_USAGE, "--out: must be a file");
    if (code == EXIT_DONE) code = run(&q);
    close_all(&q);
    return code;
}
