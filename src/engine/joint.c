/* SPDX-License-Identifier: MIT */
#include "joint.h"
#include "finite.h"
#include "openmp.h"
#include "threads.h"
#include "tile.h"
#include "base/fail.h"
#include "base/floats.h"
#include "base/memory.h"

#include <stdlib.h>
#include <string.h>
#include <time.h>

/* The greatest number of parts that one worker has at a time. */
#define MOST_PARTS 64

/* The greatest number of nanoseconds that a helper spins before it sleeps. */
#define SPIN 200000

/* A part that has begun: the job and the tile of its rows. It contains all that the part needs to
 * continue, so that it can be paused between two evaluations and continued in another run, by
 * another worker. */
struct quell_strand {
    struct quell_joint_part part;
    struct quell_job job;
    struct quell_tile tile;
    size_t next;                 /* the index of the next operation of the plan */
    struct quell_tile_mean mean; /* the evaluation that this operation needs */
    char *memory;                /* for the denoiser's constants and for what it keeps */
    double seconds;              /* the part's share of the last evaluation */
};

struct run {
    const struct quell_joint *joint;
    struct quell_crew *crew; /* of the only worker, or NULL */
    char *help;
    atomic_size_t busy; /* number of workers that have parts */
    atomic_bool lacks;  /* a worker had no memory for itself, or to ask for a part */
};

/* A worker and its parts. */
struct bundle {
    struct run *run;
    size_t count, rows;
    struct quell_strand *strand[MOST_PARTS];
    struct quell_asked asked[MOST_PARTS];
    void *scratch;
    size_t scratch_size;
    atomic_bool abandoned; /* none of the results being computed is wanted any more */
    int64_t looked;        /* when `look` last called the caller's functions, in nanoseconds */
};

bool quell_joins(const quell_sampler *sampler)
{
    return sampler->denoiser->core && !sampler->step && sampler->plan.cut != QUELL_ONE_SAMPLE;
}

static double now(void)
{
    struct timespec time;
    clock_gettime(CLOCK_MONOTONIC, &time);
    return (double)time.tv_sec + 1e-9 * (double)time.tv_nsec;
}

/* Makes sure that a bundle has scratch memory for the most rows that it may have. */
static quell_status grow(struct bundle *bundle, const quell_denoiser *denoiser)
{
    size_t size = quell_denoiser_scratch_size(denoiser, bundle->run->joint->most);
    if (size <= bundle->scratch_size) return QUELL_OK;
    free(bundle->scratch);
    bundle->scratch = quell_new_untouched(1, size);
    bundle->scratch_size = bundle->scratch ? size : 0;
    return bundle->scratch ? QUELL_OK : quell_fail(QUELL_NO_MEMORY, "run: no memory for a worker");
}

static quell_status begin(struct bundle *bundle, struct quell_strand *strand)
{
    const struct quell_joint *joint = bundle->run->joint;
    const struct quell_joint_part *part = &strand->part;
    struct quell_job *job = &strand->job;
    quell_run run = quell_run_defaults();
    run.threads = 1;
    run.isa = joint->isa;
    run.observe = part->observe;
    run.observe_user = part->observe_user;
    quell_status status =
        quell_run_prepare(job, part->sampler, &part->rows.draw, &run, strand->part.x);
    if (!status) status = grow(bundle, part->sampler->denoiser);
    if (status) return status;
    const quell_denoiser *denoiser = part->sampler->denoiser;
    size_t rows = job->draw.count, constants = quell_denoiser_constants_size(denoiser);
    size_t kept = quell_denoiser_kept_size(denoiser, rows);
    job->plan = &part->sampler->plan;
    job->layout =
        (struct quell_layout){.rows = rows, .elements = job->dim, .across = 1, .tiles = 1};
    job->pass = job->layout;
    job->pass_workers = joint->workers + joint->helpers;
    quell_watch_begin(&job->watch, &job->run, 0);
    job->before = part->row;
    status = quell_job_find_streams(job);
    if (!status) status = quell_job_allocate(job, job->plan->registers, false);
    if (!status && constants + kept) strand->memory = quell_new(1, constants + kept);
    if (!status && constants + kept && !strand->memory)
        status = quell_fail(QUELL_NO_MEMORY, "run: no memory for %zu samples", rows);
    if (status) return status;
    quell_job_touch(job, 0);
    strand->tile = quell_tile_take(job, 0, 0);
    strand->tile.scratch = NULL;
    strand->tile.constants = strand->memory;
    strand->tile.kept = strand->memory + constants;
    if (part->from)
        quell_tile_check_given(&strand->tile);
    else
        quell_tile_init(&strand->tile);
    return QUELL_OK;
}

