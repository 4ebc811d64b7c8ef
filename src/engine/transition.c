/* SPDX-License-Identifier: MIT */
/* The functions that a step function calls inside its transition. A quell_transition is a tile with
 * the points of the transition. */
#include "engine/given.h"
#include "finite.h"
#include "core/schedule.h"
#include "base/fail.h"
#include "base/fail_last.h"
#include "base/serial.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

/* A failure that a step function may have ignored. The status is QUELL_OK if there is none. */
struct failure {
    quell_status status;
    char said[512];
};

struct quell_transition {
    struct quell_tile *tile;
    const quell_point *t, *s;
    quell_status failed;      /* of the last failed call of a function below, stops not counted */
    struct quell_fault fault; /* the denoiser's first one in this transition */
    struct failure wrong;     /* the first request of the step function that is not valid */
    struct failure missing;   /* the first output that is missing, with NaN in its place */
    quell_call told;
    quell_condition conditions[QUELL_MAX_CONDITIONS];
};

static int ask(struct quell_transition *transition, float *x)
{
    const struct quell_job *job = transition->tile->job;
    QUELL_SERIAL_OPENMP(quell_job_shared(job));
    return job->sampler->step(job->sampler->user, transition, transition->t, transition->s, x);
}

static bool fails(const struct quell_transition *transition, const struct failure *failure)
{
    struct quell_tile *tile = transition->tile;
    if (!failure->status) return false;
    quell_watch_fail(&tile->job->watch, failure->status, tile->first, tile->transition,
                     failure->said);
    return true;
}

/* Ends the run if the step function ignored a failure: if it made a request that is not valid, or
 * if the NaN in place of a missing output has reached x. Returns whether it did. */
static bool ignored(const struct quell_transition *transition, const float *x)
{
    const struct quell_tile *tile = transition->tile;
    size_t size = tile->rows * tile->elements;
    if (fails(transition, &transition->wrong)) return true;
    return quell_first_not_finite(tile->job->kernels, x, size) < size &&
           fails(transition, &transition->missing);
}

static void fill_with_nan(const struct quell_tile *tile, float *out)
{
    for (size_t i = 0; i < tile->rows * tile->elements; i++) out[i] = (float)NAN;
}

void quell_tile_callback(struct quell_tile *tile, const quell_point *t, const quell_point *s)
{
    struct quell_job *job = tile->job;
    struct quell_transition transition = {.tile = tile, .t = t, .s = s};
    quell_tile_tell(tile, t, &transition.told, transition.conditions);
    float *x = tile->registers[QUELL_STATE];
    unsigned before = quell_fail_count();
    /* A step function that reads scratch memory before it has written it gets NaN, not what is
     * there by chance. */
    for (unsigned k = 0; tile->transition == 0 && k < QUELL_STEP_SCRATCH; k++)
        fill_with_nan(tile, quell_transition_scratch(&transition, k));
    int result = ask(&transition, x);
    if (transition.failed && result == (int)transition.failed) result = -1;
    if (result >= 0 && ignored(&transition, x)) return;
    quell_watch_result(&job->watch, "the step function", before, result, tile->first,
                       tile->transition);
    if (!result) quell_tile_check_step(tile, &transition.fault);
}

const quell_call *quell_transition_told(const quell_transition *transition)
{
    return transition ? &transition->told : NULL;
}

uint64_t quell_transition_first(const quell_transition *transition)
{
    return transition ? transition->tile->first : 0;
}

size_t quell_transition_rows(const quell_transition *transition)
{
    return transition ? transition->tile->rows : 0;
}

size_t quell_transition_dim(const quell_transition *transition)
{
    return transition ? transition->tile->job->dim : 0;
}

size_t quell_transition_index(const quell_transition *transition)
{
    return transition ? transition->tile->transition : 0;
}

void *quell_transition_context(const quell_transition *transition)
{
    return transition ? transition->tile->job->draw.context : NULL;
}

float *quell_transition_scratch(quell_transition *transition, unsigned k)
{
    return transition && k < QUELL_STEP_SCRATCH ? transition->tile->registers[1 + k] : NULL;
}

static void keep(struct failure *failure, quell_status status)
{
    if (failure->status) return;
    failure->status = status == QUELL_STOPPED ? QUELL_STOPPED : QUELL_DENOISER_FAILED;
    snprintf(failure->said, sizeof failure->said, "%s", quell_error_message());
}

/* Notes a failure, so that a step function which returns its status does not seem to stop the
 * run. */
static quell_status noted(quell_transition *transition, quell_status status)
{
    if (status && status != QUELL_STOPPED) transition->failed = status;
    return status;
}

