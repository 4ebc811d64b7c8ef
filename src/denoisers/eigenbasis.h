/* SPDX-License-Identifier: MIT */
/* The eigenbasis of a covariance, by LAPACK. Its last bits depend on the machine. */
#ifndef QUELL_DENOISERS_EIGENBASIS_H
#define QUELL_DENOISERS_EIGENBASIS_H

#include <stddef.h>
#include <quell/status.h>

#define QUELL_EIGENBASIS_MOST 32766 /* LAPACK counts a workspace of 1 + 6 n + 2 n^2 by an int */

/* vectors[dim][dim] holds a covariance on entry, and one eigenvector in each row on return;
 * values[dim] get the eigenvalues, in rising order. Refuses a covariance that is not finite,
 * symmetric and positive semi-definite, apart from rounding. 1 <= dim <= QUELL_EIGENBASIS_MOST. */
quell_status quell_eigenbasis(size_t dim, double *values, double *vectors);

/* Refuses rows of vectors[dim][dim] that are not orthonormal. */
quell_status quell_orthonormal(size_t dim, const double *vectors);

#endif
