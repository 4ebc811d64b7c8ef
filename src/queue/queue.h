/* SPDX-License-Identifier: MIT */
/* A queue as its own files see it. One thread, the conductor, chooses what is drawn next, calls
 * quell_sample for it, with all threads, and tells of the results. Everything here is under the
 * queue's lock, unless it says otherwise. */
#ifndef QUELL_QUEUE_QUEUE_H
#define QUELL_QUEUE_QUEUE_H

#include <pthread.h>
#include <stdbool.h>
#include <quell/queue.h>
#include "queue/account.h"

/* Work of another kind than drawing that has its turn among requests: does rows `row`, ... of it,
 * in the queue's thread, by a run that has the queue's threads and hears that it is to stop. */
typedef quell_status quell_work_fn(void *worker, const quell_run *run, size_t row, size_t rows);

/* work, worker: of work that is no drawing; NULL: samples are drawn. pace: seconds that a row of it
 *   took; 0: none is done.
 * begun, drawn: how many of its samples are drawn, with and without those of the run that goes on.
 * told: how many its answer function has heard of.
 * deadline: a time of quell_queue_now(), or infinity.
 * held: the run that goes on reads its arrays and writes to its x.
 * observed: calls of its observer that go on; it does not end meanwhile, nor while parts of it are
 * in a joint run, its flights.
 * flying, paused: how many of its samples are in the joint run that goes on; have been in one, and
 * wait to go on.
 * round: how many flights the queue had paused when it came, or when its own last one paused.
 * failure, message: of its run; QUELL_OK until one fails. After it has ended: of its end. */
struct quell_ticket {
    quell_queue *queue;
    size_t holders; /* the queue, until it has ended, and the caller */
    quell_request request;
    quell_draw draw;
    quell_work_fn *work;
    void *worker;
    double pace;
    struct quell_account *account;
    struct quell_ticket *before, *next; /* in the order of their arrival */
    uint64_t arrival, round;
    double deadline;
    size_t begun, drawn, told, observed, flights, flying, paused;
    bool cancelled, held, ended;
    quell_status failure;
    char message[512];
};

/* Samples row, ..., row + rows - 1 of a ticket, which are rows `at`, ... of a run. The ticket is
 * NULL if it has ended during the run; its client's account stays, until the time is charged. */
struct quell_part {
    quell_ticket *ticket;
    struct quell_account *account;
    size_t row, rows, at;
};

/* Samples of a ticket in a joint run (engine/joint.h), or between two of them. had: evaluations
 * since it began, went on or was last looked at. paused: what goes on; NULL: it is on its way. */
struct quell_flight {
    quell_queue *queue;
    quell_ticket *ticket;
    size_t row, rows, had;
    struct quell_strand *paused;
    struct quell_flight *next;
};

/* Outside the lock, the parts and the sampler belong to the conductor. */
struct quell_batch {
    const quell_sampler *sampler;
    struct quell_part *parts;
    size_t count, rows;
};

struct quell_queue {
    pthread_mutex_t lock;
    pthread_cond_t work, news; /* for the conductor; for those who wait for an end */
    pthread_t conductor;
    unsigned process; /* that made it */
    size_t holders;   /* its owner, and its tickets */
    quell_queue_options options;
    char isa[32];
    struct quell_ticket *first, *last;
    struct quell_accounts *accounts, own_accounts;
    struct quell_ticket **order; /* [room], for choosing */
    struct quell_part *places;   /* [room], for the parts of the batch */
    struct quell_part place;     /* for the only part, where there is no memory for more */
    size_t room;
    struct quell_batch batch;
    const struct quell_part *alone; /* the part that has the run to itself; NULL: all are in it */
    uint64_t base;                  /* quell_draw.first of the run */
    struct quell_flight *flights;
    size_t flying, workers, most; /* of a joint run: rows on their way, workers, rows of each */
    size_t threads_of_run;        /* workers that it would have if there were enough samples */
    const quell_denoiser *core;   /* and its network */
    bool taken;                   /* some sample was, so that it was worth beginning */
    bool lacks_memory;            /* the last one had too little to take all that it could */
    bool leaving;                 /* all that is in it pauses */
    double turn_ends;             /* when it is asked next whether others have their turn */
    uint64_t rounds;              /* flights that were ever paused */
    bool news_due;                /* since the conductor last told */
    double told_at;
    quell_queue_state state;
    uint64_t arrivals;
    bool closed, ending;
};

