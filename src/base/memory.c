/* SPDX-License-Identifier: MIT */
#include "memory.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

int quell_multiply(size_t a, size_t b, size_t *product)
{
    return __builtin_mul_overflow(a, b, product) ? -1 : 0;
}

void *quell_new(size_t count, size_t size)
{
    size_t bytes;
    if (quell_multiply(count, size, &bytes)) return NULL;
    if (bytes > SIZE_MAX / 2) return NULL;
    size_t whole = (bytes / QUELL_CACHE_LINE + 1) * QUELL_CACHE_LINE;
    void *memory = aligned_alloc(QUELL_CACHE_LINE, whole);
    if (memory) memset(memory, 0, whole);
    return memory;
}
