/* SPDX-License-Identifier: MIT */
/* Runs: quell_sample and its two parts, quell_step, quell_denoise.
 *
 * A run is one pass over the tiles (tile-major: every operation on a tile before the next tile), or
 * one pass for each EVAL and one for the other operations between two EVALs (op-major). All memory
 * is allocated before the first worker starts, so that a run without enough memory fails before it
 * has changed x. */
#include "finite.h"
#include "given.h"
#include "hosts_threads.h"
#include "isa.h"
#include "openmp.h"
#include "prior.h"
#include "run_check.h"
#include "threads.h"
#include "told.h"
#include "core/schedule.h"
#include "base/fail.h"
#include "base/floats.h"
#include "base/memory.h"
#include "base/number.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

typedef void tile_fn(struct quell_tile *tile);

#define SPIN 200000 /* the greatest number of nanoseconds that a helper spins before it sleeps */

/* Checks the caller's draw and run, and copies from them what does not depend on the plan. */
static quell_status prepare(struct quell_job *job, const quell_sampler *sampler,
                            const quell_draw *draw, const quell_run *run, float *x)
{
    if (!sampler) return quell_fail(QUELL_BAD_ARGUMENT, "run: the sampler is NULL");
    quell_status status = quell_given(draw, run, &job->draw, &job->run);
    if (status) return status;
    job->sampler = sampler;
    job->dim = sampler->denoiser->dim;
    job->x = x;
    size_t bytes;
    if (quell_multiply(job->draw.count, job->dim * sizeof *x, &bytes))
        return quell_fail(QUELL_BAD_ARGUMENT,
                          "run: count is %zu, must be at most %zu, as dim is %zu", job->draw.count,
                          SIZE_MAX / (job->dim * sizeof *x), job->dim);
    if (job->draw.count && !x)
        return quell_fail(QUELL_BAD_ARGUMENT, "%s is NULL", job->array ? job->array : "run: x");
    if ((job->run.observe || sampler->step) && !job->run.tile && job->dim > QUELL_TILE_ELEMENTS)
        job->run.tile = 1; /* observers and step functions need whole samples */
    job->workers = job->run.threads ? job->run.threads : quell_threads_default();
    status = quell_told_classes(sampler->denoiser, &job->draw);
    return status ? status : quell_isa_choose(job->run.isa, &job->kernels);
}

quell_status quell_run_prepare(struct quell_job *job, const quell_sampler *sampler,
                               const quell_draw *draw, const quell_run *run, float *x)
{
    quell_status status = prepare(job, sampler, draw, run, x);
    return status || !job->draw.count
               ? status
               : quell_told_find(sampler->denoiser, &job->draw, &job->told, &job->against);
}

/* Uses no more workers than tiles, so that a small run takes little memory on a large machine. */
static void limit_workers(struct quell_job *job)
{
    size_t tiles = job->layout.tiles;
    if (job->layout.op_major) {
        size_t parts = quell_layout_elements(job->dim, job->draw.count, job->run.tile).tiles;
        tiles = parts > tiles ? parts : tiles;
    }
    if (job->workers > tiles) job->workers = tiles;
}

struct pass {
    struct quell_job *job;
    tile_fn *run;
};

/* Takes tiles, as one worker, until none is left. */
static void take_tiles(const struct pass *pass, size_t worker)
{
    struct quell_job *job = pass->job;
    size_t from = worker;
    quell_job_touch(job, worker);
    for (size_t i;
         !atomic_load(&job->watch.ended) &&
         (i = quell_shares_take(job->shares, job->pass_workers, worker, &from)) != SIZE_MAX;) {
        struct quell_tile tile = quell_tile_take(job, worker, i);
        pass->run(&tile);
    }
}

/* Runs one worker, which takes tiles or helps a worker that does. If there are fewer threads than
 * workers, the worker that should lead a crew may not come; then another one leads it, with the
 * memory of the crew. */
static void work(void *data, size_t worker)
{
    const struct pass *pass = data;
    struct quell_job *job = pass->job;
    QUELL_OWN_FLOATS;
    if (!job->crews) {
        take_tiles(pass, worker);
        return;
    }
    struct quell_crew *crew = &job->crews[worker % job->pass_workers];
    if (!quell_crew_lead(crew, worker < job->pass_workers)) {
        quell_crew_help(crew);
        return;
    }
    take_tiles(pass, worker % job->pass_workers);
    quell_crew_end(crew);
}

