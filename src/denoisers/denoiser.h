/* SPDX-License-Identifier: MIT */
/* What a denoiser is to the engine: a class of functions and some data that never change. */
#ifndef QUELL_DENOISERS_DENOISER_H
#define QUELL_DENOISERS_DENOISER_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <quell/denoiser.h>
#include <quell/grid.h>
#include <quell/schedule.h>
#include "base/crew.h"
#include "base/lookout.h"
#include "base/digest.h"
#include "denoisers/conditions.h"
#include "simd/kernels.h"

/* One evaluation of one tile: out = E[X | x_t = x] for rows of x[rows][elements].
 *
 * elements, element: elements < dim occurs only for elementwise denoisers, and then rows == 1: x
 *   and out begin at element `element` of the sample.
 * scratch: scratch_size bytes, aligned to a cache line, which only this worker uses. They hold
 *   anything.
 * most_rows: the rows of the run's tiles, of which the last one may have fewer.
 * kept: kept_size bytes for most_rows, aligned to a cache line, which only this worker and this
 *   denoiser use: zeros in the first evaluation of a run, and then what the one before left there.
 * constants: what the class's function of that name wrote for (t, alpha, sigma), aligned in the
 *   same way.
 * variance: [rows][elements] like out, for a denoiser that has learned it, else NULL.
 * told: what all samples of the run are told; row 0 is its sample `row`. NULL: nothing, for one of
 *   the exact denoisers.
 * context: that of the draw.
 * crew: helpers, or NULL; help: their scratch memory, aligned likewise.
 * lookout: whether the result is still needed; NULL: it is.
 * apart: out must be E[X | x_t = x] - x / alpha. */
struct quell_evaluation {
    const struct quell_kernels *kernels;
    double t, alpha, sigma;
    uint64_t first;
    size_t rows, most_rows, element, elements;
    size_t worker, workers;
    const float *x;
    bool apart;
    float *out, *variance;
    const struct quell_told *told, *against; /* against: what a denoiser that guides itself is told
                                                in their place; NULL: no class, no conditions */
    size_t row;
    void *scratch, *kept;
    const void *constants;
    void *context;
    struct quell_crew *crew;
    const struct quell_lookout *lookout;
    void *help;
    bool shared; /* other threads of quell run at the same time */
};

/* An evaluation by a denoiser. */
struct quell_asked {
    const quell_denoiser *denoiser;
    struct quell_evaluation at;
};

/* The class of a row, -1 for none. */
static inline int32_t quell_label_of(const struct quell_evaluation *at, size_t row)
{
    const int32_t *labels = at->told->labels;
    return labels && labels[at->row + row] >= 0 ? labels[at->row + row] : -1;
}

/* Input and output of exact samples of X: x[rows][dim] holds standard normal numbers, and
 * choice[rows] uniform ones in [0, 1), with which a mixture chooses components. scratch: as in an
 * evaluation. */
struct quell_law_draw {
    const struct quell_kernels *kernels;
    size_t rows;
    const double *choice;
    float *x;
    void *scratch;
};

/* elementwise: element e of the output depends only on element e of the input, so the engine may
 * split a sample. whole_batch: evaluate is called once, for all samples. rows: the initial value of
 * quell_denoiser.rows. */
struct quell_denoiser_class {
    const char *kind;
    bool elementwise;
    bool apart;       /* evaluate can compute it; sigma > 0 then */
    bool needs_noise; /* it can only be evaluated at sigma > 0 */
    size_t rows;
    size_t (*scratch_size)(const quell_denoiser *denoiser, size_t rows); /* bytes; NULL: none */
    size_t (*kept_size)(const quell_denoiser *denoiser, size_t rows);    /* bytes; NULL: none */
    /* How many helpers a crew of quell_evaluation may have for an evaluation of few rows to be done
     * sooner; sets the scratch memory that each needs, in bytes. NULL: none. */
    size_t (*helpers)(const quell_denoiser *denoiser, size_t *size);
    /* What depends on the schedule's point alone: its size in bytes, and the function that computes
     * it, with the same bits for all kernels. NULL: the class has no such constants. */
    size_t (*constants_size)(const quell_denoiser *denoiser);
    void (*constants)(const quell_denoiser *denoiser, const struct quell_kernels *kernels, double t,
                      double alpha, double sigma, void *out);
    int (*evaluate)(const quell_denoiser *denoiser, const struct quell_evaluation *evaluation);
    /* The same for several evaluations of this denoiser at once, in place of `evaluate`, by a class
     * that can compute `apart`; or NULL. */
    int (*several)(const quell_denoiser *denoiser, const struct quell_asked *list, size_t count);
    /* For a class that is made of others' evaluations, in place of `evaluate`: writes at most
     * two of them, without their scratch memory, and returns how many. other, told: memory for
     * their results and for what they are told, [rows][dim] and one. */
    size_t (*ask)(const quell_denoiser *denoiser, const struct quell_evaluation *evaluation,
                  float *other, struct quell_told *told, struct quell_asked *to);
    /* Then makes its own result of theirs. */
    void (*answer)(const quell_denoiser *denoiser, const struct quell_evaluation *evaluation,
                   const float *other);
    /* How many evaluations it is made of at time t, those that its parts are made of counted. */
    size_t (*parts)(const quell_denoiser *denoiser, double t);
    void (*destroy)(quell_denoiser *denoiser); /* frees the members, not the struct; may be NULL */
    /* Refuses a point at which the denoiser cannot be evaluated; NULL: it can be at all. */
    quell_status (*check)(const quell_denoiser *denoiser, const quell_point *point);
    /* Refuses what has no effect at any of the times at which a sampler evaluates; NULL: nothing.
     * anywhere: at times that it chooses, from times[0] down to times[1]. */
    quell_status (*check_times)(const quell_denoiser *denoiser, size_t count, const double *times,
                                bool anywhere);
    /* Turns noise into samples of X; NULL if the law of X is not known. */
    void (*draw)(const quell_denoiser *denoiser, const struct quell_law_draw *draw);
    /* Adds to a digest everything that decides on the results, except the kind and the head: every
     * weight and every option. Functions of the host cannot be read, and are left out. */
    void (*digest)(const quell_denoiser *denoiser, struct quell_digest *digest);
};

