/* SPDX-License-Identifier: MIT */
/* quell quantize: chooses the linear maps and convolutions of a network that get whole weights, and
 * writes the file. */
#ifndef QUELL_CLI_QUANTIZE_H
#define QUELL_CLI_QUANTIZE_H

#include <quell/quell.h>
#include "cli/class_option.h"
#include "cli/condition_option.h"
#include "cli/guidance.h"
#include "cli/options.h"
#include "cli/progress.h"
#include "cli/sampling.h"
#include "io/safetensors.h"

struct quell_program;

struct quantize_options {
    const char *model, *out, *sampler, *isa;
    uint64_t count, steps, seed, threads;
    double bound;
    struct label_options labels;
    struct option_words conditions, negative_conditions;
    const char *negative_class;
    struct guidance_options guidance;
    struct sampling sampling;
    int json, quiet;
};

/* A linear map or a convolution. number: of the instruction. why: why it stays float32; NULL: it
 * has whole weights. moves: how far the samples move if it alone has them. kind_end, operand_end:
 * where its name and its weights' name end in the description; cut, cut_end: an attribute that is
 * left out. tensor: the index of its weights, in [out][in] places; bytes, scale: what they
 * become. */
struct candidate {
    size_t number, kind_end, operand_end, cut, cut_end, tensor, out, in;
    const char *why;
    bool possible;
    double moves;
    uint64_t multiply_adds;
    char *name;
    signed char *bytes;
    float *scale;
};

/* text: the description. reference: the samples of the stored weights, count x dim; deviation: that
 * of their elements. samples: room for others. within: those of
 * the chosen weights. wasserstein: the distance of these two sets; floor: of two sets of the stored
 * weights. chosen: which candidates have whole weights. order:
 * candidates that may, the best first. progress: of the runs of the network. seconds: how long they
 * took. */
struct quantizing {
    struct quantize_options options;
    const char *isa;
    size_t threads, dim, count, candidates, possible;
    struct quell_tensors tensors;
    const char *text;
    quell_model *model;
    struct candidate *candidate;
    size_t *order;
    bool *chosen;
    float *reference, *samples, *within;
    double deviation, moved, wasserstein, floor, seconds;
    struct progress progress;
    int32_t *classes;
    int32_t negative_class;
    struct labels labels;
    struct conditions conditions, negative;
    uint64_t bytes_before, bytes_after;
};

/* Each returns an exit code, and has complained if it is not EXIT_DONE.
 *
 * quantize_find: finds the candidates. quantize_bytes: the file of the chosen ones, in new memory.
 * quantize_draw: draws the samples of a model, which it frees. quantize_search: chooses, so that
 * samples move by the bound at most. quantize_compare: how far the set of samples is from that of
 * the stored weights. quantize_report: says what came of it. */
int quantize_find(struct quantizing *q);
int quantize_bytes(struct quantizing *q, unsigned char **bytes, size_t *length);
int quantize_draw(struct quantizing *q, quell_model *model, uint64_t seed, float *x);
int quantize_search(struct quantizing *q);
int quantize_compare(struct quantizing *q);
int quantize_report(const struct quantizing *q);

/* How many times samples are drawn, at most. */
size_t quantize_runs(const struct quantizing *q);

#endif
