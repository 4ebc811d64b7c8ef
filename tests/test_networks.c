/* SPDX-License-Identifier: MIT */
/* Networks against PyTorch, and their bits over instruction sets and batches. */
#include "formula_weights.h"
#include "harness.h"
#include "isas.h"
#include "base/memory.h"
#include "networks/mlp.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

static const double times[] = {-4.25, 0.0, 1.5};
#define TIMES (sizeof times / sizeof *times)

static const struct mlp_case {
    struct quell_mlp_shape shape;
    size_t rows;
    const double *out; /* [TIMES][rows][dim] */
} mlps[] = {
#include "network_reference.inc"
};
#define MLPS (sizeof mlps / sizeof *mlps)

static struct quell_network *load(const struct quell_mlp_shape *shape)
{
    struct formula_weights state = {0};
    struct quell_weights from = formula_weights(&state);
    struct quell_network *network = NULL;
    quell_status status = quell_mlp_load(&network, &from, shape);
    CHECK(!status, "a network is not loaded: %s", quell_error_message());
    return network;
}

/* Rows first ... first + rows of the case's inputs; label i is 7 i modulo classes + 1. */
static void run(const struct quell_network *network, const struct quell_kernels *kernels,
                double time, size_t first, size_t rows, float *out)
{
    size_t dim = network->inputs, floats = network->type->scratch_floats(network, rows);
    float *x = malloc((first + rows) * dim * sizeof *x);
    int32_t *labels = malloc(rows * sizeof *labels);
    struct quell_pass pass = {kernels,
                              rows,
                              time,
                              network->classes ? labels : NULL,
                              x + first * dim,
                              out,
                              quell_new(floats, sizeof(float))};
    formula_fill("x", 2, (first + rows) * dim, x);
    for (size_t i = 0; i < rows; i++) {
        size_t label = (first + i) * 7 % (network->classes + 1);
        labels[i] = label == network->classes ? -1 : (int32_t)label;
    }
    memset(pass.scratch, 0xFF, floats * sizeof(float)); /* NaNs */
    network->type->forward(network, &pass);
    free(pass.scratch);
    free(labels);
    free(x);
}

static void check_case(const struct mlp_case *c, const struct quell_kernels *kernels)
{
    struct quell_network *network = load(&c->shape);
    size_t count = c->rows * c->shape.dim;
    float *out = malloc(count * sizeof *out);
    for (size_t t = 0; t < TIMES; t++) {
        const double *right = c->out + t * count;
        double most = 0, worst = 0;
        run(network, kernels, times[t], 0, c->rows, out);
        for (size_t i = 0; i < count; i++) {
            double apart = fabs((double)out[i] - right[i]);
            if (fabs(right[i]) > most) most = fabs(right[i]);
            if (apart > worst) worst = apart;
            CHECK(isfinite(out[i]), "%s, dim %zu: output %zu", kernels->isa, c->shape.dim, i);
        }
        CHECK(worst <= 5e-6 * most, "%s, dim %zu, time %g: %g of %g off", kernels->isa,
              c->shape.dim, times[t], worst, most);
    }
    free(out);
    quell_network_free(network);
}

TEST(networks, mlp_is_as_in_pytorch)
{
    for (const struct quell_kernels *k = isa_after(NULL); k; k = isa_after(k))
        for (size_t i = 0; i < MLPS; i++) check_case(&mlps[i], k);
}

/* Each row alone, on each instruction set, has the bits that it has among others. */
TEST(networks, mlp_rows_have_bits_of_their_own)
{
    enum { ROWS = 61 };
    for (size_t i = 0; i < MLPS; i++) {
        size_t dim = mlps[i].shape.dim;
        struct quell_network *network = load(&mlps[i].shape);
        float *all = malloc(ROWS * dim * sizeof *all), *part = malloc(ROWS * dim * sizeof *part);
        run(network, isa_after(NULL), 0.75, 0, ROWS, all);
        for (const struct quell_kernels *k = isa_after(NULL); k; k = isa_after(k))
            for (size_t rows = 1; rows <= ROWS; rows = rows * 5 / 2)
                for (size_t first = 0; first + rows <= ROWS; first += rows + 3) {
                    run(network, k, 0.75, first, rows, part);
                    CHECK(!memcmp(part, all + first * dim, rows * dim * sizeof *part),
                          "%s: dim %zu, rows %zu from %zu", k->isa, dim, rows, first);
                }
        free(all);
        free(part);
        quell_network_free(network);
    }
}

TEST(networks, no_label_is_minus_one)
{
    struct quell_network *network = load(&mlps[2].shape);
    size_t dim = network->inputs, floats = network->type->scratch_floats(network, 1);
    const int32_t none = -1;
    float x[64] = {0.5f}, without[64], with[64];
    CHECK(dim <= 64 && network->classes, "not the case that this test is about");
    float *scratch = quell_new(floats, sizeof *scratch);
    struct quell_pass pass = {isa_after(NULL), 1, 0.5, NULL, x, without, scratch};
    network->type->forward(network, &pass);
    pass.labels = &none, pass.out = with;
    network->type->forward(network, &pass);
    CHECK(!memcmp(with, without, dim * sizeof *with), "label %d is not 'no class'", none);
    free(scratch);
    quell_network_free(network);
}

/* Every tensor may be missing: nothing leaks, and the reader's message stays. */
TEST(networks, a_missing_tensor_is_passed_on)
{
    for (size_t i = 0; i < MLPS; i++) {
        size_t tensors =
            8 + 5 * mlps[i].shape.blocks + (mlps[i].shape.conditioning.classes ? 1 : 0);
        for (size_t fail = 1; fail <= tensors + 1; fail++) {
            struct formula_weights state = {.fail = fail};
            struct quell_weights from = formula_weights(&state);
            struct quell_network *network = NULL;
            quell_status status = quell_mlp_load(&network, &from, &mlps[i].shape);
            CHECK(status == (fail <= tensors ? QUELL_BAD_MODEL : QUELL_OK), "tensor %zu: %s", fail,
                  quell_status_name(status));
            CHECK(!network == (status != QUELL_OK), "tensor %zu: a network after a failure", fail);
            quell_network_free(network);
        }
    }
}
