/* SPDX-License-Identifier: MIT */
/* Opens models and tokens again when they have changed. */
#include "serve/server.h"
#include "base/fail.h"

#include <stdio.h>

/* Opens the models and tokens, in a workshop. If that fails, the server keeps what it has. */
static bool load(void *user)
{
    struct serve_server *server = user;
    const struct serve_options *options = server->options;
    struct serve_tokens tokens = {0};
    bool right = !options->token_file || !serve_tokens_read(&tokens, options->token_file);
    if (!right && options->log) fprintf(options->log, "quell: %s\n", quell_error_message());
    struct serve_models *models = options->reopen(options->user);
    if (right) {
        pthread_mutex_lock(&server->lock);
        server->tokens = tokens;
        pthread_mutex_unlock(&server->lock);
    }
    if (models) {
        serve_shelf_put(&server->shelf, models);
        serve_samplers_forget(&server->samplers);
        server->loaded++;
    }
    atomic_store(&server->loads, false);
    return false;
}

void serve_look_for_reload(struct serve_server *server)
{
    const struct serve_options *options = server->options;
    if (!options->reload || !*options->reload || atomic_load(&server->loads)) return;
    *options->reload = 0;
    atomic_store(&server->loads, true);
    server->load = (struct serve_work){.work = load, .user = server};
    serve_workshop_add(&server->loading, &server->load);
}
