/* SPDX-License-Identifier: MIT */
/* Code that attention, attention_int8 and attention_bf16 share: they take the operands [q, k, v,
 * mask] head by head, and some queries of a head at a time, so that their scores stay in cache. */
#ifndef QUELL_PROGRAMS_KINDS_HEADS_H
#define QUELL_PROGRAMS_KINDS_HEADS_H

#include "programs/kind.h"

enum { QUELL_HEADS_SCALE, QUELL_HEADS_CAUSAL, QUELL_HEADS_MASK };

/* The number of queries that are computed at a time. */
#define QUELL_QUERIES 96

/* Rows of scores whose distance is a multiple of this many floats evict one another from the
 * cache. */
#define QUELL_SCORES_APART 256

/* The sizes of one head: m queries and n keys of d elements, n values of e elements. */
struct quell_head_sizes {
    size_t m, n, d, e;
};

/* A head: q, k, v and the distances of their rows; the mask of its first query (or NULL) and the
 * distances of its elements; where the result goes; and the scratch memory. `query` is the first of
 * the queries being computed. `parts` is the kind's description of its scratch memory. */
struct quell_head {
    const struct quell_execution *at;
    const struct quell_instruction *of;
    const struct quell_kernels *kernels;
    struct quell_head_sizes sizes;
    const void *parts;
    const float *q, *k, *v, *mask;
    size_t q_row, k_row, v_row;
    size_t mask_row, mask_step, query;
    float *out, *scratch;
};

/* Checks the operands and sets the result's shape, the scale, the multiply-adds, and the sizes of
 * one head. */
quell_status quell_heads_infer(struct quell_inference *at, struct quell_head_sizes *sizes);

/* Returns whether an operand can be read in place (quell_kind.strided). */
bool quell_heads_strided(const struct quell_program *program, const struct quell_instruction *now,
                         size_t operand, const size_t *stride);

/* Returns the sizes of the heads of an instruction that runs. */
struct quell_head_sizes quell_heads_sizes(const struct quell_execution *at);

/* Returns the greatest number of queries that are computed together, for such heads. */
size_t quell_heads_queries(const struct quell_head_sizes *sizes);

/* Returns the distance of two rows of scores. */
size_t quell_heads_score_row(const struct quell_head_sizes *sizes);

/* Masks the scores s[count][n] of the queries from head->query on, rows score_row apart. */
void quell_heads_mask(const struct quell_head *head, size_t count, float *s, size_t score_row);

/* Turns products into scores in s, with rows score_row apart, before masking. */
void quell_heads_scale(const struct quell_head *head, const struct quell_dots_done *done, float *s,
                       size_t score_row);

/* Turns sums of weighted values into results: divides them by the total[] of each query. Rows that
 * may not use any key become 0. */
void quell_heads_divide(const struct quell_head *head, const struct quell_dots_done *done,
                        const float *total);

/* Goes over this worker's heads and queries. It calls `pack` before the first queries of keys and
 * values that were not packed, and `attend` for `count` queries from head->query on. */
void quell_heads_run(const struct quell_execution *at, const void *parts,
                     void (*pack)(const struct quell_head *head),
                     void (*attend)(const struct quell_head *head, size_t count));

/* The attributes of all these kinds, in the order of the indices above. */
extern const char *const quell_heads_masks[];
#define QUELL_HEADS_ATTRIBUTES                                                                 \
    {                                                                                          \
        [QUELL_HEADS_SCALE] = {.name = "scale", .type = QUELL_REAL},                           \
        [QUELL_HEADS_CAUSAL] = {.name = "causal", .type = QUELL_TRUTH}, [QUELL_HEADS_MASK] = { \
            "mask",                                                                            \
            QUELL_CHOICE,                                                                      \
            false,                                                                             \
            0,                                                                                 \
            quell_heads_masks                                                                  \
        }                                                                                      \
    }

#endif
