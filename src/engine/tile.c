/* SPDX-License-Identifier: MIT */
/* Runs operations on one tile. In a tile-major run a worker takes a tile through all operations
 * while the tile is in the worker's cache. COMBINE reads each register once and draws its noise a
 * chunk at a time, so that the noise never leaves the first-level cache. */
#include "tile.h"
#include "constants.h"
#include "finite.h"
#include "together.h"
#include "base/fail.h"
#include "base/serial.h"
#include <quell/noise.h>

#include <math.h>

/* Return whether the sampler clamps the denoiser's output, and whether it changes the output at
 * all. */
static bool clamps(const quell_sampler *sampler)
{
    return isfinite(sampler->clamp_low) || isfinite(sampler->clamp_high);
}
static bool changes(const quell_sampler *sampler)
{
    return clamps(sampler) || sampler->threshold.quantile > 0;
}

void quell_tile_ask(struct quell_tile *tile, const struct quell_tile_mean *mean,
                    struct quell_asked *to)
{
    const struct quell_job *job = tile->job;
    const quell_sampler *sampler = job->sampler;
    const quell_point *t = mean->t;
    const void *constants = mean->constants;
    if (!constants) {
        quell_denoiser_constants(sampler->denoiser, job->kernels, t->t, t->alpha, t->sigma,
                                 tile->constants);
        constants = tile->constants;
    }
    to->denoiser = sampler->denoiser;
    to->at = (struct quell_evaluation){
        .kernels = job->kernels,
        .t = t->t,
        .alpha = t->alpha,
        .sigma = t->sigma,
        .first = tile->first,
        .rows = tile->rows,
        .most_rows = job->layout.rows,
        .element = tile->element,
        .elements = tile->elements,
        .worker = tile->worker,
        .workers = job->workers,
        .shared = quell_job_shared(job),
        .x = mean->x,
        .apart = mean->apart && !changes(sampler),
        .out = mean->out,
        .variance = mean->variance,
        .told = &job->told,
        .against = &job->against,
        .row = tile->row,
        .scratch = tile->scratch,
        .kept = tile->kept,
        .constants = constants,
        .context = job->draw.context,
        .crew = job->crews ? &job->crews[tile->worker] : NULL,
        .help = job->crews ? job->help + tile->worker * job->helpers * job->per_help : NULL,
    };
}

void quell_tile_answer(struct quell_tile *tile, const struct quell_tile_mean *mean)
{
    const struct quell_job *job = tile->job;
    const quell_sampler *sampler = job->sampler;
    size_t count = tile->rows * tile->elements;
    if (clamps(sampler))
        job->kernels->clamp(mean->out, count, sampler->clamp_low, sampler->clamp_high);
    if (sampler->threshold.quantile > 0)
        quell_threshold_rows(&sampler->threshold, job->kernels, tile->rows, job->dim, mean->out);
    if (mean->apart && changes(sampler))
        quell_denoiser_part(job->kernels, mean->t->alpha, count, mean->x, mean->out);
}

int quell_tile_evaluate(struct quell_tile *tile, const struct quell_tile_mean *mean)
{
    struct quell_lookout lookout = {quell_watch_look, &tile->job->watch};
    struct quell_asked asked;
    quell_tile_ask(tile, mean, &asked);
    asked.at.lookout = &lookout;
    int result = quell_denoiser_evaluate_several(&asked, 1);
    if (!result) quell_tile_answer(tile, mean);
    return result;
}

struct quell_tile_mean quell_tile_mean_of(const struct quell_tile *tile,
                                          const struct quell_plan *plan, const struct quell_op *op)
{
    return (struct quell_tile_mean){
        .t = &op->t,
        .constants = quell_constants_of(tile->job->sampler, plan, op),
        .x = tile->registers[op->in[0]],
        .apart = op->apart,
        .out = tile->registers[op->out],
        .variance = op->variance ? tile->registers[op->variance] : NULL,
    };
}

/* Draws the noise of a stream, with the seed of each sample xored with `key`. */
static void stream_of(const struct quell_tile *tile, const struct quell_piece *piece, uint64_t key,
                      uint32_t stream, float *out)
{
    const struct quell_job *job = tile->job;
    quell_noise_fill_rows(job->kernels, &job->streams, key, stream, tile->row + piece->row,
                          piece->rows, job->dim, tile->element + piece->element, piece->elements,
                          out);
}