/* Returns how much work a thread does in a few milliseconds, as elements times operations: if all
 * operations are updates (0.06 ns each), or if some evaluate a mixture (8 ns; networks take
 * 500). */
static double brief_work(const struct quell_job *job, tile_fn *run)
{
    return run == quell_tile_init || job->sampler->denoiser->type->elementwise ? 1e8 : 3e5;
}

/* Returns whether a pass is so brief that quell's own threads run it. Finding out whether OpenMP
 * can have its threads takes 20 microseconds, and a region only ends when its last thread has got a
 * processor, which takes ten milliseconds on a busy machine. A function of the host that works on
 * samples always runs in a region. The progress function need not: one thread at a time calls it
 * anyway. */
static bool is_brief(const struct quell_job *job, struct quell_layout layout, tile_fn *run)
{
    const struct quell_sampler *sampler = job->sampler;
    if (sampler->denoiser->host || sampler->step || job->run.observe) return false;
    double operations = run == quell_tile_init ? 1 : (double)(job->to - job->from);
    double elements = (double)layout.tiles * (double)layout.rows * (double)layout.elements;
    return elements * operations < brief_work(job, run) * (double)job->pass_workers;
}

static quell_status run_pass(struct quell_job *job, struct quell_layout layout, tile_fn *run)
{
    struct pass pass = {job, run};
    size_t workers = job->workers < layout.tiles ? job->workers : layout.tiles;
    job->pass = layout;
    job->pass_workers = workers;
    quell_shares_begin(job->shares, workers, layout.tiles);
    size_t threads = job->crews ? job->workers : workers;
    if (!job->run.parallel || threads <= 1)
        return quell_threads_run(threads, is_brief(job, layout, run), work, &pass);
    return quell_hosts_threads_run(&job->run, workers, work, &pass);
}

/* Returns whether samples before one that has failed go on to the next pass. They do not if the
 * denoiser takes whole batches, because it is never called for a part of a batch. */
static bool goes_on(struct quell_job *job)
{
    struct quell_place limit;
    if (!atomic_load(&job->watch.stopped)) return true;
    return quell_watch_limit(&job->watch, &limit) && limit.sample > job->draw.first &&
           !job->sampler->denoiser->whole_batch;
}

/* Runs op-major: one pass for each EVAL, over the whole batch or tiles of samples, and one pass for
 * the operations between two EVALs. */
static quell_status run_op_major(struct quell_job *job)
{
    const struct quell_plan *plan = job->plan;
    struct quell_layout elements = quell_layout_elements(job->dim, job->draw.count, job->run.tile);
    struct quell_layout whole = job->layout;
    /* A step function may evaluate the denoiser, which needs the layout of EVALs. */
    if (job->sampler->step || plan->cut != QUELL_ANY_PART) elements = whole;
    quell_status status = QUELL_OK;
    for (job->from = 0; job->from < plan->count && !status; job->from = job->to) {
        bool evaluates = plan->ops[job->from].kind == QUELL_EVAL;
        job->to = job->from + 1;
        while (!evaluates && job->to < plan->count && plan->ops[job->to].kind != QUELL_EVAL)
            job->to++;
        status = run_pass(job, evaluates ? whole : elements, quell_tile_run);
        for (size_t i = job->from; i < job->to; i++)
            job->transition += plan->ops[i].kind == QUELL_STEP;
        if (!goes_on(job)) break;
    }
    return status;
}

static quell_status run_tile_major(struct quell_job *job)
{
    job->from = 0;
    job->to = job->plan->count;
    return run_pass(job, job->layout, quell_tile_run);
}

/* Returns whether a run that chooses its own steps would call functions of the host which must be
 * called in the host's thread. */
static bool calls_the_host(const quell_sampler *sampler)
{
    return sampler->denoiser->whole_batch || sampler->schedule->function;
}

/* Returns how many helpers an evaluation can use if there are fewer samples than workers. The
 * host's own threads may run one after the other, so they do not help. */
