/* SPDX-License-Identifier: MIT */
/* Requests of many steps that take turns: what the tests of turns and of pauses share. */
#ifndef QUELL_TESTS_TURNING_H
#define QUELL_TESTS_TURNING_H

#include "asking.h"

#include <stdatomic.h>

/* TURN: evaluations, as docs/queue.md says. COMES: when the other one comes, in the long one. */
enum { TURN = 64, LONG = 400, SHORT = 3, COMES = 20, MOST_COUNT = 3, MOST_DIM = 64 };

/* A network, and a sampler of so many steps. */
struct kind {
    quell_denoiser *denoiser;
    quell_schedule *schedule;
    quell_sampler *sampler;
    size_t bytes; /* of a sample */
};

struct kind kind_new(const char *network, const char *sampler, size_t steps);
void kind_free(struct kind *kind);

/* A request. seen: its transitions so far, of all its parts together. act, when: what it does when
 * it has seen so many. when_asked, when_begun: how many the other one had seen when this one was
 * submitted, and when its own first transition was. */
struct asked {
    const struct kind *kind;
    quell_queue *queue;
    quell_draw draw;
    int32_t classes[MOST_COUNT];
    float x[MOST_COUNT * MOST_DIM];
    quell_request request;
    _Atomic(quell_ticket *) ticket;
    atomic_size_t seen;
    size_t when;
    void (*act)(struct asked *asked);
    struct asked *other;
    size_t when_asked, when_begun;
};

/* Its observer, which counts. */
quell_observe_fn turning_look;

void prepare(struct asked *asked, quell_queue *queue, const struct kind *kind, size_t count);
void submit(struct asked *asked);

/* Waits for it; an observer may be about to submit it. */
void finish(struct asked *asked, quell_status status);

void check_bits(const struct asked *asked);

/* What a long one does: it submits the other one, and notes when. */
void bring(struct asked *asked);

#endif
