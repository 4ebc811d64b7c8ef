/* SPDX-License-Identifier: MIT */
#include "networks/mlp.h"
#include "base/fail.h"
#include "base/memory.h"
#include "networks/labels.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Preferred number of rows in a forward pass: a multiple of every tile height of the product except
 * NEON's, and small enough that the hidden values stay in the second-level cache. */
static size_t preferred_rows(size_t hidden) { return hidden <= 256 ? 96 : 48; }

struct block {
    struct quell_linear in, mod, out;
};

struct mlp {
    struct quell_network base;
    struct quell_mlp_shape shape;
    struct quell_conditioning conditioning;
    struct quell_linear in, out;
    struct block *blocks;
};

/* The arrays of a forward pass. e and start have a row for each distinct label. */
struct work {
    float *labels, *e, *start, *h, *g, *y;
};

static const struct mlp *self(const struct quell_network *network)
{
    return (const struct mlp *)network;
}

/* Places the arrays of `work` in `memory`, and returns the number of floats they take. */
static size_t lay_out(const struct mlp *mlp, size_t rows, float *memory, struct work *work)
{
    size_t width = quell_linear_stride(mlp->conditioning.shape.width);
    size_t hidden = quell_linear_stride(mlp->shape.hidden), used = 0;
    const struct {
        float **part;
        size_t floats;
    } parts[] = {
        {&work->labels, quell_labels_floats(rows)},
        {&work->e, rows * width},
        {&work->start, rows * hidden},
        {&work->h, rows * hidden},
        {&work->g, rows * hidden},
        {&work->y, rows * quell_linear_stride(mlp->shape.dim)},
    };
    for (size_t i = 0; i < sizeof parts / sizeof *parts; i++) {
        if (memory) *parts[i].part = memory + used;
        used += quell_linear_stride(parts[i].floats);
    }
    return used;
}

static size_t scratch_floats(const struct quell_network *network, size_t rows)
{
    struct work work;
    return lay_out(self(network), rows, NULL, &work);
}

/* h <- h + out f(in h + mod e) */
static void run_block(const struct mlp *mlp, const struct block *block,
                      const struct quell_pass *pass, const struct quell_labels *labels,
                      const struct work *work)
{
    size_t hidden = mlp->shape.hidden, stride = quell_linear_stride(hidden), rows = pass->rows;
    size_t width = quell_linear_stride(mlp->conditioning.shape.width);
    quell_linear_apply(&block->mod, pass->kernels, labels->count, work->e, width, work->start,
                       block->in.bias, false);
    bool same = labels->count == 1;
    if (!same) quell_labels_spread(labels, rows, stride, work->start, work->g);
    quell_linear_activate(&block->in, pass->kernels, rows, work->h, stride, work->g,
                          same ? work->start : NULL, !same, mlp->shape.activation);
    quell_linear_apply(&block->out, pass->kernels, rows, work->g, stride, work->h, block->out.bias,
                       true);
}

static void forward(const struct quell_network *network, const struct quell_pass *pass)
{
    const struct mlp *mlp = self(network);
    struct work work;
    lay_out(mlp, pass->rows, pass->scratch, &work);
    size_t dim = mlp->shape.dim, hidden = quell_linear_stride(mlp->shape.hidden);
    struct quell_labels labels = quell_labels_of(network, pass, work.labels);
    quell_conditioning_apply(&mlp->conditioning, pass, &labels, work.e);
    quell_linear_apply(&mlp->in, pass->kernels, pass->rows, pass->x, dim, work.h, mlp->in.bias,
                       false);
    for (size_t i = 0; i < mlp->shape.blocks; i++)
        run_block(mlp, &mlp->blocks[i], pass, &labels, &work);
    quell_linear_apply(&mlp->out, pass->kernels, pass->rows, work.h, hidden, work.y, mlp->out.bias,
                       false);
    for (size_t row = 0; row < pass->rows; row++)
        memcpy(pass->out + row * dim, work.y + row * quell_linear_stride(dim), dim * sizeof(float));
}

