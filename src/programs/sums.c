/* SPDX-License-Identifier: MIT */
#include "programs/sums.h"

#include <math.h>

#define BLOCK 1024
#define LANES 16

struct quell_dot quell_dot_begin(size_t k)
{
    size_t block = quell_block_of(k);
    return (struct quell_dot){.block = block, .left = block};
}

void quell_dot_add(struct quell_dot *dot, size_t count, const float *a, size_t a_step,
                   const float *b, size_t b_step)
{
    for (size_t i = 0; i < count; i++) {
        dot->sum = fmaf(a[i * a_step], b[i * b_step], dot->sum);
        if (--dot->left) continue;
        dot->total += dot->sum;
        dot->sum = 0;
        dot->left = dot->block;
    }
}

float quell_dot_end(const struct quell_dot *dot, const float *bias)
{
    float total = dot->left < dot->block ? dot->total + dot->sum : dot->total;
    return bias ? total + *bias : total;
}

float quell_dot(size_t k, const float *a, size_t a_step, const float *b, size_t b_step)
{
    struct quell_dot dot = quell_dot_begin(k);
    quell_dot_add(&dot, k, a, a_step, b, b_step);
    return quell_dot_end(&dot, NULL);
}

/* Sums at most BLOCK elements, or their squares. */
static float sum_block(size_t count, const float *x, bool squares)
{
    float s[LANES] = {0};
    for (size_t i = 0; i < count; i++) {
        float *lane = &s[i % LANES];
        *lane = squares ? fmaf(x[i], x[i], *lane) : *lane + x[i];
    }
    for (size_t half = LANES / 2; half; half /= 2)
        for (size_t l = 0; l < half; l++) s[l] += s[l + half];
    return s[0];
}

/* Divides the elements into at most BLOCK parts, whose length is a power of BLOCK, and takes the
 * Sum of their Sums. */
static float sum_of(size_t count, const float *x, bool squares)
{
    if (count <= BLOCK) return sum_block(count, x, squares);
    float sums[BLOCK];
    size_t part = BLOCK, parts = 0;
    while (part * BLOCK < count) part *= BLOCK;
    for (size_t done = 0; done < count; done += part)
        sums[parts++] = sum_of(count - done < part ? count - done : part, x + done, squares);
    return sum_block(parts, sums, false);
}

float quell_sum(size_t count, const float *x) { return sum_of(count, x, false); }
float quell_squares(size_t count, const float *x) { return sum_of(count, x, true); }

/* Sums by the kernels, in the same parts as sum_of. */
static float sum_by(const struct quell_kernels *kernels, size_t count, const float *x,
                    const float *mean)
{
    float sums[BLOCK], result;
    struct quell_sums whole = {.sets = 1, .count = count, .x = x, .out = &result};
    whole.squares = mean != NULL;
    whole.mean = mean;
    if (count > BLOCK) {
        size_t part = BLOCK, parts = 0;
        while (part * BLOCK < count) part *= BLOCK;
        for (size_t done = 0; done < count; done += part)
            sums[parts++] =
                sum_by(kernels, count - done < part ? count - done : part, x + done, mean);
        whole = (struct quell_sums){.sets = 1, .count = parts, .x = sums, .out = &result};
    }
    kernels->sum_rows(&whole);
    return result;
}

float quell_sum_by(const struct quell_kernels *kernels, size_t count, const float *x)
{
    return sum_by(kernels, count, x, NULL);
}

float quell_squares_by(const struct quell_kernels *kernels, size_t count, const float *x,
                       float mean)
{
    return sum_by(kernels, count, x, &mean);
}

/* Sums columns of more than BLOCK elements: the sums of blocks are columns again. */
static void sum_long_columns(const struct quell_kernels *kernels, const struct quell_sums *x)
{
    float sums[QUELL_MOST_COLUMN / BLOCK][LANES];
    for (size_t s = 0; s < x->sets; s += LANES) {
        struct quell_sums part = *x;
        size_t parts = 0;
        part.sets = x->sets - s < LANES ? x->sets - s : LANES;
        if (x->mean) part.mean = x->mean + s;
        for (size_t done = 0; done < x->count; done += BLOCK) {
            part.x = x->x + done * x->step + s;
            part.count = x->count - done < BLOCK ? x->count - done : BLOCK;
            part.out = sums[parts++];
            kernels->sum_columns(&part);
        }
        kernels->sum_columns(&(struct quell_sums){
            .sets = part.sets, .count = parts, .step = LANES, .x = sums[0], .out = x->out + s});
    }
}

void quell_sums_by(const struct quell_kernels *kernels, const struct quell_sums *x, bool columns)
{
    const float zero = 0;
    if (x->count <= BLOCK) {
        (columns ? kernels->sum_columns : kernels->sum_rows)(x);
    } else if (columns) {
        sum_long_columns(kernels, x);
    } else {
        for (size_t s = 0; s < x->sets; s++)
            x->out[s] = sum_by(kernels, x->count, x->x + s * x->step,
                               x->squares ? (x->mean ? x->mean + s : &zero) : NULL);
    }
}
