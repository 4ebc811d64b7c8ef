/* SPDX-License-Identifier: MIT */
#ifndef QUELL_DISTANCE_SORT_H
#define QUELL_DISTANCE_SORT_H

#include <stddef.h>

/* Sorts finite numbers, the least first; spare[count] is memory to work in. */
void quell_sort_floats(float *values, float *spare, size_t count);

#endif
