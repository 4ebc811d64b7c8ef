/* SPDX-License-Identifier: MIT */
/* Noise for a tile. The kernels draw blocks of four elements; where the samples' size is no
 * multiple of four, the last block of each has elements to spare, which are squeezed out. */
#include "noise.h"
#include "isa.h"
#include "base/fail.h"
#include "base/floats.h"
#include <quell/noise.h>

#include <string.h>

/* out[rows][stride] -> out[rows][kept], in place */
static void squeeze(float *out, size_t rows, size_t stride, size_t kept)
{
    for (size_t r = 1; r < rows; r++) memmove(out + r * kept, out + r * stride, kept * sizeof *out);
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
        if (elements == 1) squeeze(out, rows, 2, 1);
        return;
    }
    kernels->normals(&at, rows * blocks, out);
    if (elements % 4) squeeze(out, rows, 4 * blocks, elements);
}

static void draw(const struct quell_kernels *kernels, struct quell_noise_at at, size_t skip,
                 size_t count, float *out)
{
    float part[4];
    while (count) { /* whole blocks straight, the ends through `part` */
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

quell_status quell_noise(uint64_t seed, uint32_t stream, uint64_t sample, uint64_t element,
                         size_t count, float *out)
{
    const uint64_t end = (uint64_t)1 << 32;
    if (element > end || count > end - element || (count && !out))
        return quell_fail(QUELL_BAD_ARGUMENT, "noise: element + count must be at most 2^32");
    const struct quell_kernels *kernels;
    quell_status status = quell_isa_choose(NULL, &kernels);
    if (status) return status;
    struct quell_noise_at at = {seed, sample, stream, (uint32_t)(element / 4), UINT32_MAX};
    QUELL_OWN_FLOATS;
    draw(kernels, at, element % 4, count, out);
    return QUELL_OK;
}
