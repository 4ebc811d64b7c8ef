/* SPDX-License-Identifier: MIT */
/* What a denoiser is to the engine: a class of functions and some data that never change. */
#ifndef QUELL_DENOISERS_DENOISER_H
#define QUELL_DENOISERS_DENOISER_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <quell/denoiser.h>
#include "base/digest.h"
#include "simd/kernels.h"

/* One evaluation of one tile: out = E[X | x_t = x] for rows of x[rows][elements].
 *
 * elements < dim only for elementwise denoisers, and then rows == 1: x and out begin at element
 * `element` of the sample. scratch: what scratch_size asked for, aligned to a cache line, this
 * worker's own, contents left over from its last evaluation. constants: what the class's function
 * of that name wrote for (t, alpha, sigma), as well aligned. variance: [rows][elements] as out, for
 * denoisers that learned it, else NULL. labels[rows]: the classes of the rows, -1 for none; NULL:
 * none for all. context: the run's. apart: out = E[X | x_t = x] - x / alpha. */
struct quell_evaluation {
    const struct quell_kernels *kernels;
    double t, alpha, sigma;
    uint64_t first;
    size_t rows, element, elements;
    size_t worker, workers;
    const float *x;
    bool apart;
    float *out, *variance;
    const int32_t *labels;
    void *scratch;
    const void *constants;
    void *context;
    bool shared; /* other threads of quell's work at the same time */
};

/* What becomes exact samples of X: x[rows][dim] holds standard normal numbers, and choice[rows]
 * uniform ones in [0, 1), for laws that consist of parts. scratch: as for an evaluation. */
struct quell_draw {
    const struct quell_kernels *kernels;
    size_t rows;
    const double *choice;
    float *x;
    void *scratch;
};

/* elementwise: element e of the output depends on element e of the input alone, so the engine may
 * split a sample. whole_batch: to be called once, with all samples. rows: the head's, at first. */
struct quell_denoiser_class {
    const char *kind;
    bool elementwise;
    bool apart;       /* evaluate knows it; sigma > 0 then */
    bool needs_noise; /* sigma > 0 at every evaluation */
    size_t rows;
    size_t (*scratch_size)(const quell_denoiser *denoiser, size_t rows); /* bytes; NULL: none */
    /* Bytes of what depends on the point alone, and working it out; NULL: nothing does. The same
     * bits whatever the kernels. */
    size_t (*constants_size)(const quell_denoiser *denoiser);
    void (*constants)(const quell_denoiser *denoiser, const struct quell_kernels *kernels, double t,
                      double alpha, double sigma, void *out);
    int (*evaluate)(const quell_denoiser *denoiser, const struct quell_evaluation *evaluation);
    void (*destroy)(quell_denoiser *denoiser); /* frees the members, not the struct; may be NULL */
    /* Refuses a point (alpha, sigma) at which it cannot be evaluated; NULL: takes all. */
    quell_status (*check)(const quell_denoiser *denoiser, double alpha, double sigma);
    /* Turns noise into samples of X; NULL: the law of X is not known. */
    void (*draw)(const quell_denoiser *denoiser, const struct quell_draw *draw);
    /* Adds all that decides on its answers but for its kind and the head: every weight, every
     * option. Not the host's functions, which cannot be read. */
    void (*digest)(const quell_denoiser *denoiser, struct quell_digest *digest);
};

/* The head of every denoiser; its class's data follow it in a larger struct. */
struct quell_denoiser {
    const struct quell_denoiser_class *type;
    atomic_size_t holds;
    _Atomic uint64_t digest; /* 0: not worked out yet */
    size_t dim;
    bool exact;
    bool whole_batch;
    bool host;             /* it calls a function of the host's */
    bool learned_variance; /* evaluate writes it */
    size_t classes;        /* 0: it has none */
    size_t rows;           /* how many it likes at a time, 0 if it does not care */
};

/* Memory of `size` bytes with its head filled in (exact, not whole_batch, one hold), or NULL. */
void *quell_denoiser_new(const struct quell_denoiser_class *type, size_t size, size_t dim);

/* The class's constants_size, 0 without, rounded up to a cache line. */
size_t quell_denoiser_constants_size(const quell_denoiser *denoiser);

/* The class's evaluate, and what it does not know of. */
int quell_denoiser_evaluate(const quell_denoiser *denoiser,
                            const struct quell_evaluation *evaluation);

/* mu -= x / alpha. */
void quell_denoiser_part(const struct quell_kernels *kernels, double alpha, size_t count,
                         const float *x, float *mu);

/* Works the constants out, if there are any. */
void quell_denoiser_constants(const quell_denoiser *denoiser, const struct quell_kernels *kernels,
                              double t, double alpha, double sigma, void *out);

/* A digest of all that decides on its answers, worked out when it is first asked for. Thread-safe.
 */
uint64_t quell_denoiser_digest(const quell_denoiser *denoiser);

/* One more hold on a denoiser, for a sampler. */
void quell_denoiser_hold(const quell_denoiser *denoiser);

/* The arguments that all constructors share: a place for the result, and a dim from 1 to 2^32. */
quell_status quell_denoiser_arguments(quell_denoiser **denoiser, size_t dim);

/* `count` finite doubles copied to a fresh float array in *copy (values NULL: zeros), or
 * a failure that names `what`. A negative value is refused unless `negative`. */
quell_status quell_denoiser_floats(float **copy, const char *what, size_t count,
                                   const double *values, bool negative);

#endif
