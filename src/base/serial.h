/* SPDX-License-Identifier: MIT */
/* For calls of the host's functions in quell's own threads. OpenMP code inside such a function (a
 * BLAS, PyTorch's operations) gets one thread, as it would in a parallel region, because quell's
 * other threads run at the same time.
 *
 * QUELL_SERIAL_OPENMP(whether); as the first line of a function holds until it returns. It changes
 * OpenMP's number of threads for this thread alone, and restores it. */
#ifndef QUELL_BASE_SERIAL_H
#define QUELL_BASE_SERIAL_H

#include <omp.h>
#include <stdbool.h>

/* Returns the number to restore afterwards; 0 if nothing was changed. */
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