void quell_joint_forget(struct quell_strand *strand)
{
    quell_job_release(&strand->job);
    free(strand->memory);
    free(strand);
}

static void end(struct bundle *bundle, struct quell_strand *strand, quell_status status)
{
    const struct quell_joint *joint = bundle->run->joint;
    bundle->rows -= strand->part.rows.draw.count;
    joint->done(joint->user, &strand->part, status);
    quell_joint_forget(strand);
}

/* Ends part i, and moves the last part of the bundle to its place. */
static void end_at(struct bundle *bundle, size_t i, quell_status status)
{
    struct quell_strand *strand = bundle->strand[i];
    bundle->strand[i] = bundle->strand[--bundle->count];
    end(bundle, strand, status);
}

/* Returns a part that is to begin or to continue, or NULL if there is none. */
static struct quell_strand *take(struct bundle *bundle)
{
    const struct quell_joint *joint = bundle->run->joint;
    struct quell_strand *strand = quell_new(1, sizeof *strand);
    if (!strand) atomic_store(&bundle->run->lacks, true);
    bool taken = strand && joint->next(joint->user, bundle->rows, &strand->part);
    struct quell_strand *paused = taken ? strand->part.paused : NULL;
    if (taken && !paused) return strand;
    free(strand);
    return paused;
}

static quell_status go_on(struct bundle *bundle, struct quell_strand *strand)
{
    const struct quell_joint *joint = bundle->run->joint;
    strand->job.pass_workers = joint->workers + joint->helpers;
    return grow(bundle, strand->part.sampler->denoiser);
}

/* Takes parts until the bundle is full or there are no more. */
static void fill(struct bundle *bundle)
{
    const struct quell_joint *joint = bundle->run->joint;
    while (bundle->count < MOST_PARTS && bundle->rows < joint->most) {
        struct quell_strand *strand = take(bundle);
        if (!strand) return;
        bundle->rows += strand->part.rows.draw.count;
        quell_status status = strand->job.plan ? go_on(bundle, strand) : begin(bundle, strand);
        if (status)
            end(bundle, strand, status);
        else
            bundle->strand[bundle->count++] = strand;
    }
}

/* Runs a part up to its next evaluation. Returns false if the part has ended or failed before. */
static bool advance(struct quell_strand *strand)
{
    const struct quell_plan *plan = strand->job.plan;
    for (; strand->next < plan->count; strand->next++) {
        const struct quell_op *op = &plan->ops[strand->next];
        if (!quell_tile_goes_on(&strand->tile, strand->next)) return false;
        if (op->kind == QUELL_EVAL) {
            strand->mean = quell_tile_mean_of(&strand->tile, plan, op);
            return true;
        }
        quell_tile_operation(&strand->tile, plan, op);
    }
    return false;
}

/* Runs part i up to its next evaluation. If there is none, ends the part and returns false. */
static bool advance_at(struct bundle *bundle, size_t i)
{
    struct quell_strand *strand = bundle->strand[i];
    if (advance(strand)) return true;
    end_at(bundle, i, quell_watch_end(&strand->job.watch, &strand->job.streams));
    return false;
}

static void advance_all(struct bundle *bundle)
{
    for (size_t i = bundle->count; i-- > 0;) advance_at(bundle, i);
}

/* Pauses part i, unless it is done. */
static void pause_at(struct bundle *bundle, size_t i)
{
    const struct quell_joint *joint = bundle->run->joint;
    if (!advance_at(bundle, i)) return;
    struct quell_strand *strand = bundle->strand[i];
    bundle->strand[i] = bundle->strand[--bundle->count];
    bundle->rows -= strand->part.rows.draw.count;
    joint->pause(joint->user, &strand->part, strand);
}

/* Asks, after an evaluation, what happens to each part. */
static void settle(struct bundle *bundle)
{
    const struct quell_joint *joint = bundle->run->joint;
    for (size_t i = bundle->count; i-- > 0;) {
        struct quell_strand *strand = bundle->strand[i];
        enum quell_fate fate = joint->fate(joint->user, &strand->part, strand->seconds);
        if (fate == QUELL_END) end_at(bundle, i, QUELL_STOPPED);
        if (fate == QUELL_PAUSE) pause_at(bundle, i);
    }
}

/* Nanoseconds between calls of the caller's functions within an evaluation. */
#define BETWEEN 20000000

static bool look(void *data, bool leads)
{
    struct bundle *bundle = data;
    const struct quell_joint *joint = bundle->run->joint;
    struct timespec time;
    if (!leads) return atomic_load(&bundle->abandoned);
    clock_gettime(CLOCK_MONOTONIC_COARSE, &time);
    int64_t nanoseconds = (int64_t)time.tv_sec * 1000000000 + time.tv_nsec;
    if (nanoseconds - bundle->looked < BETWEEN) return atomic_load(&bundle->abandoned);
    bundle->looked = nanoseconds;
    joint->turn(joint->user);
    bool wanted = false;
    for (size_t i = 0; i < bundle->count && !wanted; i++)
        wanted = joint->wanted(joint->user, &bundle->strand[i]->part);
    if (!wanted) atomic_store(&bundle->abandoned, true);
    return !wanted;
}

