/* SPDX-License-Identifier: MIT */
/* Networks against PyTorch and azula, and their bits over instruction sets and batches. */
#include "formula_weights.h"
#include "harness.h"
#include "isas.h"
#include "base/memory.h"
#include "networks/dit.h"
#include "networks/mlp.h"
#include "networks/unet.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const double times[] = {-4.25, 0.0, 1.5};
#define TIMES (sizeof times / sizeof *times)

/* out[TIMES][rows][elements] */
static const struct mlp_case {
    struct quell_mlp_shape shape;
    size_t rows;
    const double *out;
} mlps[] = {
#include "mlp_reference.inc"
};
#define MLPS (sizeof mlps / sizeof *mlps)

static const struct dit_case {
    struct quell_dit_shape shape;
    size_t rows;
    const double *out;
} dits[] = {
#include "dit_reference.inc"
};
#define DITS (sizeof dits / sizeof *dits)

static const struct unet_case {
    struct quell_unet_shape shape;
    size_t rows;
    const double *out;
} unets[] = {
#include "unet_reference.inc"
};
#define UNETS (sizeof unets / sizeof *unets)

#define CASES (MLPS + DITS + UNETS)

/* Case i: one of the three kinds, with what is known of it. */
static struct network_case {
    const struct quell_mlp_shape *mlp;
    const struct quell_dit_shape *dit;
    const struct quell_unet_shape *unet;
    size_t rows;
    const double *out;
} case_at(size_t i)
{
    if (i < MLPS) return (struct network_case){&mlps[i].shape, 0, 0, mlps[i].rows, mlps[i].out};
    if ((i -= MLPS) < DITS)
        return (struct network_case){0, &dits[i].shape, 0, dits[i].rows, dits[i].out};
    i -= DITS;
    return (struct network_case){0, 0, &unets[i].shape, unets[i].rows, unets[i].out};
}

static size_t rows_of(size_t i) { return case_at(i).rows; }
static const double *out_of(size_t i) { return case_at(i).out; }

static quell_status load_with(size_t i, struct formula_weights *state,
                              struct quell_network **network)
{
    struct quell_weights from = formula_weights(state);
    struct network_case at = case_at(i);
    return at.mlp   ? quell_mlp_load(network, &from, at.mlp)
           : at.dit ? quell_dit_load(network, &from, at.dit)
                    : quell_unet_load(network, &from, at.unet);
}

static struct quell_network *load(size_t i)
{
    struct formula_weights state = {0};
    struct quell_network *network = NULL;
    CHECK(!load_with(i, &state, &network), "case %zu: %s", i, quell_error_message());
    return network;
}

/* Rows first ... first + rows of the case's inputs; label i is 7 i modulo classes + 1. */
static void run(const struct quell_network *network, const struct quell_kernels *kernels,
                double time, size_t first, size_t rows, float *out)
{
    size_t dim = network->inputs, floats = network->type->scratch_floats(network, rows);
    float *x = malloc((first + rows) * dim * sizeof *x);
    float *encoded = quell_new(quell_network_time_floats(network), sizeof *encoded);
    int32_t *labels = malloc(rows * sizeof *labels);
    struct quell_pass pass = {kernels,
                              rows,
                              encoded,
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
    quell_network_time(network, kernels, time, encoded);
    network->type->forward(network, &pass);
    free(pass.scratch);
    free(labels);
    free(encoded);
    free(x);
}

static void check_case(size_t i, const struct quell_kernels *kernels)
{
    struct quell_network *network = load(i);
    size_t count = rows_of(i) * network->outputs;
    float *out = malloc(count * sizeof *out);
    for (size_t t = 0; t < TIMES; t++) {
        const double *right = out_of(i) + t * count;
        double most = 0, worst = 0;
        run(network, kernels, times[t], 0, rows_of(i), out);
        for (size_t e = 0; e < count; e++) {
            double apart = fabs((double)out[e] - right[e]);
            if (fabs(right[e]) > most) most = fabs(right[e]);
            if (apart > worst) worst = apart;
            CHECK(isfinite(out[e]), "%s, case %zu: output %zu", kernels->isa, i, e);
        }
        CHECK(worst <= 5e-6 * most, "%s, case %zu, time %g: %g of %g off", kernels->isa, i,
              times[t], worst, most);
    }
    free(out);
    quell_network_free(network);
}

TEST(networks, are_as_in_pytorch)
{
    for (const struct quell_kernels *k = isa_after(NULL); k; k = isa_after(k))
        for (size_t i = 0; i < CASES; i++) check_case(i, k);
}

/* Each row alone, on each instruction set, has the bits that it has among others. */
static void check_rows(size_t i, size_t most)
{
    struct quell_network *network = load(i);
    size_t dim = network->inputs;
    float *all = malloc(most * dim * sizeof *all), *part = malloc(most * dim * sizeof *part);
    run(network, isa_after(NULL), 0.75, 0, most, all);
    for (const struct quell_kernels *k = isa_after(NULL); k; k = isa_after(k))
        for (size_t rows = 1; rows <= most; rows = rows * 5 / 2)
            for (size_t first = 0; first + rows <= most; first += rows + 3) {
                run(network, k, 0.75, first, rows, part);
                CHECK(!memcmp(part, all + first * dim, rows * dim * sizeof *part),
                      "%s: case %zu, rows %zu from %zu", k->isa, i, rows, first);
            }
    free(all);
    free(part);
    quell_network_free(network);
}

TEST(networks, rows_have_bits_of_their_own)
{
    for (size_t i = 0; i < CASES; i++) check_rows(i, i < MLPS ? 61 : 8);
}

TEST(networks, no_label_is_minus_one)
{
    struct quell_network *network = load(2);
    size_t dim = network->inputs, floats = network->type->scratch_floats(network, 1);
    const int32_t none = -1;
    float x[64] = {0.5f}, without[64], with[64];
    CHECK(dim <= 64 && network->classes, "not the case that this test is about");
    float *scratch = quell_new(floats, sizeof *scratch);
    float *encoded = quell_new(quell_network_time_floats(network), sizeof *encoded);
    struct quell_pass pass = {isa_after(NULL), 1, encoded, NULL, x, without, scratch};
    quell_network_time(network, pass.kernels, 0.5, encoded);
    network->type->forward(network, &pass);
    pass.labels = &none, pass.out = with;
    network->type->forward(network, &pass);
    CHECK(!memcmp(with, without, dim * sizeof *with), "-1 is not 'no class'");
    free(encoded);
    free(scratch);
    quell_network_free(network);
}

/* If any one tensor is missing, nothing leaks, and the message is that of the reader. */
TEST(networks, a_missing_tensor_is_passed_on)
{
    for (size_t i = 0; i < CASES; i++) {
        struct formula_weights all = {0};
        struct quell_network *network = NULL;
        CHECK(!load_with(i, &all, &network), "case %zu: %s", i, quell_error_message());
        quell_network_free(network);
        for (size_t fail = 1; fail <= all.reads; fail++) {
            struct formula_weights state = {.fail = fail};
            network = NULL;
            quell_status status = load_with(i, &state, &network);
            CHECK(status == QUELL_BAD_MODEL, "case %zu, tensor %zu: %s", i, fail,
                  quell_status_name(status));
            CHECK(!network, "case %zu, tensor %zu: a network after a failure", i, fail);
        }
    }
}
