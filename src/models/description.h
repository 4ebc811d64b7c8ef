/* SPDX-License-Identifier: MIT */
/* The parameters of a Gaussian or a mixture, on their way between a file and a denoiser. */
#ifndef QUELL_MODELS_DESCRIPTION_H
#define QUELL_MODELS_DESCRIPTION_H

#include <stdbool.h>
#include <stddef.h>
#include <quell/denoiser.h>
#include <quell/status.h>

/* A table of numbers: of rank 1, `rows` of them (columns is 1), or of rank 2, rows x columns.
 * values is NULL if the table is empty. */
struct quell_table {
    size_t rank, rows, columns;
    double *values;
};

quell_status quell_table_new(struct quell_table *table, size_t rank, size_t rows, size_t columns);
void quell_table_free(struct quell_table *table);

/* A mixture if there are means. Otherwise a Gaussian: with `variance` if `isotropic`, or else with
 * one of variances, covariance, and eigenvalues with eigenvectors. The mean may be empty. */
struct quell_description {
    bool isotropic;
    double variance;
    struct quell_table mean, variances, covariance, eigenvalues, eigenvectors;
    struct quell_table weights, means;
};

/* Frees the tables; a zeroed description is allowed. */
void quell_description_clear(struct quell_description *description);

/* Creates the denoiser of a description whose tables have matching sizes. */
quell_status quell_description_denoiser(const struct quell_description *description, size_t dim,
                                        quell_denoiser **denoiser);

#endif
