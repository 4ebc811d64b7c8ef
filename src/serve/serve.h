/* SPDX-License-Identifier: MIT */
/* A server over HTTP: it has models by name, and samples whose address says what they are. */
#ifndef QUELL_SERVE_SERVE_H
#define QUELL_SERVE_SERVE_H

#include <stdatomic.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <quell/quell.h>
#include "serve/address.h"

struct serve_model {
    const char *name;
    const char *digest; /* a text that differs for every model file */
    quell_model *model;
};

/* A set of models. */
struct serve_models {
    const struct serve_model *models;
    size_t count;
    void (*free)(struct serve_models *models); /* frees the models and this struct */
    atomic_int holders;                        /* reference count; private to the server */
};

struct serve_options {
    struct serve_models *models; /* the server takes over their ownership */
    /* Opens the models again; called when a signal handler has set *reload. Returns NULL if that
     * failed, after printing why; the server then keeps the models that it has. `reopen` and
     * `reload` may be NULL: the models are never reopened. */
    struct serve_models *(*reopen)(void *user);
    volatile _Atomic int *reload;
    const char *listen;     /* ADDRESS:PORT, such as [::1]:8080; port 0 stands for a free one */
    const char *isa;        /* for the queue */
    const char *token_file; /* its tokens are needed (serve/token.h); NULL: none is needed */
    /* The networks of the proxies whose X-Forwarded-For is trusted. */
    const struct serve_network *proxies;
    size_t proxy_count;
    size_t threads, capacity; /* for the queue */
    size_t most_samples;      /* in one request */
    size_t most_evaluations;  /* of the model, for each sample of a request */
    size_t most_bytes;        /* of the body of a request */
    size_t memory;            /* an estimate of the bytes that all requests may take together */
    unsigned most_clients;    /* the most connections at a time */
    double seconds;           /* how long a connection may be silent, and a request may take */
    double drain;             /* how many seconds requests have to end when the server is stopped */
    FILE *log;                /* gets one line for each request; NULL: no log */
    int json;                 /* the log is JSON */
    void (*ready)(void *user, const char *address); /* called when the server listens; or NULL */
    void *user;
};

/* Serves until a signal handler sets *stop. Then accepts no more connections, lets requests end,
 * and returns QUELL_OK, or QUELL_STOPPED if some requests did not end in time. Fails with
 * QUELL_BAD_ARGUMENT or QUELL_IO_FAILED if it cannot listen. */
quell_status quell_serve(const struct serve_options *options, const volatile _Atomic int *stop);

#endif
