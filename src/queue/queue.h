/* SPDX-License-Identifier: MIT */
/* The queue as its own files see it. One thread, the conductor, chooses what is drawn next, draws
 * it in a run that uses all threads, and calls the answer functions. Functions here are called
 * under the queue's lock, and members are read and written under it, unless a comment says
 * otherwise. */
#ifndef QUELL_QUEUE_QUEUE_H
#define QUELL_QUEUE_QUEUE_H

#include <pthread.h>
#include <stdbool.h>
#include <quell/queue.h>
#include "queue/account.h"

/* Work other than drawing that takes its turn among the requests. It does the rows `row`, row + 1,
 * ... in the conductor's thread, by a run that uses the queue's threads, and that is stopped if the
 * request is cancelled. */
typedef quell_status quell_work_fn(void *worker, const quell_run *run, size_t row, size_t rows);

/* A ticket: a request in the queue. A flight (below) is a part of its samples in a joint run. */
struct quell_ticket {
    quell_queue *queue;
    size_t holders; /* reference count: the queue until the ticket has ended, and the caller */
    quell_request request;
    quell_draw draw;
    quell_work_fn *work; /* NULL: the request is for samples, and not for other work */
    void *worker;        /* the user of `work` */
    double pace;         /* seconds that a row of `work` took; 0: not measured yet */
    struct quell_account *account;
    struct quell_ticket *before, *next; /* neighbours in the list, in the order of arrival */
    uint64_t arrival;                   /* how many tickets had come before this one */
    uint64_t round;  /* queue->rounds when the ticket came, or when its last flight was paused */
    double deadline; /* a time of quell_queue_now(), or infinity */
    size_t begun;    /* samples that have been drawn, are in the present run, or are paused */
    size_t drawn;    /* the number of first samples that have all been drawn */
    size_t told;     /* the value of `drawn` that its answer function was told last */
    size_t observed; /* calls of its observer that have not returned; it cannot end before that */
    size_t flights;  /* flights that have not ended; the ticket cannot end before that */
    size_t flying;   /* samples in flights that are in the present run */
    size_t paused;   /* samples in flights that are paused */
    bool cancelled;
    bool held; /* the present run uses the request's own arrays, so the ticket cannot end */
    bool ended;
    /* How its run failed or, once it has ended, how it ended. */
    quell_status failure;
    char message[512];
};

/* The samples row, ..., row + rows - 1 of a ticket, which are the rows at, ..., at + rows - 1 of a
 * run. */
struct quell_part {
    quell_ticket *ticket;          /* NULL if the ticket has ended during the run */
    struct quell_account *account; /* the client's; kept until the run has been charged for */
    size_t row, rows, at;
};

/* A flight: samples row, ..., row + rows - 1 of a ticket in a joint run (engine/joint.h), or paused
 * between two of them. */
struct quell_flight {
    quell_queue *queue;
    quell_ticket *ticket;
    size_t row, rows;
    size_t had;                  /* evaluations in its present turn (turns.c) */
    struct quell_strand *paused; /* the state to go on from; NULL: it is in the present run */
    struct quell_flight *next;
};

/* The samples of a run. While the lock is released, `parts` and `sampler` belong to the
 * conductor. */
struct quell_batch {
    const quell_sampler *sampler;
    struct quell_part *parts;
    size_t count, rows;
};

struct quell_queue {
    pthread_mutex_t lock;
    pthread_cond_t work; /* wakes the conductor */
    pthread_cond_t news; /* wakes the threads that wait for the end of a ticket */
    pthread_t conductor;
    unsigned process; /* the process that created the queue */
    size_t holders;   /* reference count: the owner, and each ticket */
    quell_queue_options options;
    char isa[32];
    struct quell_ticket *first, *last;
    struct quell_accounts *accounts, own_accounts;
    /* Lists with memory for `room` elements: the tickets that can be drawn next, and the parts of
     * the batch. If there is no memory, a run has one part alone, which is `place`. */
    struct quell_ticket **order;
    struct quell_part *places;
    struct quell_part place;
    size_t room;
    struct quell_batch batch;
    const struct quell_part *alone; /* the only part of the present run; NULL: the whole batch */
    uint64_t base;                  /* quell_draw.first of the present run */
    struct quell_flight *flights;   /* those in the joint run, and the paused ones */
    size_t flying;                  /* samples in the joint run */
    size_t workers;                 /* the workers of the joint run */
    size_t most;                    /* the most samples that a worker takes at a time */
    size_t threads_of_run;          /* the workers that it would have with enough samples */
    const quell_denoiser *core;     /* the network of the joint run */
    bool taken;                     /* the joint run has taken at least one flight */
    bool lacks_memory;              /* the last joint run had not enough memory for all flights */
    bool leaving;                   /* all flights of the joint run pause, so that it ends */
    double turn_ends;               /* when to check next whether others have their turn */
    uint64_t rounds;                /* how many times a flight has been paused */
    bool news_due;                  /* a flight has ended since the last quell_queue_tell */
    double told_at;                 /* the time of the last quell_queue_tell in a joint run */
    quell_queue_state state;
    uint64_t arrivals; /* how many tickets have come */
    bool closed, ending;
};

