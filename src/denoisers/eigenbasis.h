/* SPDX-License-Identifier: MIT */
/* The eigenbasis of a covariance, computed by LAPACK. Its last bits depend on the machine. */
#ifndef QUELL_DENOISERS_EIGENBASIS_H
#define QUELL_DENOISERS_EIGENBASIS_H

#include <stddef.h>
#include <quell/status.h>

#define QUELL_EIGENBASIS_MOST 32766 /* LAPACK counts its workspace of 1 + 6 n + 2 n^2 in an int */

/* Computes eigenvalues and eigenvectors. vectors[dim][dim] holds a covariance on entry, and one
 * eigenvector in each row on return; values[dim] gets the eigenvalues, in rising order. Refuses a
 * covariance that is not finite, symmetric and positive semi-definite, apart from rounding errors.
 * 1 <= dim <= QUELL_EIGENBASIS_MOST. */
quell_status quell_eigenbasis(size_t dim, double *values, double *vectors);

/* Refuses vectors[dim][dim] whose rows are not orthonormal. */
quell_status quell_orthonormal(size_t dim, const double *vectors);

#endif
