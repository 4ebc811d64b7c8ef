/* SPDX-License-Identifier: MIT */
/* The kernels, each over a few thousand elements. */
#include "count_work.h"
#include "base/memory.h"

#include <stdlib.h>

#define COUNT 4096    /* elements of elementwise kernels */
#define LONGEST 65536 /* floats of each array */
#define ARRAYS 4
#define ROWS ((size_t)64)   /* of kernels that take rows */
#define MIXED ((size_t)128) /* rows of the mixtures */

struct job {
    const struct quell_kernels *kernels;
    float *out, *in[ARRAYS];
    size_t size;                         /* inputs, components, or the blocks of a sample */
    const struct quell_product *product; /* its shape */
};

static struct quell_noise_at place(const struct job *job)
{
    return (struct quell_noise_at){.seed = 1, .stream = 1, .blocks = (uint32_t)job->size};
}

static void philox(void *data)
{
    struct job *job = data;
    struct quell_noise_at at = place(job);
    job->kernels->philox(&at, COUNT / 4, (uint32_t *)job->out);
}

static void normals(void *data)
{
    struct job *job = data;
    struct quell_noise_at at = place(job);
    job->kernels->normals(&at, COUNT / 4, job->out);
}

static void pairs(void *data)
{
    struct job *job = data;
    struct quell_noise_at at = place(job);
    job->kernels->normal_pairs(&at, COUNT / 2, job->out);
}

static void combine(void *data)
{
    static const float c[ARRAYS] = {0.5f, 0.3f, 0.2f, 0.1f};
    struct job *job = data;
    const float *in[ARRAYS] = {job->in[0], job->in[1], job->in[2], job->in[3]};
    job->kernels->combine(job->out, COUNT, job->size, c, in);
}

static void spread(void *data)
{
    struct job *job = data;
    job->kernels->spread(job->out, COUNT, 0.5f, 0.25f, job->in[0], job->in[1]);
}

static void clamp(void *data)
{
    struct job *job = data;
    job->kernels->clamp(job->out, COUNT, -1, 1);
}

static void affine(void *data)
{
    struct job *job = data;
    job->kernels->affine(job->out, job->in[0], COUNT, job->in[1], job->in[2]);
}

static void gaussian(void *data)
{
    struct job *job = data;
    job->kernels->gaussian(job->out, job->in[0], COUNT, job->in[1], 0.5f, 0.25f);
}

static void diagonal(void *data)
{
    struct job *job = data;
    job->kernels->gaussian_diagonal(job->out, job->in[0], COUNT, job->in[1], job->in[2], 0.5, 1, 0);
}

static void map(struct job *job, enum quell_map_function function)
{
    const struct quell_map map = {1, COUNT, job->out, COUNT, {job->out}, {COUNT}, {1}};
    job->kernels->map[function](&map);
}

static void relu2(void *data) { map(data, QUELL_MAP_RELU2); }

static void silu(void *data) { map(data, QUELL_MAP_SILU); }

static void gelu(void *data) { map(data, QUELL_MAP_GELU); }

static void sums(struct job *job, int squares)
{
    const struct quell_sums sums = {ROWS,    COUNT / ROWS, COUNT / ROWS, job->in[0],
                                    squares, NULL,         job->out};
    job->kernels->sum_rows(&sums);
}

static void sums_of_rows(void *data) { sums(data, 0); }

static void squares_of_rows(void *data) { sums(data, 1); }

static void weights_of_rows(void *data)
{
    struct job *job = data;
    job->kernels->weigh_rows(job->out, ROWS, COUNT / ROWS, COUNT / ROWS, job->in[0]);
}

static void softmax(void *data)
{
    struct job *job = data;
    const struct quell_softmax block = {.points = COUNT / QUELL_PANEL,
                                        .score = job->out,
                                        .maximum = job->in[0],
                                        .total = job->in[1],
                                        .rescale = job->in[2]};
    job->kernels->softmax(&block);
}

static void mix(struct job *job, size_t dim, int diagonal)
{
    const struct quell_mixture mixture = {.rows = MIXED,
                                          .dim = dim,
                                          .components = job->size,
                                          .diagonal = diagonal,
                                          .alpha = 0.5f,
                                          .means = job->in[1],
                                          .constant = job->in[2],
                                          .rate = job->in[3],
                                          .gain = job->in[3],
                                          .x = job->in[0],
                                          .out = job->out,
                                          .scratch = job->out + MIXED * dim};
    job->kernels->mixture(&mixture);
}

static void mixture(void *data) { mix(data, 2, 0); }

static void mixture_diagonal(void *data) { mix(data, 32, 1); }

