/* SPDX-License-Identifier: MIT */
/* Conditions: the real arrays that a denoiser takes beside x, the time and the class. */
#ifndef QUELL_DENOISERS_CONDITIONS_H
#define QUELL_DENOISERS_CONDITIONS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <quell/function.h>
#include <quell/model.h>
#include "base/digest.h"

/* A condition that a denoiser takes. size: the product of its shape. none: what stands for no such
 * condition, none[size]; NULL if nothing does. same: guidance away from no condition leaves this
 * one as it is. must: no sample may have none, because a guide does not know what none is. */
struct quell_taken {
    const char *name;
    size_t rank, shape[QUELL_MAX_RANK], size;
    const float *none;
    bool same, must;
};

/* All that the samples of a run are told one by one, from its sample 0 on. labels: their classes;
 * NULL: no sample has one. seeds, indices: as in quell_call. values[k] are those of the denoiser's
 * condition k, and stride[k] floats further on those of the next sample; 0 if all have the same. */
struct quell_told {
    const int32_t *labels;
    const uint64_t *seeds, *indices;
    const float *values[QUELL_MAX_CONDITIONS];
    size_t stride[QUELL_MAX_CONDITIONS];
};

/* Tells a function of the caller's what is told of the call's rows, of which the first is sample
 * `row` of the run: by a denoiser that takes `count` conditions, whose values go to conditions[].
 * */
void quell_told_rows(const struct quell_told *told, const struct quell_taken *taken, size_t count,
                     size_t row, quell_call *call, quell_condition *conditions);

/* Whether the command can give a condition of that name, as NAME=VALUE. */
bool quell_condition_can_be_named(const char *name);

/* Returns the index of the condition of that name, or `count`. */
size_t quell_taken_named(const struct quell_taken *taken, size_t count, const char *name);

/* Frees conditions, each none of which is memory of its own. */
void quell_taken_free(struct quell_taken *taken, size_t count);

/* Copies what a function takes, as quell_function_options says it, to one block, to be freed. The
 * message of a refusal begins with "function". */
quell_status quell_taken_copy(struct quell_taken **taken, const quell_condition *conditions,
                              size_t count);

void quell_taken_digest(const struct quell_taken *taken, size_t count, struct quell_digest *digest);

#endif
