/* SPDX-License-Identifier: MIT */
/* A joint run: draws by different samplers of one network, which begin and end at any time. Each is
 * taken through its own plan, and whatever all of them ask of the network next is one evaluation,
 * wherever each of them stands. */
#ifndef QUELL_ENGINE_JOINT_H
#define QUELL_ENGINE_JOINT_H

#include <quell/run.h>
#include "base/draw_rows.h"
#include "sampler.h"

/* A part that has begun, as it is between two evaluations. */
struct quell_strand;

/* Some rows of a draw, from number `row` on. rows: their own draw; x: where they go, and begin
 * if `from`. observe, observe_user: as in quell_run. paused: what goes on now; NULL: it begins. */
struct quell_joint_part {
    const quell_sampler *sampler;
    struct quell_draw_rows rows;
    size_t row;
    float *x;
    bool from;
    quell_observe_fn *observe;
    void *observe_user;
    void *ticket;
    struct quell_strand *paused;
};

/* What becomes of a part after an evaluation: it goes on; it ends, because nobody wants it any
 * more; it is left, and may go on in another run. */
enum quell_fate { QUELL_GO_ON, QUELL_END, QUELL_PAUSE };

/* What a joint run is given by whoever conducts it. core: the network of all parts. workers: how
 * many work on parts of their own; helpers: how many help the only one, if that is more. most: rows
 * that a worker takes at a time.
 *
 * Its functions are called from all workers at once, with `user`. next: sets a part that is to
 * be begun now by a worker that has `rows` rows already, up to `most`, or only its `paused`, which
 * goes on; false if there is none. done: a part has ended, with its status, and the message of
 * quell_error_message() in the calling thread. wanted: whether anybody waits for a part. fate: what
 * becomes of a part after an evaluation, its share of which took so many seconds. pause: a part
 * was left as fate said, unless it needed no other evaluation and is done. turn: called between
 * evaluations, and within long ones. idle: a worker has nothing to do for now, until wake. */
struct quell_joint {
    const quell_denoiser *core;
    size_t workers, helpers, most;
    const char *isa;
    void *user;
    bool (*next)(void *user, size_t rows, struct quell_joint_part *part);
    void (*done)(void *user, struct quell_joint_part *part, quell_status status);
    bool (*wanted)(void *user, const struct quell_joint_part *part);
    enum quell_fate (*fate)(void *user, const struct quell_joint_part *part, double seconds);
    void (*pause)(void *user, const struct quell_joint_part *part, struct quell_strand *paused);
    void (*turn)(void *user);
    void (*idle)(void *user);
    void (*wake)(void *user);
};

/* Whether a sampler's draws can be parts of a joint run: then with those of all other samplers
 * whose denoiser has the same core. */
bool quell_joins(const quell_sampler *sampler);

/* Frees a part that does not go on. Nobody is told. */
void quell_joint_forget(struct quell_strand *paused);

/* Runs until all parts have ended or are left, and `next` has no other. What goes wrong with a part
 * is its status; the run itself fails where it cannot begin, before it asks for a part, and with
 * QUELL_NO_MEMORY where some worker had none to take one. */
quell_status quell_joint_run(const struct quell_joint *joint);

#endif
