/* SPDX-License-Identifier: MIT */
/* Quantising: chooses the linear maps, convolutions and attentions of a network that compute with
 * whole numbers, and writes the file. */
#ifndef QUELL_QUANTIZE_QUANTIZE_H
#define QUELL_QUANTIZE_QUANTIZE_H

#include <quell/quantize.h>
#include <stdbool.h>
#include "io/safetensors.h"

struct quell_program;

/* Where a candidate's tensor would be, if it has no weights: an attention. */
#define QUELL_NO_WEIGHTS SIZE_MAX

/* A linear map, a convolution or an attention. number: of the instruction. why: why it stays
 * float32; NULL: it has whole numbers. moves: how far the samples move if it alone has them.
 * kind_end, operand_end: where its name and its weights' name end in the description; cut, cut_end:
 * attributes that are left out. tensor: the index of its weights, in [out][in] places; bytes,
 * scale: what they become. */
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

/* name: of the network. text: its description. reference: the samples of the stored weights, count
 * x dim. samples: room for others. within: those of the chosen weights. chosen: which candidates
 * have whole weights. order: candidates that may, the best first. own: the run of the network, with
 * a progress that is `user`'s and is told of all runs. */
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

/* quell_quantize_find: finds the candidates. quell_quantize_bytes: the file of the chosen ones, in
 * new memory. quell_quantize_draw: draws the samples of a model, which it frees, with the seeds of
 * the draw or, if `other`, with others. quell_quantize_search: chooses, so that samples move by the
 * bound at most. quell_quantize_compare: how far the set of samples is from that of the stored
 * weights. */
quell_status quell_quantize_find(struct quell_quantizing *q);
quell_status quell_quantize_bytes(struct quell_quantizing *q, unsigned char **bytes,
                                  size_t *length);
quell_status quell_quantize_draw(struct quell_quantizing *q, quell_model *model, bool other,
                                 float *x);
quell_status quell_quantize_search(struct quell_quantizing *q);
quell_status quell_quantize_compare(struct quell_quantizing *q);

/* Loads the network again: drawing replaces its denoiser where it is guided. */
quell_status quell_quantize_load(const struct quell_quantizing *q, quell_model **model);

/* The network's program. */
const struct quell_program *quell_quantize_program(const struct quell_quantizing *q);

/* How many times samples are drawn, at most. */
size_t quell_quantize_runs(const struct quell_quantizing *q);

/* How many threads may work on what is no run. */
size_t quell_quantize_threads(const struct quell_quantizing *q);

#endif