static void path_of(struct quell_tile *tile, const struct quell_piece *piece,
                    const struct quell_increment *path, float *out)
{
    struct quell_node nodes[QUELL_BROWNIAN_NODES];
    size_t count = quell_brownian_nodes(path, nodes);
    for (size_t i = 0; i < count; i++) {
        stream_of(tile, piece, 0, nodes[i].stream, tile->node);
        quell_noise_add(tile->job->kernels, i, nodes[i].weight, tile->node,
                        piece->rows * piece->elements, out);
    }
}

void quell_tile_draw(struct quell_tile *tile, const struct quell_piece *piece,
                     const struct quell_source *source, float *out)
{
    if (source->path)
        path_of(tile, piece, source->path, out);
    else
        stream_of(tile, piece, source->key, source->stream, out);
}

/* An operation of a plan. */
struct planned {
    const struct quell_plan *plan;
    const struct quell_op *op;
};

/* The following functions return whether a value that they wrote is not finite. */
static int combine_with_noise(struct quell_tile *tile, const struct planned *planned)
{
    const struct quell_plan *plan = planned->plan;
    const struct quell_op *op = planned->op;
    const struct quell_kernels *kernels = tile->job->kernels;
    const float *in[QUELL_MAX_INPUTS];
    struct quell_source source[QUELL_MAX_NOISES];
    int bad = 0;
    for (unsigned j = 0; j < op->noises; j++)
        source[j] = quell_tile_source(&plan->name[op->stream[j]]);
    for (struct quell_piece piece = {0}; quell_tile_next(tile, &piece);) {
        size_t at = piece.row * tile->elements + piece.element;
        for (unsigned k = 0; k < op->terms; k++) in[k] = tile->registers[op->in[k]] + at;
        for (unsigned j = 0; j < op->noises; j++) {
            quell_tile_draw(tile, &piece, &source[j], tile->noise[j]);
            in[op->terms + j] = tile->noise[j];
        }
        bad |= (op->update ? kernels->update : kernels->combine)(
            tile->registers[op->out] + at, piece.rows * piece.elements, op->terms + op->noises,
            op->rounded, in);
    }
    return bad;
}

static int combine_elements(struct quell_tile *tile, const struct quell_op *op, size_t at,
                            size_t count)
{
    const struct quell_kernels *kernels = tile->job->kernels;
    const float *in[QUELL_MAX_INPUTS];
    for (unsigned k = 0; k < op->terms; k++) in[k] = tile->registers[op->in[k]] + at;
    return (op->update ? kernels->update : kernels->combine)(tile->registers[op->out] + at, count,
                                                             op->terms, op->rounded, in);
}

static int combine(struct quell_tile *tile, const void *what)
{
    const struct planned *planned = what;
    const struct quell_op *op = planned->op;
    if (op->noises) return combine_with_noise(tile, planned);
    if (tile->sharers < 2) return combine_elements(tile, op, 0, tile->rows * tile->elements);
    int bad = 0;
    for (struct quell_piece piece = {0}; quell_tile_next(tile, &piece);)
        bad |=
            combine_elements(tile, op, piece.row * tile->elements + piece.element, piece.elements);
    return bad;
}

static int spread(struct quell_tile *tile, const void *what)
{
    const struct planned *planned = what;
    const struct quell_op *op = planned->op;
    struct quell_source source = quell_tile_source(&planned->plan->name[op->stream[0]]);
    int bad = 0;
    for (struct quell_piece piece = {0}; quell_tile_next(tile, &piece);) {
        size_t at = piece.row * tile->elements + piece.element;
        quell_tile_draw(tile, &piece, &source, tile->noise[0]);
        bad |= tile->job->kernels->spread(
            tile->registers[op->out] + at, piece.rows * piece.elements, (float)op->coefficient[0],
            (float)op->coefficient[1], tile->registers[op->in[0]] + at, tile->noise[0]);
    }
    return bad;
}

static void evaluate(struct quell_tile *tile, const struct quell_plan *plan,
                     const struct quell_op *op)
{
    struct quell_tile_mean mean = quell_tile_mean_of(tile, plan, op);
    unsigned before = quell_fail_count();
    int result = quell_tile_evaluate(tile, &mean);
    if (!result) quell_tile_check_mean(tile, &mean);
    quell_watch_result(&tile->job->watch, "the denoiser", before, result, tile->first,
                       tile->transition);
}

