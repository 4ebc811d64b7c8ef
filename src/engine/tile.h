/* SPDX-License-Identifier: MIT */
/* A tile: some samples of a run, and the operations of a plan on them. */
#ifndef QUELL_ENGINE_TILE_H
#define QUELL_ENGINE_TILE_H

#include "job.h"

/* A tile, and what the worker that runs it needs for it. */
struct quell_tile {
    struct quell_job *job;
    size_t worker;
    size_t row;     /* row 0 is this sample of the run */
    uint64_t first; /* and this one of its stream */
    size_t rows, element, elements;
    float *registers[QUELL_MAX_REGISTERS];
    float *noise[QUELL_MAX_NOISES]; /* QUELL_NOISE_ROOM(QUELL_CHUNK) each */
    float *node;                    /* as much again, for the terms of an increment */
    void *scratch, *constants, *kept;
    size_t transition, operation; /* at work */
    size_t sharer, sharers;       /* together.h: whose part of an operation this is; 0: all of it */
};

/* Prepares tile i of the pass for a worker. */
struct quell_tile quell_tile_take(struct quell_job *job, size_t worker, size_t i);

/* The floats of a tile's noise, and where they are taken from. */
#define QUELL_TILE_NOISE ((QUELL_MAX_NOISES + 1) * QUELL_NOISE_ROOM(QUELL_CHUNK))
void quell_tile_take_noise(struct quell_tile *tile, float *memory);

/* A part of a tile: `rows` whole rows from `row` on, or `elements` of one row from `element` on. */
struct quell_piece {
    size_t row, rows, element, elements;
};

/* Moves to the next piece of at most QUELL_CHUNK elements, of all of the tile or of the sharer's
 * part; returns 0 when it is done. Begin with a zeroed piece. */
int quell_tile_next(const struct quell_tile *tile, struct quell_piece *piece);

/* The source of a noise in a run: an increment of a path, or else a stream of a key, which is that
 * of the seed 0. */
struct quell_source {
    const struct quell_increment *path; /* or NULL */
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

/* Sets what a function of the caller's is told of the tile's rows at a point, as function.c tells a
 * denoiser. conditions[QUELL_MAX_CONDITIONS] is memory that told then refers to. */
void quell_tile_tell(const struct quell_tile *tile, const quell_point *at, quell_call *told,
                     quell_condition *conditions);

/* Runs one operation of a plan. LANGEVIN (langevin.c) and ADAPT (adaptive.c) take whole samples. */
void quell_tile_operation(struct quell_tile *tile, const struct quell_plan *plan,
                          const struct quell_op *op);
void quell_tile_langevin(struct quell_tile *tile, const struct quell_plan *plan,
                         const struct quell_op *op);
void quell_tile_adapt(struct quell_tile *tile, const struct quell_op *op);

/* Whether the tile goes on with an operation of its plan. After a failure that is a sample's own
 * the rows before that sample do, and the tile keeps no others. */
bool quell_tile_goes_on(struct quell_tile *tile, size_t operation);

/* Runs the pass's operations on one tile; stops early when the job is to stop. */
void quell_tile_run(struct quell_tile *tile);

/* Draws x_1 into one tile. */
void quell_tile_init(struct quell_tile *tile);

/* Runs one transition by the sampler's step function (transition.c). */
void quell_tile_callback(struct quell_tile *tile, const quell_point *t, const quell_point *s);

/* What is asked of the denoiser: out = E[X | x_t = x] on one tile, minus x / alpha if it is
 * `apart`, and its learned variance if that is not NULL. constants: those of t, or NULL to compute
 * them. */
struct quell_tile_mean {
    const quell_point *t;
    const void *constants;
    const float *x;
    bool apart;
    float *out, *variance;
};

/* What an EVAL asks. */
struct quell_tile_mean quell_tile_mean_of(const struct quell_tile *tile,
                                          const struct quell_plan *plan, const struct quell_op *op);

/* Asks the denoiser, and returns its result; or does so in two parts: writes what is to be
 * evaluated, but for the lookout, and, after that, changes the result as the sampler says. */
int quell_tile_evaluate(struct quell_tile *tile, const struct quell_tile_mean *mean);
void quell_tile_ask(struct quell_tile *tile, const struct quell_tile_mean *mean,
                    struct quell_asked *to);
void quell_tile_answer(struct quell_tile *tile, const struct quell_tile_mean *mean);

#endif
