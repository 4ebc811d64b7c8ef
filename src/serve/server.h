/* SPDX-License-Identifier: MIT */
/* The server as its own files see it. One thread of libmicrohttpd handles all connections; the
 * queue's thread says when samples are there; workshops do what takes long; the thread that called
 * quell_serve looks after clients that have gone. What a client has of all this, time, memory,
 * samples in the queue, requests and turns in a workshop, is in its account (queue/account.h), and
 * there alone. */
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

/* The statuses that are counted by themselves. */
#define SERVE_MOST_CODE 600

/* Bytes for the lines of a request; who sends more is not answered. */
#define SERVE_MOST_HEAD 131072

#define SERVE_MOST_URI 400 /* bytes of an address that the log shows */

#define SERVE_MOST_TURNS 128 /* requests that wait for a workshop to make something of them */

/* A body, as far as it has come; it ends with a NUL. too_long: it is not kept. */
struct serve_received {
    char *bytes;
    size_t size, room, dropped;
    bool too_long;
};

/* A request of HTTP, from its first line until its answer has been sent.
 *
 * place: its connection.
 * uri: the address as it was sent (serve_escape), as far as it fits. began: when it came.
 * end: of the address, as long as its first line is there; torn: there was more of it.
 * whole: its answer has a length: where it is not of HTTP/1.1 nothing else says that all has come;
 *   and after the head of an answer in chunks, libmicrohttpd sends the last chunk for HEAD, too.
 * models: those that were served when it came; NULL until its headers are there. posted: its method
 *   is POST; type, body: of that.
 * address: of whoever asks, as a proxy may have said.
 * account: of whoever asks; NULL before that is known. What it has from there: held, memory for its
 *   body; samples, in the queue; counted, turn: whether it counts as a request, and has a turn.
 * guarded: a token was needed, that of this number.
 * drawing: what it waits for, NULL if nothing; drawn: its samples were asked for.
 * next: what is done when the connection goes on after a rest; NULL: it has not rested.
 * work: its place in a workshop.
 * code, bytes: of the answer. before, after: in the list of those that wait. */
struct serve_request {
    struct serve_server *server;
    struct MHD_Connection *connection;
    struct serve_connection *place;
    char uri[SERVE_MOST_URI];
    double began;
    struct serve_models *models;
    const char *end;
    bool torn, whole, posted, drawn, guarded;
    const char *type;
    struct serve_received body;
    struct serve_address address;
    struct quell_account *account;
    uint64_t token;
    size_t held, samples;
    bool counted, turn;
    enum MHD_Result (*next)(struct serve_request *request);
    struct serve_work work;
    struct serve_drawing *drawing;
    unsigned code;
    size_t bytes;
    struct serve_request *before, *after;
};

/* making, finishing, loading: threads that read bodies and create samplers, that write long
 *   answers, and that open models.
 * accounts: of its clients. tokens: under the lock.
 * waiting: the requests whose clients wait for samples, under the lock.
 * open: requests that have not ended; resting: connections that rest until more of their answers
 *   is there (serve/flow.h). ending: who is not answered yet is not waited for.
 * The counters are the HTTP thread's. */
struct serve_server {
    const struct serve_options *options;
    struct MHD_Daemon *daemon;
    struct quell_accounts accounts;
    quell_queue *queue;
    struct serve_samplers samplers;
    struct serve_shelf shelf;
    struct serve_tokens tokens;
    struct serve_workshop making, finishing, loading;
    struct serve_work load;
    atomic_bool loads;
    atomic_uint loaded; /* how often models were opened anew */
    struct serve_connections connections;
    pthread_mutex_t lock;
    struct serve_request *waiting;
    atomic_size_t open, resting;
    atomic_bool draining, ending;
    uint64_t answers[SERVE_MOST_CODE], gone;
    double seconds; /* that answers with samples took, in all */
};

/* Starts to listen at a file, and to answer (requests.c). NULL if that fails. */
struct MHD_Daemon *serve_start_daemon(struct serve_server *server, int file, unsigned flags);

/* Looks at a request before its body comes (routes.c), which may be refused then. */
enum MHD_Result serve_admit(struct serve_request *request, const char *url, const char *method);

/* Answers a request (routes.c). */
enum MHD_Result serve_route(struct serve_request *request, const char *url, const char *method);

