/* SPDX-License-Identifier: MIT */
/* Memory between two pages that must not be touched: a kernel that reads or writes one float
 * before `first` or after `last` ends the program with SIGSEGV. */
#ifndef QUELL_TESTS_GUARD_H
#define QUELL_TESTS_GUARD_H

#include <stddef.h>

struct guard {
    float *first, *last; /* the memory is [first, last) */
    void *map;
    size_t size;
};

/* Allocates room for at least `count` floats, in whole pages. Ends the test if it cannot. */
struct guard guard_new(size_t count);
void guard_free(struct guard *guard);

#endif
