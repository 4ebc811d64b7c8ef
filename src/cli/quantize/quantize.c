/* SPDX-License-Identifier: MIT */
/* quell quantize: a network whose linear maps and convolutions have weights of eight bits. */
#include "cli/quantize/quantize.h"
#include "base/memory.h"
#include "cli/cli.h"
#include "cli/interrupt.h"
#include "cli/outputs.h"
#include "cli/programs.h"
#include "models/builtin.h"
#include "models/model.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

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
              "The number of steps (default 20)."),
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

static int open_model(struct quantizing *q)
{
    const char *name = q->options.model;
    size_t length = 0;
    int code = sampling_open_model(&q->model, name, NULL);
    if (code != EXIT_DONE) return code;
    if (!programs_denoise(q->model))
        return complain(EXIT_USAGE, "--model %s: is no network, and has no weights", name);
    const void *inside = quell_builtin_file(name, &length);
    quell_status status = inside ? quell_tensors_open_memory(&q->tensors, name, inside, length)
                                 : quell_tensors_open(&q->tensors, name);
    if (status) return complain_input(EXIT_MODEL, status);
    q->text = quell_tensors_metadata(&q->tensors, "quell");
    q->bytes_before = q->tensors.length;
    if (!q->text)
        return complain(EXIT_USAGE, "--model %s: its description must be in the file", name);
    q->dim = quell_denoiser_dim(q->model->denoiser);
    return EXIT_DONE;
}

