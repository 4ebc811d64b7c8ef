/* SPDX-License-Identifier: MIT */
#include "models/description.h"
#include "base/fail.h"
#include "base/memory.h"
#include "models/model.h"

#include <stdlib.h>

quell_status quell_table_new(struct quell_table *table, size_t rank, size_t rows, size_t columns)
{
    size_t count;
    *table = (struct quell_table){rank, rows, columns, NULL};
    if (!quell_multiply(rows, columns, &count))
        table->values = quell_new(count, sizeof *table->values);
    if (table->values) return QUELL_OK;
    return quell_fail(QUELL_NO_MEMORY, "model: no memory for %zu x %zu values", rows, columns);
}

void quell_table_free(struct quell_table *table)
{
    free(table->values);
    *table = (struct quell_table){0};
}

void quell_description_clear(struct quell_description *description)
{
    quell_table_free(&description->mean);
    quell_table_free(&description->variances);
    quell_table_free(&description->covariance);
    quell_table_free(&description->eigenvalues);
    quell_table_free(&description->eigenvectors);
    quell_table_free(&description->weights);
    quell_table_free(&description->means);
}

quell_status quell_description_denoiser(const struct quell_description *description, size_t dim,
                                        quell_denoiser **denoiser)
{
    const struct quell_description *d = description;
    if (d->means.values && d->variances.rank == 2)
        return quell_denoiser_from_diagonal_mixture(denoiser, d->means.rows, dim, d->weights.values,
                                                    d->means.values, d->variances.values);
    if (d->means.values)
        return quell_denoiser_from_mixture(denoiser, d->means.rows, dim, d->weights.values,
                                           d->means.values, d->variances.values);
    if (d->isotropic)
        return quell_denoiser_from_isotropic(denoiser, dim, d->mean.values, d->variance);
    if (d->variances.values)
        return quell_denoiser_from_diagonal(denoiser, dim, d->mean.values, d->variances.values);
    if (d->covariance.values)
        return quell_denoiser_from_covariance(denoiser, dim, d->mean.values, d->covariance.values);
    return quell_denoiser_from_eigenbasis(denoiser, dim, d->mean.values, d->eigenvalues.values,
                                          d->eigenvectors.values);
}

quell_status quell_model_describe(quell_model *model, struct quell_description *description)
{
    size_t dim = 1;
    for (size_t i = 0; i < model->rank; i++) dim *= model->shape[i];
    model->description = quell_new(1, sizeof *model->description);
    if (!model->description) return quell_fail(QUELL_NO_MEMORY, "model: no memory");
    quell_status status = quell_description_denoiser(description, dim, &model->denoiser);
    if (status) return status;
    /* The tables are not stored, because the denoiser has the eigenbasis
     * (quell_denoiser_eigenbasis). */
    quell_table_free(&description->covariance);
    quell_table_free(&description->eigenvalues);
    quell_table_free(&description->eigenvectors);
    *model->description = *description;
    *description = (struct quell_description){0};
    return QUELL_OK;
}
