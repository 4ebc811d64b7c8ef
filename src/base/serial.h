/* SPDX-License-Identifier: MIT */
/* Functions of the host's in threads of quell's: what they compute by OpenMP (a BLAS, PyTorch's
 * operations) has one thread, as in a parallel region, because quell's other threads work beside
 * it.
 *
 * QUELL_SERIAL_OPENMP(whether); as the first line of a function holds until it returns. The number
 * is this thread's alone, and is as it was afterwards. */
#ifndef QUELL_BASE_SERIAL_H
#define QUELL_BASE_SERIAL_H

#include <omp.h>
#include <stdbool.h>

/* What to set afterwards; 0: nothing. */
static inline int quell_serial_enter(bool whether)
{
    int threads = whether ? omp_get_max_threads() : 1;
    if (threads < 2) return 0;
    omp_set_num_threads(1);
    return threads;
}

static inline void quell_serial_leave(const int *threads)
{
    if (*threads) omp_set_num_threads(*threads);
}

#define QUELL_SERIAL_OPENMP(whether)                                      \
    __attribute__((cleanup(quell_serial_leave))) const int host_threads = \
        quell_serial_enter(whether);                                      \
    (void)host_threads

#endif