static size_t helpers_of(struct quell_job *job)
{
    if (job->run.parallel || job->workers <= job->draw.count) return 0;
    return quell_denoiser_helpers(job->sampler->denoiser, NULL, &job->per_help);
}

/* Makes the other workers helpers, if there are fewer tiles than workers. At most as many threads
 * as there are processors take part, because waiting threads would take processor time from working
 * ones. */
static quell_status gather_crews(struct quell_job *job, size_t workers, size_t helpers)
{
    size_t tiles = job->layout.tiles, processors = quell_openmp_processors();
    if (processors && workers > processors) workers = processors;
    if (!helpers || job->layout.op_major || tiles >= workers) return QUELL_OK;
    size_t most = workers / tiles - 1;
    if (helpers > most) helpers = most;
    if (!helpers) return QUELL_OK;
    job->workers = tiles * (helpers + 1);
    return quell_job_gather_crews(job, helpers, quell_openmp_passive() ? 0 : SPIN);
}

/* Runs a plan on x[count][dim]. */
static quell_status run_plan(struct quell_job *job, const struct quell_plan *plan)
{
    if (!job->draw.count) return QUELL_OK;
    job->plan = plan;
    job->transition = 0;
    enum quell_cut cut = plan->cut;
    if (cut == QUELL_ANY_PART && job->sampler->threshold.quantile > 0) cut = QUELL_WHOLE_SAMPLES;
    if (cut == QUELL_ONE_SAMPLE) job->run.tile = 1;
    if (cut == QUELL_ONE_SAMPLE && calls_the_host(job->sampler)) job->workers = 1;
    size_t workers = job->workers, helpers = helpers_of(job);
    job->layout = quell_layout_plan(job->sampler->denoiser, job->draw.count, workers, helpers,
                                    job->run.tile, cut);
    limit_workers(job);
    size_t transitions = quell_plan_steps(plan);
    quell_watch_begin(&job->watch, &job->run, (uint64_t)transitions * job->draw.count);
    if (!transitions) job->watch.call = "denoise", job->watch.transitions = false;
    quell_status status = quell_job_find_streams(job);
    if (!status) status = quell_job_allocate(job, plan->registers, true);
    if (!status) status = gather_crews(job, workers, helpers);
    if (!status) status = job->layout.op_major ? run_op_major(job) : run_tile_major(job);
    if (!status) status = quell_watch_end(&job->watch, &job->streams);
    quell_job_release(job);
    return status;
}

quell_status quell_prior_draw(const quell_sampler *sampler, const quell_draw *draw,
                              const quell_run *run, float *x)
{
    struct quell_job job = {0};
    quell_status status = prepare(&job, sampler, draw, run, x);
    if (status || !job.draw.count) return status;
    job.run.progress = NULL;
    job.layout = quell_layout_elements(job.dim, job.draw.count, job.run.tile);
    limit_workers(&job);
    quell_watch_begin(&job.watch, &job.run, 0);
    status = quell_job_find_streams(&job);
    if (!status) status = quell_job_allocate(&job, 1, false);
    if (!status) status = run_pass(&job, job.layout, quell_tile_init);
    quell_job_release(&job);
    return status;
}

quell_status quell_sample_prior(const quell_sampler *sampler, const quell_draw *draw,
                                const quell_run *run, float *x)
{
    quell_status status = sampler ? quell_prior_check(sampler) : QUELL_OK;
    return status ? status : quell_prior_draw(sampler, draw, run, x);
}

quell_status quell_run_check(const quell_sampler *sampler, const quell_draw *draw, int from,
                             float *x)
{
    struct quell_job job = {0};
    quell_status status = quell_run_prepare(&job, sampler, draw, NULL, x);
    return status || from ? status : quell_prior_check(sampler);
}

quell_status quell_sample_part(const quell_sampler *sampler, const quell_draw *draw,
                               const quell_run *run, int from, size_t before, float *x)
{
    struct quell_job job = {.given = from, .before = before};
    quell_status status = quell_run_prepare(&job, sampler, draw, run, x);
    if (!status && !from) status = quell_sample_prior(sampler, draw, run, x);
    return status ? status : run_plan(&job, &sampler->plan);
}

quell_status quell_sample_from(const quell_sampler *sampler, const quell_draw *draw,
                               const quell_run *run, float *x)
{
    return quell_sample_part(sampler, draw, run, 1, 0, x);
}

