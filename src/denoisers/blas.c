/* SPDX-License-Identifier: MIT */
#include "denoisers/blas.h"

#include <omp.h>

/* Another BLAS may be linked, which has no such function. */
int openblas_get_num_threads(void) __attribute__((weak));

/* OpenBLAS sets its number of threads anew, for the whole process, in each call that finds OpenMP's
 * to be another. In a parallel region OpenMP's number is the region's own; ours, of one thread,
 * says what OpenBLAS has, so that it finds nothing to set. */
void quell_with_blas(void (*body)(void *data), void *data)
{
    int threads = openblas_get_num_threads ? openblas_get_num_threads() : 0;
    if (threads < 1) {
        body(data);
        return;
    }
#pragma omp parallel num_threads(1)
    {
        omp_set_num_threads(threads);
        body(data);
    }
}
