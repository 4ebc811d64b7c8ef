/* SPDX-License-Identifier: MIT */
/* A linear map y = W x + b, its weights packed once into the panels of the matrix product. */
#ifndef QUELL_NETWORKS_LINEAR_H
#define QUELL_NETWORKS_LINEAR_H

#include <stdbool.h>
#include "networks/network.h"

/* weights: panels of QUELL_PANEL outputs, each [in][QUELL_PANEL]. bias: zeros where it has none.
 * Both are padded with zeros to whole panels. */
struct quell_linear {
    size_t in, out;
    float *weights, *bias;
};

/* Reads NAME.weight[out][in] and, if `bias`, NAME.bias[out]. After a failure the map must be freed
 * too. */
quell_status quell_linear_load(struct quell_linear *linear, const struct quell_weights *from,
                               const char *name, size_t in, size_t out, bool bias);
void quell_linear_free(struct quell_linear *linear);

void quell_linear_digest(const struct quell_linear *linear, struct quell_digest *digest);

/* The distance between rows of `out` numbers that a product may write. */
size_t quell_linear_stride(size_t out);

/* y[rows][stride] = start + W x, where start is a row of `out` numbers: the bias, or what takes its
 * place. x(i, p) = x[i * x_row + p]. With `add`, y += start + W x. */
void quell_linear_apply(const struct quell_linear *linear, const struct quell_kernels *kernels,
                        size_t rows, const float *x, size_t x_row, float *y, const float *start,
                        bool add);

/* Like quell_linear_apply, followed by y = f(y). */
void quell_linear_activate(const struct quell_linear *linear, const struct quell_kernels *kernels,
                           size_t rows, const float *x, size_t x_row, float *y, const float *start,
                           bool add, enum quell_activation f);

#endif