/* Returns how many rows of the network the evaluation of a part takes: guidance takes two for
 * each. */
static double cost(const struct quell_strand *strand)
{
    const quell_denoiser *denoiser = strand->part.sampler->denoiser;
    return (double)(strand->tile.rows * quell_denoiser_parts(denoiser, strand->mean.t->t));
}

/* Evaluates the network for all parts at once. */
static void evaluate(struct bundle *bundle)
{
    struct run *run = bundle->run;
    struct quell_lookout lookout = {look, bundle};
    double start = now();
    for (size_t i = 0; i < bundle->count; i++) {
        struct quell_strand *strand = bundle->strand[i];
        struct quell_evaluation *at = &bundle->asked[i].at;
        quell_tile_ask(&strand->tile, &strand->mean, &bundle->asked[i]);
        at->scratch = bundle->scratch;
        at->crew = run->crew;
        at->help = run->help;
        at->lookout = &lookout;
    }
    /* The functions of networks always return 0. */
    (void)quell_denoiser_evaluate_several(bundle->asked, bundle->count);
    double seconds = now() - start, all = 0;
    for (size_t i = 0; i < bundle->count; i++) all += cost(bundle->strand[i]);
    for (size_t i = 0; i < bundle->count; i++) {
        struct quell_strand *strand = bundle->strand[i];
        quell_tile_answer(&strand->tile, &strand->mean);
        quell_tile_check_mean(&strand->tile, &strand->mean);
        strand->next++;
        strand->seconds = seconds * cost(strand) / all;
    }
}

/* Waits for a part while another worker has parts, because the caller may assign some of those to
 * this worker. Returns false if no worker has any. */
static bool await(struct bundle *bundle)
{
    struct run *run = bundle->run;
    const struct quell_joint *joint = run->joint;
    atomic_fetch_sub(&run->busy, 1);
    while (!bundle->count) {
        if (!atomic_load(&run->busy)) {
            joint->wake(joint->user);
            return false;
        }
        joint->idle(joint->user);
        fill(bundle);
    }
    atomic_fetch_add(&run->busy, 1);
    return true;
}

static void take_parts(struct bundle *bundle)
{
    const struct quell_joint *joint = bundle->run->joint;
    for (;;) {
        fill(bundle);
        if (!bundle->count && !await(bundle)) break;
        advance_all(bundle);
        if (bundle->count) evaluate(bundle);
        joint->turn(joint->user);
        settle(bundle);
        atomic_store(&bundle->abandoned, false);
    }
    free(bundle->scratch);
}

static void work(void *data, size_t worker)
{
    struct run *run = data;
    QUELL_OWN_FLOATS;
    if (run->crew && !quell_crew_lead(run->crew, worker == 0)) {
        quell_crew_help(run->crew);
        return;
    }
    struct bundle *bundle = quell_new(1, sizeof *bundle);
    if (bundle) {
        bundle->run = run;
        atomic_fetch_add(&run->busy, 1);
        take_parts(bundle);
    } else {
        atomic_store(&run->lacks, true);
    }
    free(bundle);
    if (run->crew) quell_crew_end(run->crew);
}

quell_status quell_joint_run(const struct quell_joint *joint)
{
    struct run run = {.joint = joint};
    size_t threads = joint->workers, each = 0, processors = quell_openmp_processors();
    size_t helpers = joint->helpers ? quell_denoiser_helpers(joint->core, NULL, &each) : 0;
    if (helpers > joint->helpers) helpers = joint->helpers;
    if (processors && helpers >= processors) helpers = processors - 1;
    if (helpers) {
        run.crew = quell_new(1, sizeof *run.crew);
        run.help = quell_new_untouched(helpers, each);
        if (!run.crew || !run.help) {
            free(run.crew);
            free(run.help);
            return quell_fail(QUELL_NO_MEMORY, "run: no memory for %zu helpers", helpers);
        }
        quell_crew_begin(run.crew, helpers + 1, quell_openmp_passive() ? 0 : SPIN);
        threads = helpers + 1;
    }
    atomic_init(&run.busy, 0);
    atomic_init(&run.lacks, false);
    quell_status status = quell_threads_run(threads, true, work, &run);
    free(run.crew);
    free(run.help);
    if (!status && atomic_load(&run.lacks))
        status = quell_fail(QUELL_NO_MEMORY, "run: no memory for a worker");
    return status;
}
