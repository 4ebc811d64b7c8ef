/* SPDX-License-Identifier: MIT */
/* BLAS and LAPACK, which belong to the host: their number of threads is as it was after a call. */
#ifndef QUELL_DENOISERS_BLAS_H
#define QUELL_DENOISERS_BLAS_H

/* Calls body(data), which calls BLAS. */
void quell_with_blas(void (*body)(void *data), void *data);

#endif
