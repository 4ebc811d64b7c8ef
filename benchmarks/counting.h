/* SPDX-License-Identifier: MIT */
/* Kernels that count what each thread asks of them. */
#ifndef QUELL_BENCHMARKS_COUNTING_H
#define QUELL_BENCHMARKS_COUNTING_H

#include "simd/kernels.h"

/* products: multiply-adds; elements: of maps, sums, transforms and copies by kernels; right: bytes
 * of the right sides of products, which are weights in most of them. */
struct counted {
    double products, elements, right;
};

/* What the calling thread has asked of the kernels so far. */
extern _Thread_local struct counted counted;

/* The widest kernels of this machine, which count. */
const struct quell_kernels *counting_kernels(void);

#endif
