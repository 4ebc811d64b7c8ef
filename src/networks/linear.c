/* SPDX-License-Identifier: MIT */
#include "networks/linear.h"
#include "base/fail.h"
#include "base/memory.h"

#include <stdio.h>
#include <stdlib.h>

size_t quell_linear_stride(size_t out) { return quell_round_up(out, QUELL_LANES); }

static void pack(struct quell_linear *linear, const float *weights)
{
    for (size_t j = 0; j < linear->out; j++) {
        float *to = linear->weights + j / QUELL_PANEL * linear->in * QUELL_PANEL + j % QUELL_PANEL;
        for (size_t p = 0; p < linear->in; p++) to[p * QUELL_PANEL] = weights[j * linear->in + p];
    }
}

static quell_status read_into(struct quell_linear *linear, const struct quell_weights *from,
                              const char *name, bool bias, float *plain)
{
    char full[256];
    const size_t shape[] = {linear->out, linear->in};
    snprintf(full, sizeof full, "%s.weight", name);
    quell_status status = from->read(from->user, full, 2, shape, plain);
    if (status) return status;
    pack(linear, plain);
    snprintf(full, sizeof full, "%s.bias", name);
    return bias ? from->read(from->user, full, 1, shape, linear->bias) : QUELL_OK;
}

quell_status quell_linear_load(struct quell_linear *linear, const struct quell_weights *from,
                               const char *name, size_t in, size_t out, bool bias)
{
    char full[256];
    const size_t shape[] = {out, in};
    size_t whole = quell_round_up(out, QUELL_PANEL), packed, unpacked;
    *linear = (struct quell_linear){.in = in, .out = out};
    snprintf(full, sizeof full, "%s.weight", name);
    quell_status status = from->read(from->user, full, 2, shape, NULL);
    if (status) return status;
    if (quell_multiply(in, whole, &packed) || quell_multiply(in, out, &unpacked))
        return quell_fail(QUELL_NO_MEMORY, "network: no memory for %s", name);
    float *plain = quell_new(unpacked, sizeof *plain);
    linear->weights = quell_new(packed, sizeof(float));
    linear->bias = quell_new(whole, sizeof(float));
    status = plain && linear->weights && linear->bias
                 ? read_into(linear, from, name, bias, plain)
                 : quell_fail(QUELL_NO_MEMORY, "network: no memory for %s", name);
    free(plain);
    return status;
}

void quell_linear_free(struct quell_linear *linear)
{
    free(linear->weights);
    free(linear->bias);
    *linear = (struct quell_linear){0};
}

void quell_linear_digest(const struct quell_linear *linear, struct quell_digest *digest)
{
    size_t whole = quell_round_up(linear->out, QUELL_PANEL);
    quell_digest_whole(digest, linear->in);
    quell_digest_whole(digest, linear->out);
    quell_digest_floats(digest, linear->weights, linear->in * whole);
    quell_digest_floats(digest, linear->bias, whole);
}

void quell_linear_apply(const struct quell_linear *linear, const struct quell_kernels *kernels,
                        size_t rows, const float *x, size_t x_row, float *y, const float *start,
                        bool add)
{
    quell_linear_activate(linear, kernels, rows, x, x_row, y, start, add, QUELL_IDENTITY);
}

void quell_linear_activate(const struct quell_linear *linear, const struct quell_kernels *kernels,
                           size_t rows, const float *x, size_t x_row, float *y, const float *start,
                           bool add, enum quell_activation f)
{
    struct quell_product product = {
        .m = rows,
        .n = linear->out,
        .k = linear->in,
        .a = x,
        .a_row = x_row,
        .a_col = 1,
        .b = linear->weights,
        .b_row = QUELL_PANEL,
        .b_panel = linear->in * QUELL_PANEL,
        .c = y,
        .c_row = quell_linear_stride(linear->out),
        .start = start,
        .accumulate = add,
        .activation = f,
    };
    kernels->product(&product);
}