/* Files that have something for each sample must have it for as many as are drawn. */
static int check_counts(const struct quantizing *q)
{
    if (q->labels.file.path && q->labels.file.shape[0] != q->count)
        return complain(EXIT_USAGE, "--classes %s: has %zu classes, --count is %zu",
                        q->labels.file.path, q->labels.file.shape[0], q->count);
    const struct conditions *both[] = {&q->conditions, &q->negative};
    for (size_t k = 0; k < 2; k++)
        for (size_t i = 0; i < both[k]->count; i++) {
            const struct condition *one = &both[k]->one[i];
            if (one->file.path && one->file.shape[0] != q->count)
                return complain(EXIT_USAGE, "--%s %s: is for %zu samples, --count is %zu",
                                one->option, one->file.path, one->file.shape[0], q->count);
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
    if (code != EXIT_DONE) return code;
    q->count = options->count;
    code = check_counts(q);
    if (code != EXIT_DONE) return code;
    q->classes = quell_new(2 * q->count, sizeof *q->classes);
    q->reference = quell_new(q->count * q->dim, sizeof *q->reference);
    q->samples = quell_new(q->count * q->dim, sizeof *q->samples);
    q->within = quell_new(q->count * q->dim, sizeof *q->within);
    if (!q->classes || !q->reference || !q->samples || !q->within)
        return complain(EXIT_MEMORY, "no memory for %zu samples", q->count);
    for (size_t i = 0; i < q->count; i++) q->classes[q->count + i] = q->negative_class;
    quell_status status = QUELL_OK;
    if (q->labels.wanted) status = labels_fill(&q->labels, 0, NULL, q->count, q->classes);
    if (!status) status = conditions_fill(&q->conditions, q->count);
    if (!status) status = conditions_fill(&q->negative, q->count);
    return status ? complain_input(EXIT_FILE, status) : EXIT_DONE;
}

int quantize_draw(struct quantizing *q, quell_model *model, uint64_t seed, float *x)
{
    struct sampling sampling = q->options.sampling; /* its schedule may be this model's own text */
    quell_sampler *sampler = NULL;
    quell_draw draw = quell_draw_defaults();
    quell_run run = quell_run_defaults();
    int code = guidance_apply(&q->options.guidance,
                              q->labels.wanted || conditions_some(&q->conditions), model, NULL);
    draw.count = q->count, draw.seed = seed;
    if (q->labels.wanted) draw.classes = q->classes;
    if (q->negative_class >= 0) draw.negative_classes = q->classes + q->count;
    conditions_tell(&q->conditions, &q->negative, &draw);
    run.threads = q->threads, run.isa = q->isa, run.progress = progress_tick;
    run.progress_user = &q->progress;
    if (code == EXIT_DONE) {
        sampling_choose_schedule(&sampling, model);
        quell_status status = sampling_create(&sampling, q->options.sampler, q->options.steps,
                                              model->denoiser, &sampler);
        if (status)
            code = complain_status(status);
        else
            status = quell_sample(sampler, &draw, &run, x);
        q->progress.done++;
        if (status) progress_end(&q->progress);
        if (status && code == EXIT_DONE) code = complain_run(status);
    }
    quell_sampler_free(sampler);
    quell_model_free(model);
    return code;
}

static int write_file(struct quantizing *q)
{
    struct quell_output output = {.file = -1};
    unsigned char *bytes;
    size_t length;
    int code = quantize_bytes(q, &bytes, &length);
    q->bytes_after = length;
    if (code == EXIT_DONE) {
        quell_status status = quell_output_open(&output, q->options.out);
        if (!status) status = quell_output_write(&output, bytes, length);
        if (!status) status = quell_output_commit(&output);
        if (status) code = complain_run(status);
        quell_output_discard(&output);
    }
    free(bytes);
    return code;
}

/* The model is loaded twice: drawing replaces its denoiser where it is guided. */
static int draw_reference(struct quantizing *q)
{
    quell_model *model = NULL;
    int code = sampling_open_model(&model, q->options.model, NULL);
    return code == EXIT_DONE ? quantize_draw(q, model, q->options.seed, q->reference) : code;
}

static int run(struct quantizing *q)
{
    int code = sampling_choose_machine(q->options.isa, q->options.threads, &q->isa, &q->threads);
    if (code == EXIT_DONE) code = open_model(q);
    if (code == EXIT_DONE) code = open_told(q);
    if (code == EXIT_DONE) code = quantize_find(q);
    interrupt_catch();
    progress_begin(&q->progress, quantize_runs(q), "runs", q->options.quiet);
    q->progress.batch = 1;
    if (code == EXIT_DONE) code = draw_reference(q);
    if (code == EXIT_DONE) code = quantize_search(q);
    if (code == EXIT_DONE) code = quantize_compare(q);
    progress_end(&q->progress);
    q->seconds = progress_clock() - q->progress.start;
    if (code == EXIT_DONE) code = write_file(q);
    return code == EXIT_DONE ? quantize_report(q) : code;
}

static void close_all(struct quantizing *q)
{
    for (size_t i = 0; i < q->candidates; i++) {
        free(q->candidate[i].name);
        free(q->candidate[i].bytes);
        free(q->candidate[i].scale);
    }
    free(q->candidate);
    free(q->order);
    free(q->chosen);
    free(q->classes);
    free(q->reference);
    free(q->samples);
    free(q->within);
    labels_close(&q->labels);
    conditions_close(&q->conditions);
    conditions_close(&q->negative);
    quell_tensors_close(&q->tensors);
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
                                       .steps = 20,
                                       .bound = 0.05,
                                       .sampler = "dpmpp_2m",
                                       .guidance = GUIDANCE_DEFAULTS,
                                       .sampling = SAMPLING_DEFAULTS}};
    int code;
    if (!options_read(&table, argc, argv, &q.options, NULL, &code)) return code;
    if (!q.options.model || !q.options.out)
        return complain(EXIT_USAGE, "--model and --out are needed: see `quell quantize --help`");
    code = check_places(&q.options);
    if (code == EXIT_DONE) code = format_check("--out", q.options.out, ".safetensors");
    if (code == EXIT_DONE && is_standard_output(q.options.out))
        code = complain(EXIT_USAGE, "--out: must be a file");
    if (code == EXIT_DONE) code = run(&q);
    close_all(&q);
    return code;
}