/* The time in seconds, by a clock that nobody sets. Needs no lock. */
double quell_queue_now(void);

/* The clock by which clients are charged for runs: quell_queue_now, or that of a test in which all
 * runs take the same time. Set while no queue draws. */
typedef double quell_queue_clock_fn(void);
extern quell_queue_clock_fn *quell_queue_clock;

/* Refuses a call in a child of fork(), where a queue of its parent has no threads. */
quell_status quell_queue_after_fork(void);

/* Gives up one hold on the queue, without its lock, and frees it with the last one. */
void quell_queue_drop(quell_queue *queue);

/* Creates a queue whose clients have these accounts, which must last longer than the queue. */
quell_status quell_queue_create_with(quell_queue **queue, const quell_queue_options *options,
                                     struct quell_accounts *accounts);

/* Puts work into the queue, draw->count rows of it; of the request the client, the priority, the
 * seconds and the answer are used. As it comes after what was taken already, it is taken from a
 * queue that is full or closed as well, and is no samples in the queue's state. It is done in
 * slices of about a twentieth of a second, between which others have their turn. */
quell_status quell_queue_work(quell_queue *queue, const quell_request *request, quell_work_fn *work,
                              void *worker, quell_ticket **ticket);

/* Fills queue->batch with the samples to be drawn next; its count is 0 if there are none. */
void quell_queue_choose(quell_queue *queue);

/* Whether samples of both may be drawn in one run. */
bool quell_tickets_merge(const quell_ticket *a, const quell_ticket *b);

/* Returns the ticket with which the next run begins; NULL if none waits. Of those that satisfy
 * `which`, unless that is NULL. */
typedef bool quell_which_fn(const quell_queue *queue, const quell_ticket *ticket);
quell_ticket *quell_queue_most_urgent(const quell_queue *queue);
quell_ticket *quell_queue_most_urgent_of(const quell_queue *queue, quell_which_fn *which);

/* Whether one that waits goes before another one, if that pauses now. */
bool quell_ticket_before_paused(const quell_ticket *waits, const quell_ticket *pauses);

/* Whether somebody still waits for it. */
bool quell_ticket_is_wanted(const quell_ticket *ticket);

/* Whether its samples can be in the joint run that goes on. */
bool quell_queue_fits(const quell_queue *queue, const quell_ticket *ticket);

/* The samples that wait and could be in the joint run that goes on. */
size_t quell_queue_waiting(const quell_queue *queue);

/* Whether samples of a ticket may begin, or go on. */
bool quell_queue_may_begin(const quell_queue *queue, const quell_ticket *ticket);

/* The ticket of which samples come next into the joint run that goes on; NULL: of none. */
quell_ticket *quell_queue_candidate(const quell_queue *queue);

/* After an evaluation for this flight: whether it pauses, so that others have their turn. */
bool quell_queue_pauses(quell_queue *queue, struct quell_flight *flight);

/* Whether the calling thread is the conductor. */
bool quell_queue_conducts(const quell_queue *queue);

/* Frees what is paused of a ticket that does not go on. */
void quell_queue_forget(quell_queue *queue, quell_ticket *ticket);

/* Draws this ticket's samples and those of others in a joint run, without the lock, if its sampler
 * can be in one; false if not, or if there is no memory to begin with any. */
bool quell_queue_join(quell_queue *queue, const quell_ticket *leader);

/* Draws queue->batch, without the lock, and notes in its tickets what came of it. */
void quell_queue_draw(quell_queue *queue);

/* Tells of what has been drawn, and ends the tickets that are complete, failed or cancelled, or
 * whose time is up; while a run goes on, only those that it does not need. Called by the conductor.
 * The lock is released for the answer functions. */
void quell_queue_tell(quell_queue *queue);

#endif