static void product(void *data)
{
    struct job *job = data;
    struct quell_product product = *job->product;
    product.a = job->in[0];
    product.b = job->in[1];
    product.c = job->out;
    job->kernels->product(&product);
}

static const struct {
    const char *name;
    void (*work)(void *);
    size_t size, elements;
} elementwise[] = {
    {"philox words", philox, COUNT, COUNT},
    {"normals, large samples", normals, COUNT, COUNT},
    {"normals, samples of 12", normals, 3, COUNT},
    {"normals, samples of 2", pairs, 1, COUNT},
    {"combine 2", combine, 2, COUNT},
    {"combine 3", combine, 3, COUNT},
    {"combine 4", combine, 4, COUNT},
    {"spread", spread, 0, COUNT},
    {"clamp", clamp, 0, COUNT},
    {"affine", affine, 0, COUNT},
    {"gaussian", gaussian, 0, COUNT},
    {"gaussian, diagonal", diagonal, 0, COUNT},
    {"mixture of 25, dim 2", mixture, 25, 2 * MIXED},
    {"mixture of 8, diagonal, dim 32", mixture_diagonal, 8, 32 * MIXED},
    {"softmax of the empirical", softmax, 0, COUNT},
    {"softmax of rows of 64", weights_of_rows, 0, COUNT},
    {"sums of rows of 64", sums_of_rows, 0, COUNT},
    {"squares of rows of 64", squares_of_rows, 0, COUNT},
    {"relu2", relu2, 0, COUNT},
    {"silu", silu, 0, COUNT},
    {"gelu", gelu, 0, COUNT},
};

/* B packed in panels, as a network's weights are. */
#define PACKED(M, K, N)          \
    {.m = M,                     \
     .n = N,                     \
     .k = K,                     \
     .a_row = K,                 \
     .a_col = 1,                 \
     .b_row = QUELL_PANEL,       \
     .b_panel = K * QUELL_PANEL, \
     .c_row = (N + QUELL_LANES - 1) / QUELL_LANES * QUELL_LANES}

/* Those of networks; then the empirical denoiser's two over 128 points of 64 elements for 32
 * samples: scores, and weighted points. */
static const struct {
    const char *name;
    struct quell_product shape;
} products[] = {
    {"product 1 x 256 x 256", PACKED(1, 256, 256)},
    {"product 4 x 128 x 128", PACKED(4, 128, 128)},
    {"product 13 x 67 x 45", PACKED(13, 67, 45)},
    {"product 64 x 64 x 64", PACKED(64, 64, 64)},
    {"product 64 x 256 x 128", PACKED(64, 256, 128)},
    {"product of scores",
     {.m = 128, .n = 32, .k = 64, .a_row = 64, .a_col = 1, .b_row = QUELL_PANEL, .c_row = 32}},
    {"product of weights, transposed",
     {.m = 32,
      .n = 64,
      .k = 128,
      .a_row = 1,
      .a_col = QUELL_PANEL,
      .b_row = 64,
      .b_panel = QUELL_PANEL,
      .c_row = 64,
      .accumulate = 1}},
};

/* All work has the same numbers, whatever was done before. */
static void fill(struct job *job)
{
    const struct quell_kernels *scalar = quell_kernels_at(0);
    float *arrays[] = {job->out, job->in[0], job->in[1], job->in[2], job->in[3]};
    for (uint32_t i = 0; i < 1 + ARRAYS; i++) {
        const struct quell_noise_at at = {.seed = 2, .stream = i};
        scalar->normals(&at, LONGEST / 4, arrays[i]);
    }
    for (size_t i = 0; i < LONGEST; i++) /* variances and rates are positive */
        for (size_t k = 2; k < ARRAYS; k++) job->in[k][i] *= job->in[k][i];
}

void count_kernels(const struct quell_kernels *kernels)
{
    struct job job = {.kernels = kernels, .out = quell_new(LONGEST, sizeof(float))};
    for (size_t i = 0; i < ARRAYS; i++) job.in[i] = quell_new(LONGEST, sizeof(float));
    for (size_t i = 0; i < sizeof elementwise / sizeof *elementwise; i++) {
        fill(&job);
        job.size = elementwise[i].size;
        count_work(elementwise[i].name, kernels->isa, (double)elementwise[i].elements,
                   elementwise[i].work, &job);
    }
    for (size_t i = 0; i < sizeof products / sizeof *products; i++) {
        fill(&job);
        job.product = &products[i].shape;
        count_work(products[i].name, kernels->isa,
                   (double)(job.product->m * job.product->n * job.product->k), product, &job);
    }
    free(job.out);
    for (size_t i = 0; i < ARRAYS; i++) free(job.in[i]);
}
