/* SPDX-License-Identifier: MIT */
#include "memory.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#define LARGE_PAGE ((size_t)1 << 21)

int quell_multiply(size_t a, size_t b, size_t *product)
{
    return __builtin_mul_overflow(a, b, product) ? -1 : 0;
}

/* count * size rounded up to whole cache lines; 0 on overflow. */
static size_t whole_lines(size_t count, size_t size)
{
    size_t bytes;
    if (quell_multiply(count, size, &bytes) || bytes > SIZE_MAX / 2) return 0;
    return (bytes / QUELL_CACHE_LINE + 1) * QUELL_CACHE_LINE;
}

void *quell_new_untouched(size_t count, size_t size)
{
    size_t bytes = whole_lines(count, size);
    return bytes ? aligned_alloc(QUELL_CACHE_LINE, bytes) : NULL;
}

void *quell_new(size_t count, size_t size)
{
    void *memory = quell_new_untouched(count, size);
    if (memory) memset(memory, 0, whole_lines(count, size));
    return memory;
}

void *quell_new_large(size_t count, size_t size)
{
    size_t bytes = whole_lines(count, size);
    void *memory;
    if (bytes < LARGE_PAGE) return quell_new(count, size);
    if (posix_memalign(&memory, LARGE_PAGE, bytes)) return NULL;
    madvise(memory, bytes / LARGE_PAGE * LARGE_PAGE, MADV_HUGEPAGE);
    return memset(memory, 0, bytes);
}
