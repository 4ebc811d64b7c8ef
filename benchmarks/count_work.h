/* SPDX-License-Identifier: MIT */
/* Work of which benchmarks/count counts the instructions. */
#ifndef QUELL_BENCHMARKS_COUNT_WORK_H
#define QUELL_BENCHMARKS_COUNT_WORK_H

#include "simd/kernels.h"

/* Calls work(data) so that it alone is counted, under that name, and per one of `elements`. isa:
 * the instruction set, or "any". It is not called unless the command line asks for it. */
void count_work(const char *name, const char *isa, double elements, void (*work)(void *data),
                void *data);

void count_kernels(const struct quell_kernels *kernels);
void count_runs(const char *isa);
void count_models(void);
void count_samplers(void);

/* Ends the program with quell's own message unless ok. */
void count_check(int ok);

#endif
