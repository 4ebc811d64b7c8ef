/* SPDX-License-Identifier: MIT */
/* Quantising: makes whole numbers of eight bits of a network's weights, and says what is lost.
 *
 *     quell_quantized *made = NULL;
 *     quell_quantize_report report = quell_quantize_report_init();
 *     if (!quell_quantize(&made, "net.safetensors", "small.safetensors", NULL) &&
 *         !quell_quantized_report(made, &report))
 *         printf("samples move by %g of their deviation\n", report.moved);
 *     quell_quantized_free(made); */
#ifndef QUELL_QUANTIZE_H
#define QUELL_QUANTIZE_H

#include <stddef.h>
#include <stdint.h>
#include <quell/denoiser.h>
#include <quell/guidance.h>
#include <quell/run.h>
#include <quell/sampler.h>
#include <quell/status.h>

#ifdef __cplusplus
extern "C" {
#endif

/* How a network is quantised: how far samples may move, and which samples these are. They should be
 * drawn as they will be drawn later. Start from quell_quantize_defaults().
 *
 * bound: how far the samples may move: the root mean square over all their elements, in units of
 *   the standard deviation of these elements; from 1e-6 to 10 (0.05).
 * sampler: the sampler, as in quell_sampler_create. NULL: "dpmpp_2m" (NULL).
 * schedule: the spec of the schedule. NULL: the model's own, or else "vp" (NULL).
 * sampling: the sampler's options. NULL: the defaults but for 20 steps, or, for a sampler that
 *   chooses its own steps, those (NULL).
 * guidance, guide: how the network is guided, and by which denoiser, as in
 *   quell_denoiser_from_guidance; a guide is refused without guidance. NULL: it is not guided, or
 *   by itself (NULL, NULL).
 * draw: the samples. NULL: 8 of seed 0 (NULL).
 * run: how they are drawn; no bit of the file depends on it. Its progress is told for all the runs
 *   together: they are counted as if the most that may be needed were made, so that it may end
 *   early. It is refused if it has an observer. NULL: the defaults (NULL). */
typedef struct quell_quantize_options {
    size_t size;
    double bound;
    const char *sampler;
    const char *schedule;
    const quell_sampler_options *sampling;
    const quell_guidance *guidance;
    const quell_denoiser *guide;
    const quell_draw *draw;
    const quell_run *run;
} quell_quantize_options;

/* Returns the defaults: 8 samples in 20 steps of dpmpp_2m, which may move by 0.05. */
static inline quell_quantize_options quell_quantize_defaults(void)
{
    quell_quantize_options options;
    options.size = sizeof options;
    options.bound = 0.05;
    options.sampler = NULL;
    options.schedule = NULL;
    options.sampling = NULL;
    options.guidance = NULL;
    options.guide = NULL;
    options.draw = NULL;
    options.run = NULL;
    return options;
}

/* What quantising has done to a network. Start from quell_quantize_report_init().
 *
 * instructions, quantized: how many linear maps, convolutions and attentions the network has, and
 *   how many of them compute with whole numbers now.
 * share: the part of the multiply-adds of all of them that these do. moved: how far the samples
 * moved, in units of `deviation`. deviation: the standard deviation of the elements of the samples.
 * wasserstein, floor: the sliced Wasserstein distance of the set of samples to that of the stored
 *   weights, and that of two sets of the stored weights with different seeds.
 * seconds, runs: how long it took, and how many times the samples were drawn.
 * bytes_before, bytes_after: the sizes of the two files. */
typedef struct quell_quantize_report {
    size_t size;
    size_t instructions;
    size_t quantized;
    double share;
    double moved;
    double deviation;
    double wasserstein;
    double floor;
    double seconds;
    uint64_t runs;
    uint64_t bytes_before;
    uint64_t bytes_after;
} quell_quantize_report;

/* A linear map, a convolution or an attention of the network. Start from
 * quell_quantize_instruction_init(). Its texts last as long as the quell_quantized.
 *
 * number: of the instruction in the program, from 0 on.
 * kind, weights: "linear", "conv" or "attention", and the name of its weights, "" if it has none
 *   or they are computed.
 * multiply_adds: those of one sample.
 * quantized: 1 if it computes with whole numbers now, else 0.
 * tried: 1 if it was tried alone, else 0.
 * moves: how far the samples moved then; 0 if it was not tried.
 * why: why it stays as it is; NULL if it is quantised. */
typedef struct quell_quantize_instruction {
    size_t size;
    size_t number;
    const char *kind;
    const char *weights;
    uint64_t multiply_adds;
    int quantized;
    int tried;
    double moves;
    const char *why;
} quell_quantize_instruction;

/* Return structs with their size, and 0 or NULL in all other members. */
static inline quell_quantize_report quell_quantize_report_init(void)
{
    quell_quantize_report report;
    report.size = sizeof report;
    report.instructions = report.quantized = 0;
    report.share = report.moved = report.deviation = 0;
    report.wasserstein = report.floor = report.seconds = 0;
    report.runs = report.bytes_before = report.bytes_after = 0;
    return report;
}
static inline quell_quantize_instruction quell_quantize_instruction_init(void)
{
    quell_quantize_instruction instruction;
    instruction.size = sizeof instruction;
    instruction.number = 0;
    instruction.kind = instruction.weights = instruction.why = NULL;
    instruction.multiply_adds = 0;
    instruction.quantized = instruction.tried = 0;
    instruction.moves = 0;
    return instruction;
}

/* The result of quell_quantize: opaque. It never changes, and any number of threads may use it. */
typedef struct quell_quantized quell_quantized;

/* Quantises the linear maps, convolutions and attentions of the network `model` (a .safetensors
 * file with its description, or one that is built in) and writes it to the file `out`, whose name
 * must end with .safetensors (docs/networks.md, "Eight bits"). No data are needed: each of them is
 * tried alone on the samples that the options ask for. They are then taken together in the order of
 * how little they move the samples for the work that they save, as many as keep the movement within
 * the bound. The file appears under its name only when it is complete.
 *
 * *made describes what was done, and the caller frees it; made may be NULL. options may be NULL for
 * the defaults. Fails with QUELL_UNSUPPORTED if the model has nothing that can be quantised, with
 * QUELL_BAD_ARGUMENT if each instruction, quantised alone, moves the samples by more than the
 * bound, and else as quell_model_load, quell_sampler_create and quell_sample. Thread-safe. */
QUELL_API quell_status quell_quantize(quell_quantized **made, const char *model, const char *out,
                                      const quell_quantize_options *options);

/* Writes what was done. Fails with QUELL_BAD_ARGUMENT for NULL, and for a size that this library
 * does not know. Thread-safe. */
QUELL_API quell_status quell_quantized_report(const quell_quantized *made,
                                              quell_quantize_report *report);

/* Writes the i-th linear map, convolution or attention of the network, from 0 on. Fails with
 * QUELL_NOT_FOUND if i is past the end, and else as quell_quantized_report. Thread-safe. */
QUELL_API quell_status quell_quantized_instruction(const quell_quantized *made, size_t i,
                                                   quell_quantize_instruction *instruction);

/* Frees what was made; NULL is allowed. The file stays. */
QUELL_API void quell_quantized_free(quell_quantized *made);

#ifdef __cplusplus
}
#endif
#endif
