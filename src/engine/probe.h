/* SPDX-License-Identifier: MIT */
#ifndef QUELL_ENGINE_PROBE_H
#define QUELL_ENGINE_PROBE_H

#include <stdbool.h>
#include <stddef.h>

/* Makes so many threads with stacks of so many bytes, all there at once, and ends them: whether
 * they could be had. */
bool quell_probe_threads(size_t threads, size_t stack);

#endif