/* The first member of every denoiser's struct; the data of its class follow. */
struct quell_denoiser {
    const struct quell_denoiser_class *type;
    atomic_size_t holds;
    _Atomic uint64_t digest; /* 0: not computed yet */
    size_t dim;
    bool reproducible;
    bool whole_batch;
    bool host;             /* it calls a function of the host */
    bool learned_variance; /* evaluate writes it */
    bool mean_alone;       /* E[X | x_t] - x_t / alpha has the digits of a float E[X | x_t] alone */
    size_t classes;        /* 0: it has none */
    bool by_itself;        /* it is guided by itself: a run may say negative ones */
    bool asks;         /* and with a weight that is not 1: a run must say classes or conditions */
    bool needs_class;  /* it knows no "no class" */
    size_t no_class;   /* of a program: the index that stands for "no class" */
    size_t conditions; /* how many it takes */
    const struct quell_taken *taken; /* these, which the denoiser or a part of it owns */
    size_t rows;                     /* preferred number of rows in a call; 0: any */
    const quell_denoiser *core; /* the one network that computes all of it; NULL: it is other */
    quell_schedule *trained;    /* what its network was trained with; NULL: not known */
};

/* Allocates `size` bytes and fills in the head (reproducible, not whole_batch, one hold). NULL if
 * there is no memory. */
void *quell_denoiser_new(const struct quell_denoiser_class *type, size_t size, size_t dim);

/* The helpers of the class, and their memory; of two denoisers that are evaluated one after the
 * other, unless `other` is NULL. */
size_t quell_denoiser_helpers(const quell_denoiser *denoiser, const quell_denoiser *other,
                              size_t *size);

/* The class's constants_size, rounded up to a cache line; 0 if the class has no constants. */
size_t quell_denoiser_constants_size(const quell_denoiser *denoiser);

/* The class's scratch_size and kept_size, rounded up to cache lines; 0 if it has none. */
size_t quell_denoiser_scratch_size(const quell_denoiser *denoiser, size_t rows);
size_t quell_denoiser_kept_size(const quell_denoiser *denoiser, size_t rows);

/* How many evaluations by others one at time t is made of; 1: it is made of none. */
size_t quell_denoiser_parts(const quell_denoiser *denoiser, double t);

/* Calls the class's evaluate, and then does what the class does not do itself (variance, apart). */
int quell_denoiser_evaluate(const quell_denoiser *denoiser,
                            const struct quell_evaluation *evaluation);

/* Makes several evaluations, of samples at different times and with different things told: those of
 * one denoiser in one pass, if its class can do it, and those that guided ones are made of with
 * them. They have one worker, one crew and the scratch memory of the first, as much as any of the
 * denoisers needs for the rows of all, and different memory that is kept. Stops at the first one
 * that fails, and returns its result. */
int quell_denoiser_evaluate_several(const struct quell_asked *list, size_t count);

/* out = mu - x / alpha. */
void quell_denoiser_part_of(const struct quell_kernels *kernels, double alpha, size_t count,
                            const float *x, const float *mu, float *out);

/* mu -= x / alpha. */
void quell_denoiser_part(const struct quell_kernels *kernels, double alpha, size_t count,
                         const float *x, float *mu);

/* Computes the constants, if the class has any. */
void quell_denoiser_constants(const quell_denoiser *denoiser, const struct quell_kernels *kernels,
                              double t, double alpha, double sigma, void *out);

/* Adds a hold on a denoiser, for a sampler: it is freed with its last hold. */
void quell_denoiser_hold(const quell_denoiser *denoiser);

/* Checks the arguments that all constructors share: where the result goes, and a dim from 1 to
 * 2^32. */
quell_status quell_denoiser_arguments(quell_denoiser **denoiser, size_t dim);

/* Copies `count` finite doubles to a new float array *copy (zeros if values is NULL). A value that
 * is not finite, or negative without `negative`, is refused by a message that names `what`. */
quell_status quell_denoiser_floats(float **copy, const char *what, size_t count,
                                   const double *values, bool negative);

#endif
