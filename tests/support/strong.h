/* SPDX-License-Identifier: MIT */
/* Strong convergence: in Brownian mode, finer grids converge to the same sample. */
#ifndef QUELL_TESTS_STRONG_H
#define QUELL_TESTS_STRONG_H

#include <quell/quell.h>

/* Points at equal distances in lambda between two times, where a step's error is the same
 * everywhere; in fresh memory. */
quell_point *even_grid(const quell_schedule *schedule, double start, double stop, size_t steps);

/* The mean of |x_0(T) - x_0(2 T)| over samples of a model falls as T^-order, or the test
 * ends. */
void check_strong(const char *spec, const char *schedule, const char *kind, double order);

#endif
