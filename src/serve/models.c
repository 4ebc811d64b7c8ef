/* SPDX-License-Identifier: MIT */
#include "serve/models.h"

#include <stddef.h>

void serve_shelf_begin(struct serve_shelf *shelf, struct serve_models *models)
{
    pthread_mutex_init(&shelf->lock, NULL);
    atomic_init(&models->holders, 1);
    shelf->now = models;
}

void serve_shelf_put(struct serve_shelf *shelf, struct serve_models *models)
{
    atomic_init(&models->holders, 1);
    pthread_mutex_lock(&shelf->lock);
    struct serve_models *before = shelf->now;
    shelf->now = models;
    pthread_mutex_unlock(&shelf->lock);
    serve_models_drop(before);
}

void serve_shelf_end(struct serve_shelf *shelf)
{
    serve_models_drop(shelf->now);
    pthread_mutex_destroy(&shelf->lock);
}

struct serve_models *serve_shelf_take(struct serve_shelf *shelf)
{
    pthread_mutex_lock(&shelf->lock);
    struct serve_models *models = serve_models_hold(shelf->now);
    pthread_mutex_unlock(&shelf->lock);
    return models;
}

struct serve_models *serve_models_hold(struct serve_models *models)
{
    atomic_fetch_add(&models->holders, 1);
    return models;
}

void serve_models_drop(struct serve_models *models)
{
    if (models && atomic_fetch_sub(&models->holders, 1) == 1) models->free(models);
}
