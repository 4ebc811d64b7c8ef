/* SPDX-License-Identifier: MIT */
/* The models that are served now. Those of before stay while somebody draws with them. */
#ifndef QUELL_SERVE_MODELS_H
#define QUELL_SERVE_MODELS_H

#include <pthread.h>
#include "serve/serve.h"

struct serve_shelf {
    pthread_mutex_t lock;
    struct serve_models *now;
};

/* Thread-safe, all but the first and the last. The shelf takes over the models. */
void serve_shelf_begin(struct serve_shelf *shelf, struct serve_models *models);
void serve_shelf_put(struct serve_shelf *shelf, struct serve_models *models);
void serve_shelf_end(struct serve_shelf *shelf);

/* Holds the models that are there now. */
struct serve_models *serve_shelf_take(struct serve_shelf *shelf);

struct serve_models *serve_models_hold(struct serve_models *models);

/* Gives up one hold, and frees them with the last one. NULL is allowed. */
void serve_models_drop(struct serve_models *models);

#endif
