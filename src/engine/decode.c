/* SPDX-License-Identifier: MIT */
/* Workers take samples one by one: a decoder is large, so that the values of one sample fill the
 * cache, and few decoders take classes or conditions that samples share. If there are fewer samples
 * than threads, the other threads help with each sample, if the decoder is large enough. */
#include "decode.h"
#include "finite.h"
#include "given.h"
#include "hosts_threads.h"
#include "isa.h"
#include "openmp.h"
#include "threads.h"
#include "told.h"
#include "watch.h"
#include "base/fail.h"
#include "base/floats.h"
#include "base/memory.h"
#include "denoisers/program_inputs.h"

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define NONE SIZE_MAX
#define SPIN 200000 /* nanoseconds that a helper spins before it sleeps */

/* The multiply-adds of a decoder for which a helper is worth the barriers between instructions. */
#define WORTH 2000000

/* A decoding of samples. For the program's input i, `condition[i]` is the index of that condition
 * of the denoiser, or NONE. `size` is the number of elements of a result. `help` is the scratch
 * memory of the helpers, per_help floats for each. */
struct decoding {
    const struct quell_program *program;
    const quell_denoiser *denoiser;
    const struct quell_kernels *kernels;
    quell_draw draw;
    quell_run run;
    size_t x, class, condition[QUELL_MOST_PROGRAM_INPUTS], size;
    struct quell_told told, against;
    const float *in;
    float *out;
    /* In floats: the beginnings of the stages, of the class, of the scratch memory, and the end. */
    size_t begin[QUELL_STAGES + 3];
    float *memory, *help;
    size_t workers, helpers, per_help; /* `helpers` are those of each worker */
    struct quell_crew *crews;
    atomic_size_t next;
    struct quell_watch watch;
};

static size_t lines(size_t floats) { return quell_round_up(floats, QUELL_LANES); }

/* Computes where a worker's memory of each stage begins, then that of the class, and the scratch
 * memory. */
static void lay_out(struct decoding *decoding)
{
    const struct quell_program *program = decoding->program;
    size_t *begin = decoding->begin;
    for (size_t stage = 0; stage < QUELL_STAGES; stage++)
        begin[stage + 1] = begin[stage] + lines(program->floats[stage]);
    begin[QUELL_STAGES + 1] = begin[QUELL_STAGES] + lines(decoding->denoiser->classes + 1);
    begin[QUELL_STAGES + 2] =
        begin[QUELL_STAGES + 1] + lines(quell_program_scratch(program, QUELL_FROM_CONDITIONS));
}

/* Finds the program's inputs; returns whether it takes a class or conditions. */
static bool find_inputs(struct decoding *decoding)
{
    const struct quell_program *program = decoding->program;
    const quell_denoiser *denoiser = decoding->denoiser;
    bool any = false;
    decoding->x = quell_program_input(program, "x");
    decoding->class = quell_program_input(program, "class");
    for (size_t i = 0; i < program->inputs; i++) {
        size_t at =
            quell_taken_named(denoiser->taken, denoiser->conditions, program->value[i].name);
        decoding->condition[i] = at < denoiser->conditions ? at : NONE;
        any |= at < denoiser->conditions;
    }
    return any || decoding->class < program->inputs;
}

static void write_inputs(const struct decoding *decoding, size_t sample, float *class,
                         struct quell_room *room)
{
    const struct quell_program *program = decoding->program;
    const struct quell_told *told = &decoding->told;
    room->input[decoding->x] = decoding->in + sample * decoding->denoiser->dim;
    if (decoding->class < program->inputs) {
        quell_program_write_class(&program->value[decoding->class], decoding->denoiser,
                                  told->labels ? told->labels[sample] : -1, class);
        room->input[decoding->class] = class;
    }
    for (size_t i = 0; i < program->inputs; i++) {
        size_t at = decoding->condition[i];
        if (at != NONE) room->input[i] = told->values[at] + sample * told->stride[at];
    }
}

/* The stages of a sample, which a crew computes. `help` is the scratch memory of the helpers. */
struct share {
    const struct decoding *decoding;
    const struct quell_room *room;
    float *help;
};

static void run_stages(void *data, size_t worker, size_t workers)
{
    const struct share *share = data;
    const struct decoding *decoding = share->decoding;
    struct quell_room room = *share->room;
    room.worker = worker, room.workers = workers;
    if (worker) room.scratch = share->help + (worker - 1) * decoding->per_help;
    quell_program_run(decoding->program, decoding->kernels, QUELL_FROM_CONDITIONS, &room);
    quell_program_run(decoding->program, decoding->kernels, QUELL_FROM_SAMPLE, &room);
}