static void destroy(struct quell_network *network)
{
    struct mlp *mlp = (struct mlp *)network;
    quell_conditioning_free(&mlp->conditioning);
    quell_linear_free(&mlp->in);
    quell_linear_free(&mlp->out);
    for (size_t i = 0; mlp->blocks && i < mlp->shape.blocks; i++) {
        quell_linear_free(&mlp->blocks[i].in);
        quell_linear_free(&mlp->blocks[i].mod);
        quell_linear_free(&mlp->blocks[i].out);
    }
    free(mlp->blocks);
}

static void digest(const struct quell_network *network, struct quell_digest *sum)
{
    const struct mlp *mlp = self(network);
    quell_digest_whole(sum, (uint64_t)mlp->shape.activation);
    quell_digest_whole(sum, mlp->shape.blocks);
    quell_linear_digest(&mlp->in, sum);
    quell_linear_digest(&mlp->out, sum);
    for (size_t i = 0; i < mlp->shape.blocks; i++) {
        quell_linear_digest(&mlp->blocks[i].in, sum);
        quell_linear_digest(&mlp->blocks[i].mod, sum);
        quell_linear_digest(&mlp->blocks[i].out, sum);
    }
}

static const struct quell_network_class mlp_class = {
    .architecture = "mlp",
    .scratch_floats = scratch_floats,
    .forward = forward,
    .destroy = destroy,
    .digest = digest,
};

static quell_status load_block(struct mlp *mlp, const struct quell_weights *from, size_t i)
{
    char name[64];
    struct block *block = &mlp->blocks[i];
    size_t hidden = mlp->shape.hidden;
    snprintf(name, sizeof name, "blocks.%zu.in_proj", i);
    quell_status status = quell_linear_load(&block->in, from, name, hidden, hidden, true);
    snprintf(name, sizeof name, "blocks.%zu.mod_proj", i);
    if (!status)
        status = quell_linear_load(&block->mod, from, name, mlp->shape.conditioning.width, hidden,
                                   false);
    snprintf(name, sizeof name, "blocks.%zu.out_proj", i);
    if (!status) status = quell_linear_load(&block->out, from, name, hidden, hidden, true);
    return status;
}

static quell_status load(struct mlp *mlp, const struct quell_weights *from)
{
    size_t dim = mlp->shape.dim, hidden = mlp->shape.hidden;
    mlp->blocks = quell_new(mlp->shape.blocks, sizeof *mlp->blocks);
    if (!mlp->blocks) return quell_fail(QUELL_NO_MEMORY, "network: no memory for its blocks");
    quell_status status =
        quell_conditioning_load(&mlp->conditioning, from, &mlp->shape.conditioning);
    if (!status) status = quell_linear_load(&mlp->in, from, "in_proj", dim, hidden, true);
    for (size_t i = 0; i < mlp->shape.blocks && !status; i++) status = load_block(mlp, from, i);
    if (!status) status = quell_linear_load(&mlp->out, from, "out_proj", hidden, dim, true);
    return status;
}

quell_status quell_mlp_load(struct quell_network **network, const struct quell_weights *from,
                            const struct quell_mlp_shape *shape)
{
    struct mlp *mlp = quell_new(1, sizeof *mlp);
    if (!mlp) return quell_fail(QUELL_NO_MEMORY, "network: no memory");
    mlp->base = (struct quell_network){.type = &mlp_class,
                                       .conditioning = &mlp->conditioning,
                                       .inputs = shape->dim,
                                       .outputs = shape->dim,
                                       .classes = shape->conditioning.classes,
                                       .rows = preferred_rows(shape->hidden)};
    mlp->shape = *shape;
    quell_status status = load(mlp, from);
    if (status)
        quell_network_free(&mlp->base);
    else
        *network = &mlp->base;
    return status;
}
