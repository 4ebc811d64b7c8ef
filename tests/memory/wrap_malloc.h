/* SPDX-License-Identifier: MIT */
/* An allocator that fails when it is told to and knows which of its blocks are still held.
 *
 * Linked with -Wl,--wrap=malloc (and calloc, realloc, aligned_alloc, posix_memalign, strdup, free),
 * it stands between the static library and the C library; the libraries that quell uses keep
 * their own memory. */
#ifndef QUELL_TESTS_WRAP_MALLOC_H
#define QUELL_TESTS_WRAP_MALLOC_H

#include <stdbool.h>
#include <stddef.h>
#include <quell/status.h>

/* From now on the n-th allocation fails, counted from 1, and only that one. 0: none does. */
void wrap_fail_at(long n);

/* From now on the next n allocations fail, whoever asks. */
void wrap_fail_next(long n);

/* Ends it; true if an allocation was made to fail. */
bool wrap_failed(void);

/* How many were made to fail since the last call of a function that lets them. */
long wrap_refused(void);

/* Calls this function once, in the next thread but the calling one that asks for memory, before it
 * has it. NULL: calls none any more. */
void wrap_call_when_asked(void (*function)(void *data), void *data);

/* Whether this block is held now. */
bool wrap_holds(const void *block);

/* How many blocks are held now. */
long wrap_live(void);

/* How many bytes were ever asked for. */
size_t wrap_asked(void);

/* Runs a scenario with its first allocation failing, then its second, and so on until it gets
 * through. It must return QUELL_NO_MEMORY with a message and keep no block, and at last
 * QUELL_OK. */
typedef quell_status scenario_fn(void *data);
void every_allocation_fails(const char *name, scenario_fn *scenario, void *data);

#endif
