/* SPDX-License-Identifier: MIT */
/* The life of the server: it starts to listen, watches clients and models, and lets requests end
 * when it is stopped. */
#include "serve/server.h"
#include "base/fail.h"
#include "queue/queue.h"
#include "serve/listen.h"
#include "serve/notify.h"

#include <sys/socket.h>
#include <time.h>
#include <unistd.h>
#ifdef __GLIBC__
#include <malloc.h>
#endif

#define LOOK 100000000 /* nanoseconds between two looks for clients that have gone */
#define FLUSH 2        /* seconds for sending answers after the last request has left the queue */
#define LARGE 131072   /* blocks of at least so many bytes go back to the kernel when freed */

static void rest(void)
{
    const struct timespec time = {0, LOOK};
    nanosleep(&time, NULL);
}

/* Waits up to `seconds` for all requests to end. Returns how many have not ended. */
static size_t wait_for_end(struct serve_server *server, double seconds)
{
    double end = quell_queue_now() + seconds;
    while (atomic_load(&server->open) && quell_queue_now() < end) {
        serve_cancel(server, false);
        serve_connections_look(&server->connections);
        rest();
    }
    return atomic_load(&server->open);
}

/* Refuses new connections at once, so that these clients can try another server. The socket is only
 * shut down: it can be closed once libmicrohttpd has ended, and until then the kernel would accept
 * connections that nobody answers. */
static int listen_no_more(struct serve_server *server)
{
    int listening = MHD_quiesce_daemon(server->daemon);
    if (listening >= 0) shutdown(listening, SHUT_RDWR);
    return listening;
}

static quell_status drain(struct serve_server *server)
{
    atomic_store(&server->draining, true);
    serve_notify("STOPPING=1");
    int listening = listen_no_more(server);
    size_t left = wait_for_end(server, server->options->drain);
    if (left) {
        atomic_store(&server->ending, true);
        serve_cancel(server, true);
        for (; serve_waits(server) || atomic_load(&server->resting); rest())
            serve_connections_look(&server->connections);
        wait_for_end(server, FLUSH);
    }
    MHD_stop_daemon(server->daemon);
    if (listening >= 0) close(listening);
    return left ? quell_fail(QUELL_STOPPED, "serve: %zu requests had not ended in %g seconds", left,
                             server->options->drain)
                : QUELL_OK;
}

static quell_status start(struct serve_server *server)
{
    const struct serve_options *options = server->options;
    struct serve_listening at;
    quell_status status = serve_listen(options->listen, &at);
    if (status) return status;
    server->daemon = serve_start_daemon(server, at.file, at.flags);
    if (!server->daemon) {
        close(at.file);
        return quell_fail(QUELL_IO_FAILED, "serve: libmicrohttpd cannot serve %s", at.address);
    }
    if (options->ready) options->ready(options->user, at.address);
    serve_notify("READY=1");
    return QUELL_OK;
}

static quell_status make_queue(struct serve_server *server)
{
    quell_queue_options queue = quell_queue_defaults();
    queue.threads = server->options->threads;
    queue.isa = server->options->isa;
    queue.capacity = server->options->capacity;
    return quell_queue_create_with(&server->queue, &queue, &server->accounts);
}

static void look(struct serve_server *server)
{
    serve_cancel(server, false);
    serve_connections_look(&server->connections);
    serve_look_for_reload(server);
}

/* Sets what there is for all clients together. quell_account_take decides what one may have. */
static void prepare_accounts(struct serve_server *server)
{
    const struct serve_options *options = server->options;
    quell_accounts_begin(&server->accounts);
    server->accounts.most[QUELL_OF_MEMORY] = options->memory;
    server->accounts.most[QUELL_OF_SAMPLES] = options->capacity;
    server->accounts.most[QUELL_OF_REQUESTS] = options->most_clients;
    server->accounts.most[QUELL_OF_TURNS] = SERVE_MOST_TURNS;
}

static quell_status prepare(struct serve_server *server)
{
    const struct serve_options *options = server->options;
    pthread_mutex_init(&server->lock, NULL);
    prepare_accounts(server);
    serve_shelf_begin(&server->shelf, options->models);
    serve_samplers_begin(&server->samplers);
    serve_connections_begin(&server->connections, options->most_clients, options->seconds);
    quell_status status = QUELL_OK;
    if (options->token_file) status = serve_tokens_read(&server->tokens, options->token_file);
    if (!status) status = make_queue(server);
    if (!status) status = serve_workshop_begin(&server->making, 1);
    if (!status) status = serve_workshop_begin(&server->finishing, 2);
    return status ? status : serve_workshop_begin(&server->loading, 1);
}

/* The workshop `finishing` ends after the queue, because the queue's thread adds work to it. */
static void clear(struct serve_server *server)
{
    serve_workshop_end(&server->loading);
    serve_workshop_end(&server->making);
    quell_queue_free(server->queue);
    serve_workshop_end(&server->finishing);
    serve_samplers_free(&server->samplers);
    serve_connections_end(&server->connections);
    serve_shelf_end(&server->shelf);
    quell_accounts_end(&server->accounts);
    pthread_mutex_destroy(&server->lock);
}

/* Fixes the size from which a block of memory goes back to the kernel when it is freed. Otherwise
 * glibc raises it, up to 32 MB, whenever a larger block is freed, and then keeps the memory of
 * bodies that will not be needed again. */
static void give_memory_back(void)
{
#ifdef __GLIBC__
    mallopt(M_MMAP_THRESHOLD, LARGE);
    mallopt(M_TRIM_THRESHOLD, LARGE);
#endif
}

quell_status quell_serve(const struct serve_options *options, const volatile _Atomic int *stop)
{
    struct serve_server server = {.options = options};
    give_memory_back();
    quell_status status = prepare(&server);
    if (!status) status = start(&server);
    if (!status) {
        for (; !*stop; rest()) look(&server);
        status = drain(&server);
    }
    clear(&server);
    return status;
}
