/* SPDX-License-Identifier: MIT */
/* The name of a noise: the interval of time that it drives, whatever grid or call that interval
 * belongs to. */
#ifndef QUELL_CORE_NOISE_NAME_H
#define QUELL_CORE_NOISE_NAME_H

#include "brownian.h"
#include <stdbool.h>

/* In Brownian mode, `path` is the increment of a path that the noise is. If `path` has no length,
 * as without Brownian mode and for intervals that are too short for a path, the noise is the stream
 * `stream` of the key quell_noise_key(seed, from, to); `key` is that key for the seed 0. */
struct quell_noise_name {
    double from, to;
    uint64_t key;
    uint32_t stream;
    struct quell_increment path;
};

/* Returns the name of the noise of slot k from the point t to s. */
struct quell_noise_name quell_noise_between(bool brownian, unsigned k, const quell_point *t,
                                            const quell_point *s);

/* Returns whether the noise is an increment of a path. */
static inline bool quell_noise_is_path(const struct quell_noise_name *name)
{
    return name->path.from != name->path.to;
}

#endif