quell_status quell_sample(const quell_sampler *sampler, const quell_draw *draw,
                          const quell_run *run, float *x)
{
    return quell_sample_part(sampler, draw, run, 0, 0, x);
}

/* Makes a step from a time to itself: x stays, but must be finite, as for any other step. */
static quell_status stay(struct quell_job *job)
{
    size_t size = job->draw.count * job->dim,
           i = quell_first_not_finite(job->kernels, job->x, size);
    if (i == size) return QUELL_OK;
    job->run.progress = NULL;
    quell_watch_begin(&job->watch, &job->run, 0);
    quell_watch_given(&job->watch, job->x, i, job->dim, job->draw.first, 0);
    return quell_watch_end(&job->watch, NULL);
}

/* Finds the two points of a step from t to s. If a transition of the sampler's grid goes from t to
 * s, they are the grid's: its last point may have sigma = 0, where no time of the schedule has it.
 * Else they are the schedule's. */
static quell_status find_ends(const quell_sampler *sampler, double t, double s, quell_point ends[2])
{
    size_t low = 0, high = sampler->steps; /* the first point whose time is at most t is in here */
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (sampler->grid[middle].t > t)
            low = middle + 1;
        else
            high = middle;
    }
    for (size_t i = low; i < sampler->steps && sampler->grid[i].t == t; i++)
        if (sampler->grid[i + 1].t == s) {
            memcpy(ends, sampler->grid + i, 2 * sizeof *ends);
            return QUELL_OK;
        }
    quell_status status = quell_schedule_point(sampler->schedule, t, &ends[0]);
    return status ? status : quell_schedule_point(sampler->schedule, s, &ends[1]);
}

quell_status quell_step(const quell_sampler *sampler, const quell_draw *draw, const quell_run *run,
                        double t, double s, float *x)
{
    char from[QUELL_NUMBER_TEXT], to[QUELL_NUMBER_TEXT];
    struct quell_job job = {.given = true};
    quell_status status = quell_run_prepare(&job, sampler, draw, run, x);
    if (status) return status;
    if (!(t >= s && t <= 1 && s >= 0))
        return quell_fail(QUELL_BAD_ARGUMENT, "step: t = %s, s = %s; needs 1 >= t >= s >= 0",
                          quell_number_text(t, from), quell_number_text(s, to));
    QUELL_OWN_FLOATS;
    quell_point ends[2];
    struct quell_plan plan = {0};
    status = find_ends(sampler, t, s, ends);
    if (!status && t == s && ends[0].sigma == ends[1].sigma) return stay(&job);
    if (!status) status = quell_sampler_plan(sampler, ends, 1, &plan);
    if (!status) status = run_plan(&job, &plan);
    quell_plan_free(&plan);
    return status;
}

quell_status quell_denoise(const quell_sampler *sampler, const quell_draw *draw,
                           const quell_run *run, double t, const float *x, float *out)
{
    struct quell_job job = {.given = true, .array = "denoise: out"};
    quell_status status = quell_run_prepare(&job, sampler, draw, run, out);
    if (status) return status;
    if (job.draw.count && !x) return quell_fail(QUELL_BAD_ARGUMENT, "denoise: x is NULL");
    size_t bytes = job.draw.count * job.dim * sizeof *x;
    if (x != out && quell_overlap(x, bytes, out, bytes))
        return quell_fail(QUELL_BAD_ARGUMENT,
                          "denoise: out overlaps x in part; it must be x, or another array");
    QUELL_OWN_FLOATS;
    quell_point point;
    status = quell_schedule_point(sampler->schedule, t, &point);
    if (status) return status;
    struct quell_plan plan = quell_plan_begin(sampler->schedule);
    quell_term mean = {1, quell_plan_denoise(&plan, QUELL_STATE, &point)};
    quell_plan_combine(&plan, QUELL_STATE, 1, &mean, 0, NULL);
    status = plan.status ? plan.status : quell_sampler_check(sampler->denoiser, &point);
    if (!status && job.draw.count) {
        if (out != x) memcpy(out, x, bytes);
        status = run_plan(&job, &plan);
    }
    quell_plan_free(&plan);
    return status;
}
