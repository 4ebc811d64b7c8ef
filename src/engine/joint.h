/* SPDX-License-Identifier: MIT */
/* A joint run evaluates draws by different samplers of one network together. The draws begin and
 * end at any time, and each follows its own plan. All inputs that the draws need next from the
 * network are computed in one evaluation, even if the draws are at different transitions. */
#ifndef QUELL_ENGINE_JOINT_H
#define QUELL_ENGINE_JOINT_H

#include <quell/run.h>
#include "base/draw_rows.h"
#include "sampler.h"

/* The state of a part between two evaluations. */
struct quell_strand;

/* A part: some consecutive rows of a draw, the first of which is row number `row`. */
struct quell_joint_part {
    const quell_sampler *sampler;
    struct quell_draw_rows rows; /* the draw of these rows alone */
    size_t row;
    float *x; /* the samples; on entry the initial states, if `from` is set */
    bool from;
    quell_observe_fn *observe; /* as in quell_run, like observe_user */
    void *observe_user;
    void *ticket;                /* for the caller's use */
    struct quell_strand *paused; /* the state of a paused part; NULL if the part is new */
};

/* What happens to a part after an evaluation: it continues; it ends, because its result is no
 * longer wanted; or it is paused, and may continue in another run. */
enum quell_fate { QUELL_GO_ON, QUELL_END, QUELL_PAUSE };

/* A joint run, and the functions by which its caller controls it. All workers call these functions,
 * with `user`, at the same time. */
struct quell_joint {
    const quell_denoiser *core; /* the network that all parts use */
    /* `workers` take parts of their own. If there is only one, `helpers` threads help it. `most` is
     * the greatest number of rows that a worker has at a time. */
    size_t workers, helpers, most;
    const char *isa;
    void *user;
    /* Sets *part to the next part for a worker that already has `rows` rows: a new one, with at
     * most `most` rows in all, or a paused one, for which only `paused` is set. Returns false if
     * there is none. */
    bool (*next)(void *user, size_t rows, struct quell_joint_part *part);
    /* Called when a part has ended, with its status. The calling thread's quell_error_message() is
     * the part's. */
    void (*done)(void *user, struct quell_joint_part *part, quell_status status);
    /* Returns whether the result of a part is still wanted. */
    bool (*wanted)(void *user, const struct quell_joint_part *part);
    /* Decides after an evaluation what happens to a part, whose share of the evaluation took this
     * many seconds. */
    enum quell_fate (*fate)(void *user, const struct quell_joint_part *part, double seconds);
    /* Called with a part that was paused because of `fate`. A part that needs no other evaluation
     * ends instead. */
    void (*pause)(void *user, const struct quell_joint_part *part, struct quell_strand *paused);
    /* Called between evaluations, and from time to time within long ones. */
    void (*turn)(void *user);
    void (*idle)(void *user); /* called by a worker without parts; returns after `wake` */
    void (*wake)(void *user);
};

/* Returns whether a sampler's draws can be parts of a joint run, with the draws of all other
 * samplers whose denoisers have the same core. */
bool quell_joins(const quell_sampler *sampler);

/* Frees a paused part that will not continue. It calls none of the caller's functions. */
void quell_joint_forget(struct quell_strand *paused);

/* Runs until all parts have ended or are paused and `next` has no other. A failure of a part is
 * passed to `done` as its status. The run itself fails if it cannot begin, before it calls `next`,
 * and with QUELL_NO_MEMORY if a worker had no memory to take a part. */
quell_status quell_joint_run(const struct quell_joint *joint);

#endif