/* The time in seconds, by the monotonic clock. Needs no lock. */
double quell_queue_now(void);

/* The clock that measures the time for which clients are charged: quell_queue_now, or in a test a
 * clock by which all runs take the same time. Set it only while no queue draws. */
typedef double quell_queue_clock_fn(void);
extern quell_queue_clock_fn *quell_queue_clock;

/* Fails with QUELL_AFTER_FORK: called in a child of fork(), where the parent's queue has no
 * thread. */
quell_status quell_queue_after_fork(void);

/* Drops a reference to the queue, and frees it with the last one. Called without the lock. */
void quell_queue_drop(quell_queue *queue);

/* Creates a queue that uses `accounts`, which must outlive the queue, for its clients. NULL: the
 * queue has accounts of its own. */
quell_status quell_queue_create_with(quell_queue **queue, const quell_queue_options *options,
                                     struct quell_accounts *accounts);

/* Puts other work into the queue: `draw->count` rows of it. Only the client, the priority, the
 * seconds, and the answer function and its user are taken from `request`. The work follows on
 * samples that were accepted before, so it is accepted even if the queue is full or closed, and
 * does not count in the state of the queue. It is done in slices of about a twentieth of a second,
 * between which others have their turn. */
quell_status quell_queue_work(quell_queue *queue, const quell_request *request, quell_work_fn *work,
                              void *worker, quell_ticket **ticket);

/* Fills queue->batch with the samples to be drawn next. Its count is 0 if there are none. */
void quell_queue_choose(quell_queue *queue);

/* Whether samples of both tickets may be drawn in one run. */
bool quell_tickets_merge(const quell_ticket *a, const quell_ticket *b);

/* Returns the waiting ticket that goes first; NULL if none waits. The second function considers
 * only the tickets for which `which` returns true. */
typedef bool quell_which_fn(const quell_queue *queue, const quell_ticket *ticket);
quell_ticket *quell_queue_most_urgent(const quell_queue *queue);
quell_ticket *quell_queue_most_urgent_of(const quell_queue *queue, quell_which_fn *which);

/* Whether the ticket `waits` would go before the ticket `pauses` if that were paused now. */
bool quell_ticket_before_paused(const quell_ticket *waits, const quell_ticket *pauses);

/* Whether a ticket has not been cancelled, has not failed, and has time left. */
bool quell_ticket_is_wanted(const quell_ticket *ticket);

/* Whether samples of a ticket can be in the present joint run. */
bool quell_queue_fits(const quell_queue *queue, const quell_ticket *ticket);

/* The number of waiting samples that could be in the present joint run. */
size_t quell_queue_waiting(const quell_queue *queue);

/* Whether samples of a ticket may begin, or go on if they are paused. */
bool quell_queue_may_begin(const quell_queue *queue, const quell_ticket *ticket);

/* Returns the ticket whose samples enter the present joint run next; NULL if there is none. */
quell_ticket *quell_queue_candidate(const quell_queue *queue);

/* Called after each evaluation of a flight. Returns whether the flight pauses now, so that others
 * have their turn. */
bool quell_queue_pauses(quell_queue *queue, struct quell_flight *flight);

/* Whether the calling thread is the conductor. Needs no lock. */
bool quell_queue_conducts(const quell_queue *queue);

/* Frees the paused flights of a ticket that will not go on. */
void quell_queue_forget(quell_queue *queue, quell_ticket *ticket);

/* Draws samples of `leader` and of other tickets in a joint run, without the lock. Returns false if
 * the leader cannot be in one, or if no flight was taken, for lack of memory or otherwise. */
bool quell_queue_join(quell_queue *queue, const quell_ticket *leader);

/* Draws queue->batch, and records the result in its tickets. Called without the lock. */
void quell_queue_draw(quell_queue *queue);

/* Tells the answer functions what has been drawn, and ends the tickets that are complete, failed,
 * cancelled or late. During a run, only tickets that the run does not need can end. Called by the
 * conductor; releases the lock while it calls an answer function. */
void quell_queue_tell(quell_queue *queue);

#endif
