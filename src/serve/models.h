/* SPDX-License-Identifier: MIT */
/* The set of models that is served at present. A set that has been replaced is kept until no
 * drawing uses it any more. */
#ifndef QUELL_SERVE_MODELS_H
#define QUELL_SERVE_MODELS_H

#include <pthread.h>
#include "serve/serve.h"

/* Holds the present set of models. */
struct serve_shelf {
    pthread_mutex_t lock;
    struct serve_models *now;
};

/* Begins with a set of models, or replaces the present one. The shelf takes over the ownership.
 * Only serve_shelf_put is thread-safe. */
void serve_shelf_begin(struct serve_shelf *shelf, struct serve_models *models);
void serve_shelf_put(struct serve_shelf *shelf, struct serve_models *models);
void serve_shelf_end(struct serve_shelf *shelf);

/* Returns the present set, with a reference for the caller. Thread-safe. */
struct serve_models *serve_shelf_take(struct serve_shelf *shelf);

/* Adds a reference, and returns `models`. Thread-safe. */
struct serve_models *serve_models_hold(struct serve_models *models);

/* Drops a reference, and frees the set with the last one. NULL is allowed. Thread-safe. */
void serve_models_drop(struct serve_models *models);

#endif
