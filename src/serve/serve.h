/* SPDX-License-Identifier: MIT */
/* A server over HTTP: models by name, and samples whose address says what they are. */
#ifndef QUELL_SERVE_SERVE_H
#define QUELL_SERVE_SERVE_H

#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <quell/quell.h>

/* digest: a text that another file would not have. */
struct serve_model {
    const char *name, *digest;
    quell_model *model;
};

/* models: until the server has ended, count of them.
 * listen: ADDRESS:PORT, as 127.0.0.1:8080 or [::1]:8080; port 0: one that is free.
 * threads, isa, capacity: of its queue.
 * most_samples, most_steps: of one request.
 * most_clients: connections at a time.
 * seconds: how long a connection may be silent, and how long a request may take.
 * drain: how many seconds requests have to end when the server is stopped.
 * log: where a line for each request goes; NULL: nowhere. json: as JSON.
 * ready: hears of the address when the server listens; NULL: nobody. */
struct serve_options {
    const struct serve_model *models;
    size_t count;
    const char *listen, *isa;
    size_t threads, capacity, most_samples, most_steps;
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
