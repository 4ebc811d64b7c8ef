/* SPDX-License-Identifier: MIT */
/* "Did you mean": finds the name nearest to a word, counting letters inserted, omitted, changed or
 * swapped with the next. A name that begins with the word, or has a piece more in its
 * middle, is nearer than one with a letter changed. Capitals, - for _ and + for p are not
 * counted. */
#ifndef QUELL_BASE_NEAREST_H
#define QUELL_BASE_NEAREST_H

#include <stddef.h>

#define QUELL_NEAREST_LONGEST 40

/* hint: " (did you mean 'NAME'?)", or "" while no name is near. A near name differs in at most one
 * of three letters. */
struct quell_nearest {
    const char *word;
    size_t length, cost;
    char hint[QUELL_NEAREST_LONGEST + 24];
};

struct quell_nearest quell_nearest_to(const char *word, size_t length);
void quell_nearest_try(struct quell_nearest *nearest, const char *name);
/* Does the same, but if `name` is the nearest, the hint shows `meant`, which is the name with its
 * prefix. */
void quell_nearest_try_as(struct quell_nearest *nearest, const char *name, const char *meant);
void quell_nearest_try_part(struct quell_nearest *nearest, const char *name, size_t length);

#endif