/* Notes that a request of the step function is not valid: the run then ends whatever the function
 * returns. */
static quell_status wrong(quell_transition *transition, quell_status status)
{
    if (status) keep(&transition->wrong, status);
    return noted(transition, status);
}

/* Notes that an output is missing, which the step function may do without. Fills `out` with NaN, so
 * that it cannot be taken for an output. */
static quell_status missing(quell_transition *transition, quell_status status, float *out)
{
    keep(&transition->missing, status);
    fill_with_nan(transition->tile, out);
    return noted(transition, status);
}

static quell_status refuse_null(const char *what)
{
    return quell_fail(QUELL_BAD_ARGUMENT, "transition: %s is NULL", what);
}

static quell_status check_asked(const struct quell_tile *tile, const float *x)
{
    size_t size = tile->rows * tile->elements,
           i = quell_first_not_finite(tile->job->kernels, x, size);
    if (i == size) return QUELL_OK;
    return quell_fail(QUELL_NOT_FINITE,
                      "transition: x[%zu][%zu] is %s where the denoiser is "
                      "evaluated",
                      i / tile->elements, i % tile->elements, quell_not_finite_text(x[i]));
}

static quell_status check_answer(struct quell_transition *transition,
                                 const struct quell_tile_mean *mean)
{
    struct quell_fault fault = quell_tile_find_fault(transition->tile, mean);
    if (!fault.found) return QUELL_OK;
    if (!transition->fault.found) transition->fault = fault;
    return quell_fail(QUELL_NOT_FINITE, "transition: %s of row %zu", fault.said, fault.row);
}

static quell_status check_arguments(const struct quell_tile *tile, const quell_point *t,
                                    const float *x, const float *out)
{
    size_t bytes = tile->rows * tile->elements * sizeof *x;
    if (!t || !x || !out) return refuse_null(!t ? "t" : !x ? "x" : "out");
    quell_status status = quell_sampler_check(tile->job->sampler->denoiser, t);
    if (status || !quell_overlap(x, bytes, out, bytes)) return status;
    return quell_fail(QUELL_BAD_ARGUMENT, "transition: out overlaps x; it must be another array");
}

quell_status quell_transition_denoise(quell_transition *transition, const quell_point *t,
                                      const float *x, float *out)
{
    if (!transition) return refuse_null("it");
    struct quell_tile *tile = transition->tile;
    quell_status status = check_arguments(tile, t, x, out);
    if (status) return wrong(transition, status);
    status = check_asked(tile, x);
    if (status) return missing(transition, status, out);
    struct quell_tile_mean mean = {.t = t, .x = x, .out = out};
    unsigned before = quell_fail_count();
    int result = quell_fail_result(quell_tile_evaluate(tile, &mean), before);
    if (!result) return noted(transition, check_answer(transition, &mean));
    status = result < 0 ? QUELL_DENOISER_FAILED : QUELL_STOPPED;
    if (!quell_fail_explains(result, before))
        quell_fail(status, "transition: the denoiser returned %d", result);
    return missing(transition, status, out);
}

quell_status quell_transition_noise(quell_transition *transition, unsigned k, float *out)
{
    if (!transition) return refuse_null("it");
    struct quell_tile *tile = transition->tile;
    const struct quell_job *job = tile->job;
    if (!out) return wrong(transition, refuse_null("out"));
    if (k > 7)
        return wrong(transition,
                     quell_fail(QUELL_BAD_ARGUMENT, "transition: noise slots are 0 to 7"));
    struct quell_noise_name name =
        quell_noise_between(job->plan->brownian, k, transition->t, transition->s);
    struct quell_source source = quell_tile_source(&name);
    for (size_t row = 0; row < tile->rows; row++)
        for (size_t e = 0; e < job->dim; e += QUELL_CHUNK) {
            size_t count = job->dim - e < QUELL_CHUNK ? job->dim - e : QUELL_CHUNK;
            struct quell_piece piece = {.row = row, .rows = 1, .element = e, .elements = count};
            quell_tile_draw(tile, &piece, &source, tile->noise[0]);
            memcpy(out + row * job->dim + e, tile->noise[0], count * sizeof *out);
        }
    return QUELL_OK;
}

quell_status quell_transition_at(quell_transition *transition, double t, quell_point *point)
{
    if (!transition) return refuse_null("it");
    if (!point) return wrong(transition, refuse_null("the point"));
    const quell_schedule *schedule = transition->tile->job->sampler->schedule;
    return wrong(transition, quell_schedule_point(schedule, t, point));
}
