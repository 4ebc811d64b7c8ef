/* SPDX-License-Identifier: MIT */
#ifndef QUELL_ENGINE_CERTAIN_H
#define QUELL_ENGINE_CERTAIN_H

#include <stdbool.h>
#include <stddef.h>

/* Returns whether it is certain that OpenMP can have this many threads for a region that this
 * thread opens now, even if it has to make them all. */
bool quell_certain_of(size_t threads);

#endif