/* Bodies (receive.c): whether one will come; refuses one that is too long before it comes; takes a
 * part of it; says that there is too little memory. */
bool serve_receives(struct serve_request *request);
enum MHD_Result serve_receive_begin(struct serve_request *request);
enum MHD_Result serve_receive(struct serve_request *request, const char *bytes, size_t size);
enum MHD_Result serve_say_held(struct serve_request *request);
void serve_receive_end(struct serve_request *request);

/* Who asks (client.c): notes their address, or returns why what is said of it is not taken, NULL:
 * nothing is wrong; a number for them, of the token that they needed, else of their address; and
 * all lines of a header that is a list, as one (RFC 9110, 5.3), to be freed, NULL if there is
 * none. */
const char *serve_note_address(struct serve_request *request);
uint64_t serve_client_of(const struct serve_request *request);
char *serve_list_of(struct serve_request *request, const char *name);

/* What is wrong with the headers that say where a request ends, or what its body is: a proxy may
 * read them in another way then (RFC 9112, 11.2). NULL: nothing. `method` is the one that
 * libmicrohttpd has handed out. */
const char *serve_misframed(struct serve_request *request, const char *method);

/* Samples, or events of how they are drawn (samples.c): begins to draw, and answers when they are
 * there. */
enum MHD_Result serve_samples(struct serve_request *request, const struct serve_model *model,
                              bool events);

/* Gives back the turn that a request has, if it has one. */
void serve_turn_end(struct serve_request *request);

/* Puts a request on the list of those that wait; takes it off, if it is there (watch.c). Ends those
 * whose clients have gone, or that are late, or all; whether there are any: libmicrohttpd must not
 * be stopped then. What was cancelled ends within one instruction of a network. */
void serve_wait(struct serve_request *request);
void serve_wait_no_more(struct serve_request *request);
void serve_cancel(struct serve_server *server, bool all);
bool serve_waits(struct serve_server *server);

/* Has models and tokens opened anew, if that is wanted (reload.c). */
void serve_look_for_reload(struct serve_server *server);

/* A page of its own: its type, what it is, and whether whoever asks needs no token. */
struct serve_page {
    const char *url, *type, *summary;
    bool open;
    enum MHD_Result (*answer)(struct serve_request *request);
};

/* The i-th of them, from 0 on; NULL past the end (routes.c). */
const struct serve_page *serve_page(size_t i);

/* An answer that is written as to a file (pages.c). */
struct serve_writing {
    FILE *file;
    char *bytes;
    size_t size;
};
bool serve_write_begin(struct serve_writing *writing);
enum MHD_Result serve_write_end(struct serve_request *request, struct serve_writing *writing,
                                const char *type);
int serve_write_put(void *user, const char *text, size_t size);

/* The page for people (page.c). */
enum MHD_Result serve_start_page(struct serve_request *request);

/* The description of all that can be asked (openapi.c). */
enum MHD_Result serve_openapi(struct serve_request *request);

/* What the server says of its models and of itself (pages.c). */
enum MHD_Result serve_models(struct serve_request *request);
enum MHD_Result serve_model(struct serve_request *request, const struct serve_model *model);
enum MHD_Result serve_metrics(struct serve_request *request);

/* A header of an answer; a list of them ends with a NULL name. */
struct serve_header {
    const char *name, *value;
};

/* Answers with bytes[size], which are freed; headers: NULL: none but the type. */
enum MHD_Result serve_answer(struct serve_request *request, unsigned code, const char *type,
                             char *bytes, size_t size, const struct serve_header *headers);

/* Answers with a response, which is given up. bytes: its size, as far as that is known. */
enum MHD_Result serve_respond(struct serve_request *request, unsigned code, const char *type,
                              struct MHD_Response *response, size_t bytes,
                              const struct serve_header *headers);

/* Answers with a line of text. */
enum MHD_Result serve_say(struct serve_request *request, unsigned code, const char *line,
                          const struct serve_header *headers);

/* Answers with the failure of the last call. */
enum MHD_Result serve_refuse(struct serve_request *request, quell_status status, const char *line);

/* The status of HTTP for a failure. */
unsigned serve_code(quell_status status);

/* Writes the line of the log for a request that has ended (log.c). */
void serve_log(const struct serve_request *request);

#endif
