/* SPDX-License-Identifier: MIT */
/* The server as its own files see it. One thread, libmicrohttpd's, handles all connections. The
 * thread of the queue draws, and tells when samples are ready. Workshops do other work that takes
 * long. The thread that called quell_serve watches for clients that have gone. What a client uses
 * of all this (time, memory, samples in the queue, requests, turns in a workshop) is recorded in
 * its account (queue/account.h), and only there. */
#ifndef QUELL_SERVE_SERVER_H
#define QUELL_SERVE_SERVER_H

#include <microhttpd.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include "serve/connections.h"
#include "serve/drawing.h"
#include "serve/models.h"
#include "serve/token.h"

/* Answers are counted for each HTTP status below this one. */
#define SERVE_MOST_CODE 600

/* Bytes for the first line and the headers of a request; no more are read. */
#define SERVE_MOST_HEAD 131072

#define SERVE_MOST_URI 400 /* bytes of an address that the log shows */

#define SERVE_MOST_TURNS 128 /* requests that may wait for a workshop at the same time */

/* The part of a body that has been received, followed by a NUL. */
struct serve_received {
    char *bytes;
    size_t size;    /* bytes in use */
    size_t room;    /* bytes allocated */
    size_t dropped; /* bytes that were read and thrown away */
    bool too_long;  /* the rest of the body is thrown away */
};

/* An HTTP request, from its first line until its answer has been sent. */
struct serve_request {
    struct serve_server *server;
    struct MHD_Connection *connection;
    struct serve_connection *place; /* the same connection in server->connections */
    char uri[SERVE_MOST_URI]; /* the address as it was sent, escaped, perhaps cut (serve_escape) */
    double began;             /* when the headers had come */
    struct serve_models *models; /* those served at that time; NULL before it */
    const char *end; /* the end of the address, in a buffer that is valid until the headers come */
    bool torn;       /* the address contains a NUL, behind which libmicrohttpd cut it */
    /* The length of the answer must be known before it is sent. This is so for HTTP/1.0, where
     * nothing else tells a client whether it has all of it, and for HEAD, where libmicrohttpd would
     * end a chunked answer with a chunk that must not be there. */
    bool whole;
    bool posted;      /* its method is POST, and its address takes POST */
    bool drawn;       /* its samples were put into the queue */
    bool guarded;     /* a token was needed */
    const char *type; /* the Content-Type of the body; NULL: none */
    struct serve_received body;
    struct serve_address address;  /* the client's (serve_note_address) */
    struct quell_account *account; /* the client's; NULL until the client is known */
    uint64_t token;                /* the number of the client's token, if `guarded` */
    /* What the request has taken from the account: bytes of memory for its body, samples in the
     * queue, one of the client's requests, and a turn in a workshop. */
    size_t held, samples;
    bool counted, turn;
    /* Continues the request when its connection has been resumed; NULL if it was never
     * suspended. */
    enum MHD_Result (*next)(struct serve_request *request);
    struct serve_work work;        /* the reading of its body, and the creation of its sampler */
    struct serve_drawing *drawing; /* the samples that it asks for; NULL if it asks for none */
    unsigned code;                 /* the HTTP status of the answer */
    size_t bytes;                  /* the length of the answer, as far as it is known */
    struct serve_request *before, *after; /* neighbours in server->waiting */
};

/* The state of a server. The counters belong to libmicrohttpd's thread. */
struct serve_server {
    const struct serve_options *options;
    struct MHD_Daemon *daemon;
    struct quell_accounts accounts; /* of the clients */
    quell_queue *queue;
    struct serve_samplers samplers;
    struct serve_shelf shelf;
    struct serve_tokens tokens;      /* under `lock` */
    struct serve_workshop making;    /* reads bodies and creates samplers */
    struct serve_workshop finishing; /* writes long answers */
    struct serve_workshop loading;   /* opens models */
    struct serve_work load;          /* the opening of models */
    atomic_bool loads;               /* `load` is waiting or being done */
    atomic_uint loaded;              /* how often models were opened again */
    struct serve_connections connections;
    pthread_mutex_t lock;
    struct serve_request *waiting; /* requests whose clients wait for samples, under `lock` */
    atomic_size_t open;            /* requests that have not ended */
    atomic_size_t resting; /* connections suspended in the middle of an answer (serve/flow.h) */
    atomic_bool draining;  /* no more connections are accepted */
    atomic_bool ending;    /* clients without an answer are not waited for any longer */
    uint64_t answers[SERVE_MOST_CODE], gone;
    double seconds; /* the sum of the times that answers with samples took */
};

/* Starts libmicrohttpd on the listening socket `file` (requests.c). NULL if that fails. */
struct MHD_Daemon *serve_start_daemon(struct serve_server *server, int file, unsigned flags);

/* Decides, when the headers of a request have come, whether it is refused before its body is read
 * (routes.c). */
enum MHD_Result serve_admit(struct serve_request *request, const char *url, const char *method);

/* Answers a request whose body has been read (routes.c). */
enum MHD_Result serve_route(struct serve_request *request, const char *url, const char *method);