/* Returns whether the sample that the caller gave is finite. */
static bool check_given(struct decoding *decoding, size_t sample)
{
    size_t dim = decoding->denoiser->dim;
    size_t bad = quell_first_not_finite(decoding->kernels, decoding->in + sample * dim, dim);
    if (bad < dim)
        quell_watch_given(&decoding->watch, decoding->in, sample * dim + bad, dim,
                          decoding->draw.first, 0);
    return bad == dim;
}

static void fail_decoded(struct decoding *decoding, size_t sample, size_t element, float value)
{
    char said[80];
    snprintf(said, sizeof said, "the decoder made %s in element %zu", quell_not_finite_text(value),
             element);
    quell_watch_fail(&decoding->watch, QUELL_NOT_FINITE, decoding->draw.first + sample, 0, said);
}

static void decode_one(struct decoding *decoding, size_t sample, size_t worker)
{
    const struct quell_program *program = decoding->program;
    float *memory = decoding->memory + worker * decoding->begin[QUELL_STAGES + 2];
    struct quell_lookout lookout = {quell_watch_look, &decoding->watch};
    struct quell_room room = {
        .samples = 1, .scratch = memory + decoding->begin[QUELL_STAGES + 1], .lookout = &lookout};
    struct share share = {decoding, &room, NULL};
    float *out = decoding->out + sample * decoding->size;
    for (size_t stage = 0; stage < QUELL_STAGES; stage++)
        room.at[stage] = memory + decoding->begin[stage];
    write_inputs(decoding, sample, memory + decoding->begin[QUELL_STAGES], &room);
    room.crew = decoding->crews ? &decoding->crews[worker] : NULL;
    if (decoding->help)
        share.help = decoding->help + worker * decoding->helpers * decoding->per_help;
    if (room.crew)
        quell_crew_work(room.crew, run_stages, &share);
    else
        run_stages(&share, 0, 1);
    memcpy(out, quell_value_at(program, &room, program->output), decoding->size * sizeof *out);
    size_t bad = quell_first_not_finite(decoding->kernels, out, decoding->size);
    if (bad < decoding->size) fail_decoded(decoding, sample, bad, out[bad]);
}

/* Returns whether a sample is decoded: after a failure, only samples before the failed one are. */
static bool goes_on(struct decoding *decoding, size_t sample)
{
    struct quell_place limit;
    return !atomic_load(&decoding->watch.stopped) || (quell_watch_limit(&decoding->watch, &limit) &&
                                                      decoding->draw.first + sample < limit.sample);
}

/* Takes samples, as one worker, until none is left. */
static void take_samples(struct decoding *decoding, size_t worker)
{
    for (size_t sample; !atomic_load(&decoding->watch.ended) &&
                        (sample = atomic_fetch_add(&decoding->next, 1)) < decoding->draw.count;) {
        if (check_given(decoding, sample) && goes_on(decoding, sample))
            decode_one(decoding, sample, worker);
        quell_watch_done(&decoding->watch, worker, 1);
    }
}

/* Runs in each thread, which takes samples or helps a worker that does (run.c). */
static void work(void *data, size_t thread)
{
    struct decoding *decoding = data;
    size_t worker = thread % decoding->workers;
    QUELL_OWN_FLOATS;
    if (decoding->crews && !quell_crew_lead(&decoding->crews[worker], thread == worker)) {
        quell_crew_help(&decoding->crews[worker]);
        return;
    }
    take_samples(decoding, worker);
    if (decoding->crews) quell_crew_end(&decoding->crews[worker]);
}

/* Clears the negative classes and conditions. Those that the samples were guided away from do not
 * matter to a decoder, whose denoiser may be the one without guidance. */
static void forget_negative(quell_draw *draw)
{
    draw->negative_classes = NULL;
    draw->negative_conditions = NULL;
    draw->negative_condition_count = 0;
}

/* Reads the classes and conditions of the samples, if the decoder takes any. */
static quell_status read_told(struct decoding *decoding)
{
    if (!find_inputs(decoding)) return QUELL_OK;
    if (!decoding->denoiser->by_itself) forget_negative(&decoding->draw);
    quell_status status = quell_told_classes(decoding->denoiser, &decoding->draw);
    return status ? status
                  : quell_told_find(decoding->denoiser, &decoding->draw, &decoding->told,
                                    &decoding->against);
}

