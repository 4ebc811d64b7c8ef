/* SPDX-License-Identifier: MIT */
/* Sums over the elements of a sample, in double, whose bits depend on nothing but the values: 16
 * partial sums, element e into sum e mod 16, then a fixed tree. */
#ifndef QUELL_ENGINE_NORM_H
#define QUELL_ENGINE_NORM_H

#include <stddef.h>

struct quell_sum {
    double part[16];
};

static inline void quell_sum_add(struct quell_sum *sum, size_t element, double value)
{
    sum->part[element % 16] += value;
}

static inline double quell_sum_total(const struct quell_sum *sum)
{
    double part[8];
    for (int i = 0; i < 8; i++) part[i] = sum->part[i] + sum->part[i + 8];
    for (int i = 0; i < 4; i++) part[i] += part[i + 4];
    return (part[0] + part[2]) + (part[1] + part[3]);
}

#endif