/* ---- Bodies (receive.c) ---- */

/* Whether the request announces a body. */
bool serve_receives(struct serve_request *request);

/* Allocates memory for the body; refuses one that is too long or of an unknown type. */
enum MHD_Result serve_receive_begin(struct serve_request *request);

/* Appends bytes[size] to the body. */
enum MHD_Result serve_receive(struct serve_request *request, const char *bytes, size_t size);

/* Answers that the client's share of the memory is used up. */
enum MHD_Result serve_say_held(struct serve_request *request);

/* Frees the body, and gives the memory back to the client's account. */
void serve_receive_end(struct serve_request *request);

/* ---- Clients (client.c) ---- */

/* Sets the client's address. Returns NULL, or why X-Forwarded-For is refused. */
const char *serve_note_address(struct serve_request *request);

/* Returns the number of the client's account: it is made from its token if one was needed, else
 * from its address. */
uint64_t serve_client_of(const struct serve_request *request);

/* Joins all lines of a header that is a list (RFC 9110, 5.3) into one text, which the caller frees.
 * NULL if the header is not there or is empty, or if there is no memory. */
char *serve_list_of(struct serve_request *request, const char *name);

/* ---- Headers (framing.c) ---- */

/* Returns NULL, or what is wrong with the headers that say where the request ends or what its body
 * is. Such a request is refused, because a proxy might understand it differently (RFC 9112, 11.2).
 * `method` is the text that libmicrohttpd handed out: the head of the request begins there. */
const char *serve_misframed(struct serve_request *request, const char *method);

/* Answers with samples or, if `events`, with events that show how they are drawn (samples.c). */
enum MHD_Result serve_samples(struct serve_request *request, const struct serve_model *model,
                              bool events);

/* Gives the request's turn in a workshop back to its account, if it has one. */
void serve_turn_end(struct serve_request *request);

/* ---- Requests that wait (waiting.c) ---- */

/* Adds a request to server->waiting, or removes it if it is there. */
void serve_wait(struct serve_request *request);
void serve_wait_no_more(struct serve_request *request);

/* Cancels the waiting requests whose clients have gone or whose time is up or, if `all`, every one.
 * A run of the queue stops within one instruction of a network. */
void serve_cancel(struct serve_server *server, bool all);

/* Whether any request waits. Its connection may be suspended, so libmicrohttpd must not be stopped
 * yet. */
bool serve_waits(struct serve_server *server);

/* Has the models and the tokens opened again if that was asked for (reload.c). */
void serve_look_for_reload(struct serve_server *server);

/* A page with a fixed address. */
struct serve_page {
    const char *url, *type, *summary;
    bool open; /* no token is needed */
    enum MHD_Result (*answer)(struct serve_request *request);
};

/* Returns page i, counted from 0; NULL past the last one (routes.c). */
const struct serve_page *serve_page(size_t i);

/* The text of an answer, which is written through a FILE (pages.c). */
struct serve_writing {
    FILE *file;
    char *bytes;
    size_t size;
};

/* Opens the file. Returns false if that fails. */
bool serve_write_begin(struct serve_writing *writing);

/* Answers with the text as the media type `type`, and closes the file. */
enum MHD_Result serve_write_end(struct serve_request *request, struct serve_writing *writing,
                                const char *type);

/* Writes text[size] to the FILE `user`: the `put` of a quell_json_writer. Returns 0 if it could. */
int serve_write_put(void *user, const char *text, size_t size);

/* Answers with the HTML page at / (page.c). */
enum MHD_Result serve_start_page(struct serve_request *request);

/* Answers with the description of the HTTP interface as OpenAPI (openapi.c). */
enum MHD_Result serve_openapi(struct serve_request *request);

/* Answers with the list of models, one model, or the metrics of the server (pages.c). */
enum MHD_Result serve_models(struct serve_request *request);
enum MHD_Result serve_model(struct serve_request *request, const struct serve_model *model);
enum MHD_Result serve_metrics(struct serve_request *request);

/* A header of an answer. A list of them ends with a NULL name. */
struct serve_header {
    const char *name, *value;
};

/* Answers with bytes[size], and frees them. `headers` are added to the usual ones; NULL: none. */
enum MHD_Result serve_answer(struct serve_request *request, unsigned code, const char *type,
                             char *bytes, size_t size, const struct serve_header *headers);

/* Answers with a response, and gives up the caller's reference to it. `bytes` is its length, as far
 * as it is known. */
enum MHD_Result serve_respond(struct serve_request *request, unsigned code, const char *type,
                              struct MHD_Response *response, size_t bytes,
                              const struct serve_header *headers);

/* Answers with a line of plain text. */
enum MHD_Result serve_say(struct serve_request *request, unsigned code, const char *line,
                          const struct serve_header *headers);

/* Answers with the HTTP status for `status`, and the line. */
enum MHD_Result serve_refuse(struct serve_request *request, quell_status status, const char *line);

/* The HTTP status for the status of a call that failed. */
unsigned serve_code(quell_status status);

/* Writes the log's line for a request that has ended (log.c). */
void serve_log(const struct serve_request *request);

#endif
