/* SPDX-License-Identifier: MIT */
/* A denoiser inside the library: a class of functions, and some data that never change. */
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
 * scratch: scratch_size bytes with any contents, aligned to a cache line, which only this worker
 *   uses.
 * most_rows: the rows of the run's tiles; the last tile may have fewer.
 * kept: kept_size bytes for most_rows, aligned to a cache line, which only this worker and this
 *   denoiser use. They are zeros in the first evaluation of a run; later ones get them as the
 *   evaluation before left them.
 * constants: what the class's function `constants` wrote for (t, alpha, sigma), with the same
 *   alignment.
 * variance: [rows][elements] like out, for a denoiser with a learned variance, else NULL.
 * told: the classes and conditions of all samples of the run, of which row 0 is number `row`. NULL
 *   for an exact denoiser, which takes none.
 * against: the classes and conditions that a denoiser which guides itself is led away from. NULL
 *   for no class and no conditions.
 * context: that of the draw.
 * crew, help: helpers, or NULL, and their scratch memory, with the same alignment.
 * lookout: tells whether the result is still needed. NULL if it always is.
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
    const struct quell_told *told, *against;
    size_t row;
    void *scratch, *kept;
    const void *constants;
    void *context;
    struct quell_crew *crew;
    const struct quell_lookout *lookout;
    void *help;
    bool shared; /* other threads of quell run at the same time */
};

/* An evaluation, and the denoiser that makes it. */
struct quell_asked {
    const quell_denoiser *denoiser;
    struct quell_evaluation at;
};

/* Returns the class of a row, or -1 for none. */
static inline int32_t quell_label_of(const struct quell_evaluation *at, size_t row)
{
    const int32_t *labels = at->told->labels;
    return labels && labels[at->row + row] >= 0 ? labels[at->row + row] : -1;
}

/* Input and output of exact samples of X. x[rows][dim] holds standard normal numbers on entry.
 * choice[rows] holds uniform numbers in [0, 1), with which a mixture chooses components. `scratch`
 * is as in an evaluation. */
struct quell_law_draw {
    const struct quell_kernels *kernels;
    size_t rows;
    const double *choice;
    float *x;
    void *scratch;
};

/* The functions of a class of denoisers. elementwise: element e of the output depends only on
 * element e of the input, so the engine may split a sample. whole_batch: `evaluate` is called once,
 * for all samples. rows: the initial value of quell_denoiser.rows. */
struct quell_denoiser_class {
    const char *kind;
    bool elementwise;
    bool apart;       /* `evaluate` can compute `apart`; sigma > 0 then */
    bool needs_noise; /* `evaluate` needs sigma > 0 */
    size_t rows;
    size_t (*scratch_size)(const quell_denoiser *denoiser, size_t rows); /* bytes; NULL: none */
    size_t (*kept_size)(const quell_denoiser *denoiser, size_t rows);    /* bytes; NULL: none */
    /* Returns how many helpers speed up an evaluation of few rows, and sets the scratch memory that
     * each needs, in bytes. NULL: none do. */
    size_t (*helpers)(const quell_denoiser *denoiser, size_t *size);
    /* What depends on the schedule's point alone: its size in bytes, and the function that computes
     * it, with the same bits for all kernels. NULL: the class has no such constants. */
    size_t (*constants_size)(const quell_denoiser *denoiser);
    void (*constants)(const quell_denoiser *denoiser, const struct quell_kernels *kernels, double t,
                      double alpha, double sigma, void *out);
    int (*evaluate)(const quell_denoiser *denoiser, const struct quell_evaluation *evaluation);
    /* Makes several evaluations of this denoiser at once, in place of `evaluate`. May be NULL; a
     * class that has this function must be able to compute `apart`. */
    int (*several)(const quell_denoiser *denoiser, const struct quell_asked *list, size_t count);
    /* For a class that combines the evaluations of other denoisers, in place of `evaluate`: writes
     * these evaluations, at most two, without their scratch memory, and returns how many. `other`
     * is memory for the result of the second, [rows][dim], and `told` for its classes and
     * conditions. */
    size_t (*ask)(const quell_denoiser *denoiser, const struct quell_evaluation *evaluation,
                  float *other, struct quell_told *told, struct quell_asked *to);
    /* Combines the results of these evaluations. */
    void (*answer)(const quell_denoiser *denoiser, const struct quell_evaluation *evaluation,
                   const float *other);
    /* Returns how many evaluations `ask` leads to at time t, including those of denoisers that have
     * an `ask` themselves. */
    size_t (*parts)(const quell_denoiser *denoiser, double t);
    void (*destroy)(quell_denoiser *denoiser); /* frees the members, not the struct; may be NULL */
    /* Refuses a point at which the denoiser cannot be evaluated. NULL: it refuses none. */
    quell_status (*check)(const quell_denoiser *denoiser, const quell_point *point);
    /* Refuses options that have no effect at any of the times at which a sampler evaluates. NULL:
     * there are none. If `anywhere` is set, the sampler also evaluates at times of its own choice,
     * from times[0] down to times[1]. */
    quell_status (*check_times)(const quell_denoiser *denoiser, size_t count, const double *times,
                                bool anywhere);
    /* Turns noise into samples of X; NULL if the law of X is not known. */
    void (*draw)(const quell_denoiser *denoiser, const struct quell_law_draw *draw);
    /* Adds everything that the results depend on to a digest, except the kind and the members of
     * quell_denoiser: every weight and every option. Functions of the host cannot be read, and are
     * left out. */
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
    bool host;             /* calls a function of the host */
    bool learned_variance; /* `evaluate` writes a variance */
    /* E[X | x_t] - x_t / alpha is only as precise as E[X | x_t] in a float. */
    bool mean_alone;
    size_t classes; /* number of classes */
    /* Is guided by itself, so that a draw may have negative classes and conditions. */
    bool by_itself;
    /* The same, with a weight other than 1, so that a draw must have classes or conditions. */
    bool asks;
    bool needs_class;                /* has no input for "no class" */
    size_t no_class;                 /* of a program: the index that stands for "no class" */
    size_t conditions;               /* number of conditions */
    const struct quell_taken *taken; /* the conditions, owned by the denoiser or by a part of it */
    size_t rows;                     /* preferred number of rows in a call; 0: any */
    /* The only network that the result is computed from; NULL: there is no such network. */
    const quell_denoiser *core;
    /* The schedule that its network was trained with; NULL: not known. */
    quell_schedule *trained;
};

