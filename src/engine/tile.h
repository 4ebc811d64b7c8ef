/* SPDX-License-Identifier: MIT */
/* A tile: some samples of a run, and the operations of a plan on them. */
#ifndef QUELL_ENGINE_TILE_H
#define QUELL_ENGINE_TILE_H

#include "job.h"

/* A tile, and what the worker that runs it needs. */
struct quell_tile {
    struct quell_job *job;
    size_t worker;
    size_t row;     /* the sample of the run that is row 0 of the tile */
    uint64_t first; /* the index of that sample in its stream */
    size_t rows, element, elements;
    float *registers[QUELL_MAX_REGISTERS];
    float *noise[QUELL_MAX_NOISES]; /* QUELL_NOISE_ROOM(QUELL_CHUNK) each */
    float *node;                    /* of the same size, for the terms of an increment */
    void *scratch, *constants, *kept;
    size_t transition, operation; /* the ones being run */
    /* This worker's part of a shared operation (together.h); 0: all of it. */
    size_t sharer, sharers;
};

/* Prepares tile i of the pass for a worker. */
struct quell_tile quell_tile_take(struct quell_job *job, size_t worker, size_t i);

/* The number of floats for a tile's noise, and a function that points the tile's arrays into
 * `memory`. */
#define QUELL_TILE_NOISE ((QUELL_MAX_NOISES + 1) * QUELL_NOISE_ROOM(QUELL_CHUNK))
void quell_tile_take_noise(struct quell_tile *tile, float *memory);

/* A piece of a tile: `rows` whole rows from `row` on, or `elements` elements of one row from
 * `element` on. */
struct quell_piece {
    size_t row, rows, element, elements;
};

/* Moves to the next piece of at most QUELL_CHUNK elements, of the whole tile or of this sharer's
 * part. Returns 0 when there is none. Begin with a zeroed piece. */
int quell_tile_next(const struct quell_tile *tile, struct quell_piece *piece);

/* Where the noise of an operation comes from: an increment of a Brownian path or, if `path` is
 * NULL, a stream, with a key that is xored to the seeds. */
struct quell_source {
    const struct quell_increment *path;
    uint64_t key;
    uint32_t stream;
};
static inline struct quell_source quell_tile_source(const struct quell_noise_name *name)
{
    return (struct quell_source){quell_noise_is_path(name) ? &name->path : NULL, name->key,
                                 name->stream};
}

/* Draws the noise of a piece; out has room for QUELL_NOISE_ROOM(QUELL_CHUNK) floats. */
void quell_tile_draw(struct quell_tile *tile, const struct quell_piece *piece,
                     const struct quell_source *source, float *out);

/* Fills in what a function of the caller is told about the tile's rows at a point, in the same way
 * as function.c does for a denoiser. `told` then refers to conditions[QUELL_MAX_CONDITIONS]. */
void quell_tile_tell(const struct quell_tile *tile, const quell_point *at, quell_call *told,
                     quell_condition *conditions);

/* Runs one operation of a plan. LANGEVIN (langevin.c) and ADAPT (adaptive.c) need whole samples. */
void quell_tile_operation(struct quell_tile *tile, const struct quell_plan *plan,
                          const struct quell_op *op);
void quell_tile_langevin(struct quell_tile *tile, const struct quell_plan *plan,
                         const struct quell_op *op);
void quell_tile_adapt(struct quell_tile *tile, const struct quell_op *op);

/* Returns whether the tile goes on with an operation of its plan. After the failure of a sample,
 * the tile goes on with the rows before that sample, and drops the others. */
bool quell_tile_goes_on(struct quell_tile *tile, size_t operation);

/* Runs the pass's operations on one tile. Stops early if the job has been told to stop. */
void quell_tile_run(struct quell_tile *tile);

/* Draws x_1 for one tile. */
void quell_tile_init(struct quell_tile *tile);

/* Runs one transition by the sampler's step function (transition.c). */
void quell_tile_callback(struct quell_tile *tile, const quell_point *t, const quell_point *s);

/* One evaluation of the denoiser on one tile: out = E[X | x_t = x], minus x / alpha if `apart`, and
 * the learned variance if `variance` is not NULL. `constants` are those of t; if NULL, they are
 * computed. */
struct quell_tile_mean {
    const quell_point *t;
    const void *constants;
    const float *x;
    bool apart;
    float *out, *variance;
};

/* Returns the evaluation that an EVAL needs. */
struct quell_tile_mean quell_tile_mean_of(const struct quell_tile *tile,
                                          const struct quell_plan *plan, const struct quell_op *op);

/* The first function evaluates the denoiser and returns its result. The others do this in two
 * parts: the second writes the evaluation to be made, except for its lookout, and the third then
 * applies the sampler's clamp and threshold to the result. */
int quell_tile_evaluate(struct quell_tile *tile, const struct quell_tile_mean *mean);
void quell_tile_ask(struct quell_tile *tile, const struct quell_tile_mean *mean,
                    struct quell_asked *to);
void quell_tile_answer(struct quell_tile *tile, const struct quell_tile_mean *mean);

#endif
