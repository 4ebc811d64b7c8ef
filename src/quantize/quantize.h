/* SPDX-License-Identifier: MIT */
/* Quantising: chooses the linear maps, convolutions and attentions of a network that compute with
 * whole numbers, and writes the file. */
#ifndef QUELL_QUANTIZE_QUANTIZE_H
#define QUELL_QUANTIZE_QUANTIZE_H

#include <quell/quantize.h>
#include <stdbool.h>
#include "io/safetensors.h"

struct quell_program;

/* The index of the tensor of a candidate without weights, an attention. */
#define QUELL_NO_WEIGHTS SIZE_MAX

/* A candidate: a linear map, a convolution or an attention.
 * number: the number of its instruction.
 * kind_end, operand_end: where the name of its kind, and that of its weights, end in the
 *   description. cut, cut_end: where `cuts` attributes are that the quantised instruction does not
 *   have.
 * tensor, out, in: the index of its weights, and their shape [out][in].
 * why: why it stays float32; NULL if it computes with whole numbers. possible: it can be quantised.
 * moves: how far the samples move if it alone is quantised.
 * bytes, scale: the quantised weights, and the scale of each output. */
struct quell_candidate {
    size_t number, kind_end, operand_end, cuts, cut[2], cut_end[2], tensor, out, in;
    const char *why;
    bool possible;
    double moves;
    uint64_t multiply_adds;
    char *name;
    signed char *bytes;
    float *scale;
};

/* The state of the work.
 * name, text: the name of the network, and its description.
 * run, own: the caller's run, and the one that draws, whose progress function reports all runs
 *   together as one.
 * order: the candidates that can be quantised, the best first. chosen: which of all candidates are
 *   quantised now.
 * reference: the samples of the stored weights, [count][dim]. samples: memory for the samples of a
 *   trial. within: the samples of the best choice so far that is within the bound. */
struct quell_quantizing {
    const char *name;
    quell_quantize_options options;
    quell_sampler_options sampling;
    quell_draw draw;
    quell_run run, own;
    uint64_t *seeds;
    size_t dim, count, candidates, possible;
    struct quell_tensors tensors;
    const char *text;
    quell_model *model;
    struct quell_candidate *candidate;
    size_t *order;
    bool *chosen;
    float *reference, *samples, *within;
    quell_quantize_report report;
};

/* The steps of the work.
 * quell_quantize_find: finds the candidates.
 * quell_quantize_bytes: makes the file in which the chosen candidates are quantised, in new memory.
 * quell_quantize_draw: draws the samples of a model, which it frees, with the seeds of the draw or,
 *   if `other`, with different ones.
 * quell_quantize_search: chooses candidates so that samples move by the bound at most.
 * quell_quantize_compare: measures the distance of the samples from those of the stored weights. */
quell_status quell_quantize_find(struct quell_quantizing *q);
quell_status quell_quantize_bytes(struct quell_quantizing *q, unsigned char **bytes,
                                  size_t *length);
quell_status quell_quantize_draw(struct quell_quantizing *q, quell_model *model, bool other,
                                 float *x);
quell_status quell_quantize_search(struct quell_quantizing *q);
quell_status quell_quantize_compare(struct quell_quantizing *q);

/* Loads the network again, because quell_quantize_draw replaces the denoiser of a guided model. */
quell_status quell_quantize_load(const struct quell_quantizing *q, quell_model **model);

/* Returns the network's program. */
const struct quell_program *quell_quantize_program(const struct quell_quantizing *q);

/* Returns the greatest number of times that the samples may be drawn. */
size_t quell_quantize_runs(const struct quell_quantizing *q);

/* Returns how many threads may compute outside of a run. */
size_t quell_quantize_threads(const struct quell_quantizing *q);

#endif
