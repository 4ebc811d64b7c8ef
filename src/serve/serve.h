/* SPDX-License-Identifier: MIT */
/* A server over HTTP: models by name, and samples whose address says what they are. */
#ifndef QUELL_SERVE_SERVE_H
#define QUELL_SERVE_SERVE_H

#include <stdatomic.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <quell/quell.h>
#include "serve/address.h"

/* digest: a text that another file would not have. */
struct serve_model {
    const char *name, *digest;
    quell_model *model;
};

/* Models, and how to free them, and this, when nobody draws with them any more. holders: private to
 * the server. */
struct serve_models {
    const struct serve_model *models;
    size_t count;
    void (*free)(struct serve_models *models);
    atomic_int holders;
};

/* models: which the server takes over.
 * reopen: opens them anew, when *reload is not 0, which a signal handler sets; NULL if that failed,
 *   which it has said then. The server goes on with those that it has. NULL: never.
 * token_file: of the tokens of which a client must have one (serve/token.h); NULL: none is needed.
 * listen: ADDRESS:PORT, as 127.0.0.1:8080 or [::1]:8080; port 0: one that is free.
 * proxies: whose word for who asks is taken (X-Forwarded-For), `proxy_count` networks of them.
 * threads, isa, capacity: of its queue.
 * most_samples, most_evaluations, most_bytes: of one request, and of its body.
 * memory: in bytes, that all requests may take at a time, nearly.
 * most_clients: connections at a time.
 * seconds: how long a connection may be silent, and how long a request may take.
 * drain: how many seconds requests have to end when the server is stopped.
 * log: where a line for each request goes; NULL: nowhere. json: as JSON.
 * ready: hears of the address when the server listens; NULL: nobody. */
struct serve_options {
    struct serve_models *models;
    struct serve_models *(*reopen)(void *user);
    volatile _Atomic int *reload;
    const char *listen, *isa, *token_file;
    const struct serve_network *proxies;
    size_t proxy_count;
    size_t threads, capacity, most_samples, most_evaluations, most_bytes, memory;
    unsigned most_clients;
    double seconds, drain;
    FILE *log;
    int json;
    void (*ready)(void *user, const char *address);
    void *user;
};

/* Serves until *stop is not 0, which a signal handler sets. Then it takes no more connections, lets
 * requests end, and returns: QUELL_OK, or QUELL_STOPPED if some had not ended in time. Fails with
 * QUELL_BAD_ARGUMENT or QUELL_IO_FAILED if it cannot listen. */
quell_status quell_serve(const struct serve_options *options, const volatile _Atomic int *stop);

#endif