static quell_status prepare(struct decoding *decoding, const quell_draw *draw, const quell_run *run)
{
    size_t in, out;
    quell_status status = quell_given(draw, run, &decoding->draw, &decoding->run);
    if (status || !decoding->draw.count) return status;
    if (!decoding->in) return quell_fail(QUELL_BAD_ARGUMENT, "decode: x is NULL");
    if (!decoding->out) return quell_fail(QUELL_BAD_ARGUMENT, "decode: out is NULL");
    size_t dim = decoding->denoiser->dim, size = decoding->size;
    if (quell_multiply(decoding->draw.count, dim * sizeof(float), &in) ||
        quell_multiply(decoding->draw.count, size * sizeof(float), &out))
        return quell_fail(QUELL_BAD_ARGUMENT, "decode: count is %zu, must be at most %zu",
                          decoding->draw.count,
                          SIZE_MAX / (sizeof(float) * (dim > size ? dim : size)));
    if (quell_overlap(decoding->in, in, decoding->out, out))
        return quell_fail(QUELL_BAD_ARGUMENT, "decode: out overlaps x; it must be another array");
    status = read_told(decoding);
    return status ? status : quell_isa_choose(decoding->run.isa, &decoding->kernels);
}

/* Decides how many of the threads take samples, and how many help each of these. There are no more
 * of them than processors, because waiting threads would take processor time from working ones. */
static void divide_threads(struct decoding *decoding)
{
    size_t threads = decoding->run.threads ? decoding->run.threads : quell_threads_default();
    size_t processors = quell_openmp_processors();
    uint64_t worth = decoding->program->multiply_adds[QUELL_FROM_SAMPLE] / WORTH;
    decoding->workers = threads < decoding->draw.count ? threads : decoding->draw.count;
    if (processors && threads > processors) threads = processors;
    decoding->helpers = threads / decoding->workers;
    if (decoding->helpers) decoding->helpers--;
    if (decoding->helpers > worth) decoding->helpers = (size_t)worth;
    if (decoding->helpers >= QUELL_MOST_CREW) decoding->helpers = QUELL_MOST_CREW - 1;
    /* The host's threads may run one after the other. */
    if (decoding->run.parallel) decoding->helpers = 0;
}

static bool gather_crews(struct decoding *decoding)
{
    size_t scratch = quell_program_scratch(decoding->program, QUELL_FROM_CONDITIONS);
    size_t helpers = decoding->workers * decoding->helpers;
    if (!helpers) return true;
    decoding->per_help = quell_round_up(scratch + 1, QUELL_CACHE_LINE / sizeof(float));
    decoding->help = quell_new_untouched(helpers, decoding->per_help * sizeof(float));
    decoding->crews = quell_new(decoding->workers, sizeof *decoding->crews);
    for (size_t i = 0; i < decoding->workers && decoding->crews; i++)
        quell_crew_begin(&decoding->crews[i], decoding->helpers + 1,
                         quell_openmp_passive() ? 0 : SPIN);
    return decoding->help && decoding->crews;
}

static quell_status allocate(struct decoding *decoding)
{
    divide_threads(decoding);
    lay_out(decoding);
    decoding->memory = quell_new(decoding->workers, decoding->begin[QUELL_STAGES + 2] * 4);
    if (decoding->watch.progress) {
        decoding->watch.workers = decoding->workers;
        decoding->watch.counters = quell_new(decoding->workers, sizeof *decoding->watch.counters);
    }
    if (gather_crews(decoding) && decoding->memory &&
        (!decoding->watch.progress || decoding->watch.counters))
        return QUELL_OK;
    return quell_fail(QUELL_NO_MEMORY, "decode: no memory for %zu workers of %zu bytes",
                      decoding->workers, decoding->begin[QUELL_STAGES + 2] * 4);
}

static quell_status run_workers(struct decoding *decoding)
{
    size_t threads = decoding->workers * (decoding->helpers + 1);
    if (decoding->run.parallel && threads > 1)
        return quell_hosts_threads_run(&decoding->run, threads, work, decoding);
    return quell_threads_run(threads, false, work, decoding);
}

quell_status quell_decode(const struct quell_program *program, const quell_denoiser *denoiser,
                          const quell_draw *draw, const quell_run *run, const float *x, float *out)
{
    struct decoding decoding = {.program = program, .denoiser = denoiser, .in = x, .out = out};
    decoding.size = quell_elements(&program->value[program->output].shape);
    quell_status status = prepare(&decoding, draw, run);
    if (status || !decoding.draw.count) return status;
    quell_watch_begin(&decoding.watch, &decoding.run, decoding.draw.count);
    decoding.watch.call = "decode";
    decoding.watch.transitions = false;
    status = allocate(&decoding);
    if (!status) status = run_workers(&decoding);
    if (!status) status = quell_watch_end(&decoding.watch, NULL);
    free(decoding.crews);
    free(decoding.help);
    free(decoding.memory);
    free(decoding.watch.counters);
    return status;
}
