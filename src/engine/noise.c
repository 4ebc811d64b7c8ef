/* SPDX-License-Identifier: MIT */
/* Noise for a tile. The kernels draw blocks of four elements. If the size of a sample is not a
 * multiple of four, the last block of each sample has surplus elements, which are removed. */
#include "noise.h"
#include "isa.h"
#include "base/fail.h"
#include "base/number.h"
#include "base/floats.h"
#include "core/brownian.h"
#include <quell/noise.h>

#include <string.h>

/* Removes the surplus elements in place: out[rows][stride] becomes out[rows][kept]. */
static void squeeze(float *out, size_t rows, size_t stride, size_t kept)
{
    for (size_t r = 1; r < rows; r++) memmove(out + r * kept, out + r * stride, kept * sizeof *out);
}

/* Removes the second number of each pair. */
static void squeeze_pairs(float *out, size_t rows)
{
    for (size_t r = 1; r < rows; r++) out[r] = out[2 * r];
}

void quell_noise_fill(const struct quell_kernels *kernels, uint64_t seed, uint32_t stream,
                      uint64_t sample, size_t rows, size_t dim, size_t element, size_t elements,
                      float *out)
{
    size_t blocks = (elements + 3) / 4;
    struct quell_noise_at at = {seed, sample, stream, (uint32_t)(element / 4),
                                (uint32_t)(rows > 1 ? blocks : (dim + 3) / 4)};
    if (elements <= 2) {
        kernels->normal_pairs(&at, rows, out);
        if (elements == 1) squeeze_pairs(out, rows);
        return;
    }
    kernels->normals(&at, rows * blocks, out);
    if (elements % 4) squeeze(out, rows, 4 * blocks, elements);
}

/* Draws whole samples, each from a stream of its own. */
static void fill_each(const struct quell_kernels *kernels, const struct quell_noise_rows *at,
                      size_t rows, size_t elements, float *out)
{
    if (elements <= 2) {
        kernels->rows_normal_pairs(at, rows, out);
        if (elements == 1) squeeze_pairs(out, rows);
        return;
    }
    kernels->rows_normals(at, rows * at->blocks, out);
    if (elements % 4) squeeze(out, rows, 4 * at->blocks, elements);
}

void quell_noise_fill_rows(const struct quell_kernels *kernels, const struct quell_streams *streams,
                           uint64_t key, uint32_t stream, size_t row, size_t rows, size_t dim,
                           size_t element, size_t elements, float *out)
{
    const uint64_t *seeds = streams->seeds ? streams->seeds + row : NULL;
    uint64_t own = key ^ (seeds ? 0 : streams->seed);
    if (!streams->indices) {
        quell_noise_fill(kernels, own, stream, streams->first + row, rows, dim, element, elements,
                         out);
        return;
    }
    const uint64_t *indices = streams->indices + row;
    if (rows > 1) {
        struct quell_noise_rows at = {seeds, indices, own, stream, (uint32_t)((elements + 3) / 4)};
        fill_each(kernels, &at, rows, elements, out);
        return;
    }
    if (seeds) own ^= *seeds;
    quell_noise_fill(kernels, own, stream, *indices, 1, dim, element, elements, out);
}

void quell_noise_add(const struct quell_kernels *kernels, size_t term, double weight,
                     const float *noise, size_t count, float *out)
{
    if (term == 0)
        kernels->combine(out, count, 1, (float[]){(float)weight}, &noise);
    else
        kernels->combine(out, count, 2, (float[]){1, (float)weight}, (const float *[]){out, noise});
}

static void draw(const struct quell_kernels *kernels, struct quell_noise_at at, size_t skip,
                 size_t count, float *out)
{
    float part[4];
    while (count) { /* whole blocks directly, the ends by way of `part` */
        size_t whole = skip ? 0 : count / 4, taken = 4 * whole;
        if (whole) {
            kernels->normals(&at, whole, out);
        } else {
            kernels->normals(&at, whole = 1, part);
            taken = 4 - skip < count ? 4 - skip : count;
            memcpy(out, part + skip, taken * sizeof *out);
        }
        at.block += (uint32_t)whole;
        skip = 0;
        out += taken;
        count -= taken;
    }
}

/* Checks the arguments of both public functions. */
static quell_status check(uint64_t element, size_t count, const float *out,
                          const struct quell_kernels **kernels)
{
    const uint64_t end = (uint64_t)1 << 32;
    if (count && !out) return quell_fail(QUELL_BAD_ARGUMENT, "noise: out is NULL");
    if (element > end || count > end - element)
        return quell_fail(QUELL_BAD_ARGUMENT, "noise: element + count must be at most 2^32");
    return quell_isa_choose(NULL, kernels);
}

quell_status quell_noise(uint64_t seed, uint32_t stream, uint64_t sample, uint64_t element,
                         size_t count, float *out)
{
    const struct quell_kernels *kernels;
    quell_status status = check(element, count, out, &kernels);
    if (status) return status;
    struct quell_noise_at at = {seed, sample, stream, (uint32_t)(element / 4), UINT32_MAX};
    QUELL_OWN_FLOATS;
    draw(kernels, at, element % 4, count, out);
    return QUELL_OK;
}

/* Draws a few elements at a time, so that the terms need little memory. */
static void draw_increment(const struct quell_kernels *kernels, struct quell_noise_at at,
                           uint64_t element, size_t count, const struct quell_node *nodes,
                           size_t terms, float *out)
{
    float term[256];
    for (size_t done = 0, part; done < count; done += part) {
        uint64_t from = element + done;
        part = count - done < 256 ? count - done : 256;
        at.block = (uint32_t)(from / 4);
        for (size_t i = 0; i < terms; i++) {
            at.stream = nodes[i].stream;
            draw(kernels, at, from % 4, part, term);
            quell_noise_add(kernels, i, nodes[i].weight, term, part, out + done);
        }
    }
}

quell_status quell_noise_brownian(uint64_t seed, unsigned k, double t, double s, uint64_t sample,
                                  uint64_t element, size_t count, float *out)
{
    const struct quell_kernels *kernels;
    struct quell_node nodes[QUELL_BROWNIAN_NODES];
    quell_status status = check(element, count, out, &kernels);
    if (status) return status;
    if (k > 7 || !(t >= 0 && t <= 1 && s >= 0 && s <= 1))
        return quell_fail(QUELL_BAD_ARGUMENT,
                          "noise: slot %u from %s to %s; slots are 0 to 7, places 0 to 1", k,
                          QUELL_SAID(t), QUELL_SAID(s));
    struct quell_increment increment = {quell_brownian_cell(t), quell_brownian_cell(s), k};
    if (increment.from == increment.to)
        return quell_fail(QUELL_BAD_ARGUMENT,
                          "noise: from %s to %s: places must be 2^-24 or more apart", QUELL_SAID(t),
                          QUELL_SAID(s));
    QUELL_OWN_FLOATS;
    draw_increment(kernels, (struct quell_noise_at){seed, sample, 0, 0, UINT32_MAX}, element, count,
                   nodes, quell_brownian_nodes(&increment, nodes), out);
    return QUELL_OK;
}