/* Allocates `size` bytes and fills in the first member (reproducible, not whole_batch, one hold).
 * Returns NULL if there is no memory. */
void *quell_denoiser_new(const struct quell_denoiser_class *type, size_t size, size_t dim);

/* Returns the number of helpers that the class can use, and sets the size of their scratch memory.
 * If `other` is not NULL, for two denoisers that are evaluated one after the other. */
size_t quell_denoiser_helpers(const quell_denoiser *denoiser, const quell_denoiser *other,
                              size_t *size);

/* Returns the class's constants_size, rounded up to a cache line, or 0 if the class has no
 * constants. */
size_t quell_denoiser_constants_size(const quell_denoiser *denoiser);

/* Return the class's scratch_size and kept_size, rounded up to cache lines, or 0 if it has none. */
size_t quell_denoiser_scratch_size(const quell_denoiser *denoiser, size_t rows);
size_t quell_denoiser_kept_size(const quell_denoiser *denoiser, size_t rows);

/* Returns how many evaluations of other denoisers an evaluation at time t consists of, or 1 if it
 * consists of none. */
size_t quell_denoiser_parts(const quell_denoiser *denoiser, double t);

/* Makes one evaluation, by the function below. */
int quell_denoiser_evaluate(const quell_denoiser *denoiser,
                            const struct quell_evaluation *evaluation);

/* Makes several evaluations, of samples with different times, classes and conditions. The
 * evaluations of one denoiser are made in one pass, if its class can do that. This includes the
 * evaluations that guided denoisers consist of. All have the worker, the crew and the scratch
 * memory of the first one; this memory must be as large as any of the denoisers needs for the rows
 * of all. Each has its own `kept`. Stops at the first evaluation that fails, and returns its
 * result. */
int quell_denoiser_evaluate_several(const struct quell_asked *list, size_t count);

/* Computes out = mu - x / alpha. */
void quell_denoiser_part_of(const struct quell_kernels *kernels, double alpha, size_t count,
                            const float *x, const float *mu, float *out);

/* Computes mu -= x / alpha. */
void quell_denoiser_part(const struct quell_kernels *kernels, double alpha, size_t count,
                         const float *x, float *mu);

/* Computes the constants, if the class has any. */
void quell_denoiser_constants(const quell_denoiser *denoiser, const struct quell_kernels *kernels,
                              double t, double alpha, double sigma, void *out);

/* Adds a hold on a denoiser, for a sampler: it is freed with its last hold. */
void quell_denoiser_hold(const quell_denoiser *denoiser);

/* Checks the arguments that all constructors share: the pointer for the result, and a dim from 1 to
 * 2^32. */
quell_status quell_denoiser_arguments(quell_denoiser **denoiser, size_t dim);

/* Copies `count` finite doubles to a new float array *copy (zeros if values is NULL). Refuses
 * values that are not finite, and negative ones unless `negative`, with a message that names
 * `what`. */
quell_status quell_denoiser_floats(float **copy, const char *what, size_t count,
                                   const double *values, bool negative);

#endif
