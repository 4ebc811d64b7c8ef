/* SPDX-License-Identifier: MIT */
/* The samplers that clients have asked for. The latest are kept, as creating one takes longer than
 * a small draw; one that draws stays. */
#ifndef QUELL_SERVE_SAMPLERS_H
#define QUELL_SERVE_SAMPLERS_H

#include <pthread.h>
#include "serve/ask.h"
#include "serve/serve.h"

#define SERVE_MOST_SAMPLERS 64                     /* that are kept and do not draw */
#define SERVE_MOST_SAMPLER_BYTES ((size_t)1 << 26) /* that they have */

/* bytes: its memory, nearly. users: draws that go on. used: when it was asked for last. old: its
 * model is served no more. */
struct serve_sampler {
    char *key;
    quell_sampler *sampler;
    size_t bytes, users;
    uint64_t used;
    bool old;
    struct serve_sampler *next;
};

struct serve_samplers {
    pthread_mutex_t lock;
    struct serve_sampler *first;
    uint64_t time;
};

void serve_samplers_begin(struct serve_samplers *samplers);

/* Returns the sampler that is asked for, and counts one user more; NULL if it is not there.
 * Thread-safe. */
struct serve_sampler *serve_sampler_find(struct serve_samplers *samplers,
                                         const struct serve_model *model,
                                         const struct serve_ask *ask);

/* The same, but creates it if it is not there, which may take a second: for one thread that has the
 * time. */
quell_status serve_sampler_take(struct serve_samplers *samplers, const struct serve_model *model,
                                const struct serve_ask *ask, struct serve_sampler **sampler);

/* The part of its memory that falls to one of its users. Thread-safe. */
size_t serve_sampler_share(struct serve_samplers *samplers, const struct serve_sampler *sampler);

/* Counts one user less; NULL is allowed. Thread-safe. */
void serve_sampler_give_back(struct serve_samplers *samplers, struct serve_sampler *sampler);

/* Forgets all, as their models are served no more; those that draw, when they have. Thread-safe. */
void serve_samplers_forget(struct serve_samplers *samplers);

void serve_samplers_free(struct serve_samplers *samplers);

#endif
