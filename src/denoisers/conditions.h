/* SPDX-License-Identifier: MIT */
/* Conditions: the arrays of real numbers that a denoiser takes in addition to x, the time and the
 * class. */
#ifndef QUELL_DENOISERS_CONDITIONS_H
#define QUELL_DENOISERS_CONDITIONS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <quell/function.h>
#include <quell/model.h>
#include "base/digest.h"

/* A condition that a denoiser takes. */
struct quell_taken {
    const char *name;
    size_t rank, shape[QUELL_MAX_RANK], size; /* `size` is the product of the shape */
    /* none[size] stands for the absence of the condition; NULL if nothing does. */
    const float *none;
    /* `same`: guidance that leads away from no condition keeps this one as it is. `must`: every
     * sample must have the condition, because a guide has no value for its absence. */
    bool same, must;
};

/* The classes and conditions of all samples of a run, from its sample 0 on. */
struct quell_told {
    const int32_t *labels;           /* the classes; NULL if no sample has one */
    const uint64_t *seeds, *indices; /* as in quell_call */
    /* values[k] are those of the denoiser's condition k for the first sample; those of the next
     * sample follow stride[k] floats later. stride[k] is 0 if all samples have the same values. */
    const float *values[QUELL_MAX_CONDITIONS];
    size_t stride[QUELL_MAX_CONDITIONS];
};

/* Fills in the classes and conditions of the rows of a call, the first of which is sample `row` of
 * the run, for a function of the caller. The denoiser takes `count` conditions; `conditions` is
 * memory for them. */
void quell_told_rows(const struct quell_told *told, const struct quell_taken *taken, size_t count,
                     size_t row, quell_call *call, quell_condition *conditions);

/* Returns whether the command can give a condition of that name, as NAME=VALUE. */
bool quell_condition_can_be_named(const char *name);

/* Returns the index of the condition with that name, or `count`. */
size_t quell_taken_named(const struct quell_taken *taken, size_t count, const char *name);

/* Frees conditions whose arrays `none` were allocated one by one. */
void quell_taken_free(struct quell_taken *taken, size_t count);

/* Copies the conditions that a function takes, according to quell_function_options, to one block of
 * memory, which the caller frees. The message of a refusal begins with "function". */
quell_status quell_taken_copy(struct quell_taken **taken, const quell_condition *conditions,
                              size_t count);

void quell_taken_digest(const struct quell_taken *taken, size_t count, struct quell_digest *digest);

#endif
