/* SPDX-License-Identifier: MIT */
/* Clouds: a stationary Gaussian field with a power-law spectrum, which is how clouds and much else
 * in nature look. Its eigenvectors are the two-dimensional cosine basis (DCT-II), known exactly, so
 * that no eigensolver decides about the last bits. */
#include "base/maths.h"
#include "models/builtin.h"
#include "models/description.h"
#include "models/model.h"

#define SIDE 32
#define DIM (SIDE * SIDE)
#define PI 3.14159265358979323846

/* Power ~ (k^2 + 1)^(-3/2): the exponent -3 of clouds seen from above, levelled off at the size of
 * the image. The total is such that a pixel has a variance of 0.4^2 on average. */
static void fill_values(double *values)
{
    double total = 0.0;
    for (int i = 0; i < DIM; i++) {
        int u = i % SIDE, v = i / SIDE;
        double square = (double)(u * u + v * v) + 1.0;
        total += values[i] = 1.0 / (square * sqrt(square));
    }
    for (int i = 0; i < DIM; i++) values[i] *= 0.16 * DIM / total;
}

static void fill_cosines(double cosines[SIDE][SIDE])
{
    for (int u = 0; u < SIDE; u++)
        for (int x = 0; x < SIDE; x++)
            cosines[u][x] = sqrt((u ? 2.0 : 1.0) / SIDE) * quell_cos(PI * u * (x + 0.5) / SIDE);
}

static void fill_vectors(double *vectors)
{
    double cosines[SIDE][SIDE];
    fill_cosines(cosines);
    for (int i = 0; i < DIM; i++)
        for (int j = 0; j < DIM; j++)
            vectors[(size_t)i * DIM + (size_t)j] =
                cosines[i / SIDE][j / SIDE] * cosines[i % SIDE][j % SIDE];
}

quell_status quell_builtin_clouds(quell_model *model)
{
    struct quell_description d = {0};
    model->rank = 2;
    model->shape[0] = model->shape[1] = SIDE;
    model->image = 1;
    quell_status status = quell_table_new(&d.eigenvalues, 1, DIM, 1);
    if (!status) status = quell_table_new(&d.eigenvectors, 2, DIM, DIM);
    if (!status) {
        fill_values(d.eigenvalues.values);
        fill_vectors(d.eigenvectors.values);
        status = quell_model_describe(model, &d);
    }
    quell_description_clear(&d);
    return status;
}
