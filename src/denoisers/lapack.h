/* SPDX-License-Identifier: MIT */
/* LAPACK and BLAS, which compute the eigenbasis of a covariance. They are loaded on first use; if
 * the host has already loaded OpenBLAS, that one is used. OpenBLAS's number of threads is unchanged
 * after a call. */
#ifndef QUELL_DENOISERS_LAPACK_H
#define QUELL_DENOISERS_LAPACK_H

#include <quell/status.h>

/* Matrices are stored by columns. */
struct quell_lapack {
    void (*dsyevd)(const char *job, const char *triangle, const int *n, double *a, const int *lda,
                   double *values, double *work, const int *work_size, int *integers,
                   const int *integers_size, int *info);
    void (*dsyrk)(const char *triangle, const char *transpose, const int *n, const int *k,
                  const double *alpha, const double *a, const int *lda, const double *beta,
                  double *c, const int *ldc);
    char *(*config)(void); /* of OpenBLAS; NULL for another library */
    /* omp_get_max_threads of the OpenMP runtime that the library uses, if any; this may be another
     * runtime than quell's. */
    int (*most_threads)(void);
    void (*set_threads)(int threads);
};

/* Calls body(lapack, data) on one thread. Returns QUELL_UNSUPPORTED if there is no LAPACK, and
 * QUELL_NO_MEMORY if OpenBLAS would wait for ever for address space that the process may not have.
 * Thread-safe, also in a child of fork(). */
quell_status quell_with_lapack(void (*body)(const struct quell_lapack *lapack, void *data),
                               void *data);

/* Describes the loaded library, or says why there is none. The text is valid until the next failure
 * in this thread. */
const char *quell_lapack_about(void);

#endif
