/* SPDX-License-Identifier: MIT */
/* LAPACK and BLAS, which take a covariance apart. They are loaded when the first one is, and are
 * the host's own if it has OpenBLAS: their number of threads is as it was after a call. */
#ifndef QUELL_DENOISERS_LAPACK_H
#define QUELL_DENOISERS_LAPACK_H

#include <quell/status.h>

/* Column by column. */
struct quell_lapack {
    void (*dsyevd)(const char *job, const char *triangle, const int *n, double *a, const int *lda,
                   double *values, double *work, const int *work_size, int *integers,
                   const int *integers_size, int *info);
    void (*dsyrk)(const char *triangle, const char *transpose, const int *n, const int *k,
                  const double *alpha, const double *a, const int *lda, const double *beta,
                  double *c, const int *ldc);
    char *(*config)(void); /* NULL, if it is not OpenBLAS */
    /* Its runtime of OpenMP's, if it has one of its own, which may be another than quell's. */
    int (*most_threads)(void);
    void (*set_threads)(int threads);
};

/* Calls body(lapack, data) on one thread. QUELL_UNSUPPORTED where there is no LAPACK,
 * QUELL_NO_MEMORY where the process may not have the address space that it would wait for, for
 * ever. Thread-safe, also in a child of fork(). */
quell_status quell_with_lapack(void (*body)(const struct quell_lapack *lapack, void *data),
                               void *data);

/* What it says of itself, or why it cannot be had. Valid until this thread fails again. */
const char *quell_lapack_about(void);

#endif
