/* SPDX-License-Identifier: MIT */
/* A cache of the samplers that clients have asked for, because creating one takes longer than a
 * small draw. Samplers in use stay; of the others the most recently used ones are kept. */
#ifndef QUELL_SERVE_SAMPLERS_H
#define QUELL_SERVE_SAMPLERS_H

#include <pthread.h>
#include "serve/ask.h"
#include "serve/serve.h"

#define SERVE_MOST_SAMPLERS 64                     /* the most unused samplers that are kept */
#define SERVE_MOST_SAMPLER_BYTES ((size_t)1 << 26) /* the most bytes of memory for them */

struct serve_sampler {
    char *key; /* a text that no other sampler has */
    quell_sampler *sampler;
    size_t bytes;  /* an estimate of its memory */
    size_t users;  /* drawings that use it */
    uint64_t used; /* when it was last asked for, by the clock of the cache */
    bool old;      /* its model is no longer served */
    struct serve_sampler *next;
};

struct serve_samplers {
    pthread_mutex_t lock;
    struct serve_sampler *first;
    uint64_t time; /* the cache's clock: it counts the times that samplers were asked for */
};

void serve_samplers_begin(struct serve_samplers *samplers);

/* Returns the sampler that `ask` describes, and counts one more user of it. NULL if it is not in
 * the cache. Thread-safe. */
struct serve_sampler *serve_sampler_find(struct serve_samplers *samplers,
                                         const struct serve_model *model,
                                         const struct serve_ask *ask);

/* The same, but creates the sampler if it is not in the cache. That may take a second, so this is
 * called by one thread of a workshop alone. */
quell_status serve_sampler_take(struct serve_samplers *samplers, const struct serve_model *model,
                                const struct serve_ask *ask, struct serve_sampler **sampler);

/* The memory of a sampler in bytes, divided by the number of its users. Thread-safe. */
size_t serve_sampler_share(struct serve_samplers *samplers, const struct serve_sampler *sampler);

/* Counts one user less. A NULL sampler is allowed. Thread-safe. */
void serve_sampler_give_back(struct serve_samplers *samplers, struct serve_sampler *sampler);

/* Empties the cache, because the models have been replaced. Samplers in use are freed when their
 * last user gives them back. Thread-safe. */
void serve_samplers_forget(struct serve_samplers *samplers);

void serve_samplers_free(struct serve_samplers *samplers);

#endif