void quell_tile_tell(const struct quell_tile *tile, const quell_point *at, quell_call *told,
                     quell_condition *conditions)
{
    const struct quell_job *job = tile->job;
    const quell_denoiser *denoiser = job->sampler->denoiser;
    *told = (quell_call){
        .first = tile->first,
        .rows = tile->rows,
        .dim = job->dim,
        .worker = tile->worker,
        .workers = job->workers,
        .t = at->t,
        .alpha = at->alpha,
        .sigma = at->sigma,
        .time = at->t,
        .context = job->draw.context,
    };
    quell_told_rows(&job->told, denoiser->taken, denoiser->conditions, tile->row, told, conditions);
}

static int observe(const struct quell_tile *tile, const struct quell_op *op)
{
    const struct quell_job *job = tile->job;
    quell_condition conditions[QUELL_MAX_CONDITIONS];
    quell_call told;
    quell_tile_tell(tile, &op->s, &told, conditions);
    QUELL_SERIAL_OPENMP(quell_job_shared(job));
    return job->run.observe(job->run.observe_user, tile->transition, &op->s, &told,
                            tile->registers[QUELL_STATE]);
}

static void step(struct quell_tile *tile, const struct quell_op *op)
{
    struct quell_job *job = tile->job;
    if (job->sampler->step) quell_tile_callback(tile, &op->t, &op->s);
    bool failed = atomic_load(&job->watch.stopped);
    if (failed && !quell_tile_goes_on(tile, tile->operation)) return;
    if (job->run.observe && !failed) {
        unsigned before = quell_fail_count();
        quell_watch_result(&job->watch, "the observer", before, observe(tile, op), tile->first,
                           tile->transition);
    }
    tile->transition++;
    if (tile->element == 0) quell_watch_done(&job->watch, tile->worker, tile->rows);
}

void quell_tile_operation(struct quell_tile *tile, const struct quell_plan *plan,
                          const struct quell_op *op)
{
    struct planned planned = {plan, op};
    switch (op->kind) {
    case QUELL_EVAL:
        evaluate(tile, plan, op);
        break;
    case QUELL_COMBINE:
        if (quell_tile_together(tile, op->noises > 0, combine, &planned))
            quell_tile_not_finite(tile, op);
        break;
    case QUELL_STEP:
        step(tile, op);
        break;
    case QUELL_SPREAD:
        quell_tile_check_learned(tile, op);
        if (quell_tile_together(tile, true, spread, &planned)) quell_tile_not_finite(tile, op);
        break;
    case QUELL_LANGEVIN:
        quell_tile_langevin(tile, plan, op);
        break;
    case QUELL_ADAPT:
        quell_tile_adapt(tile, op);
        break;
    }
}

/* A step function may keep data by row numbers, so a tile with a step function loses all rows or
 * none. */
bool quell_tile_goes_on(struct quell_tile *tile, size_t operation)
{
    struct quell_job *job = tile->job;
    struct quell_place limit;
    tile->operation = operation;
    if (!atomic_load(&job->watch.stopped)) return true;
    if (!quell_watch_limit(&job->watch, &limit) || tile->first > limit.sample) return false;
    uint64_t before = limit.sample - tile->first;
    if (before >= tile->rows) return true;
    /* A part of the sample that failed. */
    if (tile->elements < job->dim) return operation <= limit.operation;
    if (!before || job->sampler->step) return false;
    tile->rows = before;
    return true;
}

void quell_tile_run(struct quell_tile *tile)
{
    const struct quell_job *job = tile->job;
    if (job->given && job->from == 0) quell_tile_check_given(tile);
    for (size_t i = job->from; i < job->to && quell_tile_goes_on(tile, i); i++)
        quell_tile_operation(tile, job->plan, &job->plan->ops[i]);
}

void quell_tile_init(struct quell_tile *tile)
{
    const quell_sampler *sampler = tile->job->sampler;
    for (struct quell_piece piece = {0}; quell_tile_next(tile, &piece);) {
        float *out = tile->registers[QUELL_STATE] + piece.row * tile->elements + piece.element;
        size_t element = tile->element + piece.element;
        stream_of(tile, &piece, 0, QUELL_STREAM_INIT, tile->noise[0]);
        tile->job->kernels->affine(out, tile->noise[0], piece.rows * piece.elements,
                                   sampler->prior_deviation + element,
                                   sampler->prior_mean + element);
    }
}
