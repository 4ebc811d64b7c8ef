/* SPDX-License-Identifier: MIT */
/* Conditions: real arrays by name that a denoiser is told beside x, the time and the class, such as
 * an energy, a text embedding or a coarse field. */
#ifndef QUELL_CONDITION_H
#define QUELL_CONDITION_H

#include <stddef.h>

#ifdef __cplusplus
extern "C" {
#endif

/* The values of one condition: in a draw, what the samples are told (quell_draw); in a call, what a
 * function is told of its rows (quell_call); in the options of a function, what it takes
 * (quell_function_options).
 *
 * name: the name of the condition, not empty and without '='.
 * values: values[size], the same for all samples, if count is 0; else values[count][size], where
 *   values[i] are those of the i-th sample of the draw, or of row i of a call. All are finite.
 *   NULL: the samples are without this condition.
 * count: 0, or the number of samples or rows. With values NULL it is 0.
 * size: the number of elements of the condition, the product of its shape. */
typedef struct quell_condition {
    const char *name;
    const float *values;
    size_t count;
    size_t size;
} quell_condition;

/* The greatest number of conditions of a denoiser. */
#define QUELL_MAX_CONDITIONS 32

#ifdef __cplusplus
}
#endif
#endif
