/* SPDX-License-Identifier: MIT */
#ifndef QUELL_ENGINE_PROBE_H
#define QUELL_ENGINE_PROBE_H

#include <stdbool.h>
#include <stddef.h>

/* Starts this many threads, with stacks of this many bytes, so that all exist at the same time, and
 * ends them again. Returns whether this was possible. */
bool quell_probe_threads(size_t threads, size_t stack);

#endif
