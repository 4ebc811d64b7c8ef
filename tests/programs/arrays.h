/* SPDX-License-Identifier: MIT */
/* Arrays of doubles, and programs of one instruction that are run on them. The twins of the kinds
 * are compared with these. */
#ifndef QUELL_TESTS_ARRAYS_H
#define QUELL_TESTS_ARRAYS_H

#include <stdbool.h>
#include <stddef.h>
#include "simd/kernels.h"
#include <stdint.h>

#define MOST_RANK 8
#define MOST_ARRAYS 8

struct array {
    size_t rank, size[MOST_RANK], count;
    double *at;
};

/* Random numbers that are the same everywhere. */
struct chance {
    uint64_t state;
};
uint32_t chance_bits(struct chance *chance);
double chance_real(struct chance *chance);                             /* in [-1, 1) */
size_t chance_whole(struct chance *chance, size_t least, size_t most); /* inclusive */

/* A new array of zeros; array_random: of floats from -1 to 1. Free with array_free. */
struct array array_new(size_t rank, const size_t *size);
struct array array_random(struct chance *chance, size_t rank, const size_t *size);
void array_free(struct array *array);

/* A random array of a random shape of rank least to most: sizes from 1 to 5, many of them 1, and
 * sometimes one of 257, or of 17 where there are many dimensions. */
struct array array_of_any_shape(struct chance *chance, size_t least, size_t most);

/* Splits an index into one for each dimension; and the element at one. */
void array_split(const struct array *array, size_t i, long *index);
size_t array_flat(const struct array *array, const long *index);

/* Runs `instruction`, JSON with ' for ", whose operands 'a', 'b', 'c', ... are the arrays, and
 * checks the shape of its result and its elements: each within `bound` times the largest of them.
 * constants: bit i makes array i a tensor of the file, else it is an input. */
void check_instruction(const char *instruction, size_t count, const struct array *arrays,
                       unsigned constants, const struct array *right, double bound);

/* A program of some instructions, JSON as above, whose result is that of instruction `output`. x:
 * if given, the first array, 'x', for each of the samples; the result then has a first dimension
 * more. An array without elements is left out. kernels: NULL: the widest. workers: of a crew; 0:
 * one. rounded: the weights of products are rounded to bfloat16; halves: products are those of
 * bfloat16 numbers where they can be. row_of: if given, sample i is told
 * rows[k][row_of[i]] in place of array 1 + k, where rows[ROWS_TOLD] are row_count arrays each. */
#define MOST_WORKERS 8
#define MOST_ROWS_TOLD 16
#define ROWS_TOLD 2
struct many {
    const char *instructions;
    size_t output, count;
    const struct array *arrays;
    unsigned constants;
    const struct array *x;
    size_t samples, workers;
    const struct quell_kernels *kernels;
    const struct quell_lookout *lookout;
    bool rounded, halves;
    const struct array *const *rows;
    const size_t *row_of;
    size_t row_count;
    bool large; /* workers share large instructions alone, as they do in a run */
};
struct array run_program(const struct many *many);

/* Runs the instruction and returns its result. */
struct array run_instruction(const char *instruction, size_t count, const struct array *arrays,
                             unsigned constants);

#endif
