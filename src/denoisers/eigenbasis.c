/* SPDX-License-Identifier: MIT */
#include "denoisers/eigenbasis.h"
#include "base/fail.h"
#include "base/memory.h"
#include "base/number.h"
#include "denoisers/lapack.h"

#include <math.h>
#include <stdlib.h>

#define SYMMETRY 1e-6
#define ORTHONORMALITY 1e-5
#define PLAIN 256

/* Replaces the matrix by the mean of itself and its transpose; refuses one that is not
 * symmetric. */
static quell_status symmetrise(double *matrix, size_t dim)
{
    double greatest = 0;
    for (size_t i = 0; i < dim * dim; i++) {
        if (!isfinite(matrix[i]))
            return quell_fail(QUELL_BAD_ARGUMENT, "covariance: entry [%zu][%zu] is not finite",
                              i / dim, i % dim);
        greatest = fmax(greatest, fabs(matrix[i]));
    }
    for (size_t i = 0; i < dim; i++)
        for (size_t j = 0; j < i; j++) {
            double *a = matrix + i * dim + j, *b = matrix + j * dim + i;
            if (fabs(*a - *b) > SYMMETRY * greatest)
                return quell_fail(
                    QUELL_BAD_ARGUMENT,
                    "covariance: entry [%zu][%zu] is %s but [%zu][%zu] is %s, must be "
                    "symmetric",
                    i, j, QUELL_SAID(*a), j, i, QUELL_SAID(*b));
            *a = *b = 0.5 * *a + 0.5 * *b;
        }
    return QUELL_OK;
}

struct search {
    int n, work_size, integers_size, info;
    double *values, *vectors, *work;
    int *integers;
};

static void find(const struct quell_lapack *lapack, void *data)
{
    struct search *search = data;
    lapack->dsyevd("V", "U", &search->n, search->vectors, &search->n, search->values, search->work,
                   &search->work_size, search->integers, &search->integers_size, &search->info);
}

/* Computes eigenvalues and eigenvectors by LAPACK's divide and conquer. `vectors` holds the matrix
 * on entry, and one eigenvector in each row on return. */
static quell_status diagonalise(size_t dim, double *values, double *vectors)
{
    int n = (int)dim;
    struct search search = {n,         1 + 6 * n + 2 * n * n, 3 + 5 * n,
                            .info = 1, .values = values,      .vectors = vectors};
    search.work = quell_new((size_t)search.work_size, sizeof *search.work);
    search.integers = quell_new((size_t)search.integers_size, sizeof *search.integers);
    quell_status status = QUELL_OK;
    if (!search.work || !search.integers)
        status =
            quell_fail(QUELL_NO_MEMORY, "covariance: no memory for an eigenbasis of dim %zu", dim);
    else
        status = quell_with_lapack(find, &search);
    if (!status && search.info)
        status =
            quell_fail(QUELL_BAD_ARGUMENT, "covariance: it has no eigenbasis that LAPACK finds");
    free(search.work);
    free(search.integers);
    return status;
}

/* Sets eigenvalues to 0 that are negative because of rounding errors, and refuses others. The
 * values are in rising order. */
static quell_status clip(size_t dim, double *values)
{
    double greatest = values[dim - 1];
    if (values[0] < -SYMMETRY * fmax(greatest, 0))
        return quell_fail(QUELL_BAD_ARGUMENT,
                          "covariance: it has the eigenvalue %g, must be positive "
                          "semi-definite",
                          values[0]);
    for (size_t i = 0; i < dim && values[i] < 0; i++) values[i] = 0;
    return QUELL_OK;
}

quell_status quell_eigenbasis(size_t dim, double *values, double *vectors)
{
    quell_status status = symmetrise(vectors, dim);
    if (!status) status = diagonalise(dim, values, vectors);
    return status ? status : clip(dim, values);
}

struct product {
    int n;
    const double *vectors;
    double *gram;
};

static void multiply(const struct quell_lapack *lapack, void *data)
{
    const struct product *product = data;
    const double one = 1, zero = 0;
    lapack->dsyrk("U", "T", &product->n, &product->n, &one, product->vectors, &product->n, &zero,
                  product->gram, &product->n);
}

/* Multiplies without LAPACK, if there is none or loading it is not worthwhile. This is slower for a
 * large dim. */
static void multiply_plainly(size_t dim, const double *vectors, double *gram)
{
    for (size_t i = 0; i < dim; i++)
        for (size_t j = 0; j <= i; j++) {
            const double *a = vectors + i * dim, *b = vectors + j * dim;
            double sum[4] = {0};
            for (size_t k = 0; k < dim; k++) sum[k % 4] += a[k] * b[k];
            gram[i * dim + j] = (sum[0] + sum[1]) + (sum[2] + sum[3]);
        }
}

static quell_status refuse_length(size_t i, double square)
{
    char text[QUELL_NUMBER_TEXT];
    return quell_fail(QUELL_BAD_ARGUMENT,
                      "eigenbasis: the vectors are not orthonormal: vector %zu has the length %s, "
                      "must be 1",
                      i, quell_number_text(sqrt(square), text));
}

/* Checks that |V V^T - I| <= ORTHONORMALITY in every entry. */
quell_status quell_orthonormal(size_t dim, const double *vectors)
{
    double *gram = quell_new(dim, dim * sizeof *gram);
    if (!gram)
        return quell_fail(QUELL_NO_MEMORY, "eigenbasis: no memory to check the eigenvectors");
    if (dim <= PLAIN || quell_with_lapack(multiply, &(struct product){(int)dim, vectors, gram}))
        multiply_plainly(dim, vectors, gram);
    quell_status status = QUELL_OK;
    for (size_t i = 0; i < dim && !status; i++)
        for (size_t j = 0; j <= i && !status; j++)
            if (!(fabs(gram[i * dim + j] - (i == j)) <= ORTHONORMALITY))
                status = i == j ? refuse_length(i, gram[i * dim + i])
                                : quell_fail(QUELL_BAD_ARGUMENT,
                                             "eigenbasis: vectors %zu and %zu are not orthonormal: "
                                             "their product is %g, must be 0",
                                             i, j, gram[i * dim + j]);
    free(gram);
    return status;
}
