/* SPDX-License-Identifier: MIT */
/* A run as its workers see it: what to do, and where its memory is. tile.h has the tiles. */
#ifndef QUELL_ENGINE_JOB_H
#define QUELL_ENGINE_JOB_H

#include "layout.h"
#include "noise.h"
#include "sampler.h"
#include "shares.h"
#include "watch.h"

struct quell_job {
    const quell_sampler *sampler;
    const struct quell_plan *plan;
    const struct quell_kernels *kernels;
    quell_draw draw;
    quell_run run;
    struct quell_streams streams;
    uint64_t *indices;               /* of the streams, if the draw has seeds alone; else NULL */
    struct quell_told told, against; /* what the samples are told, and what against */
    size_t dim, workers;
    float *x;
    const char *array; /* what messages call x; NULL: "run: x" */
    bool given;        /* x, by the caller: it was not drawn */
    size_t before;     /* rows of the request before these, for messages */
    struct quell_layout layout;
    struct quell_watch watch;

    float *batch;               /* op-major: registers 1, 2, ..., [count][dim] each */
    struct quell_crew *crews;   /* [layout.tiles], if each tile has one; else NULL */
    char *help;                 /* the scratch memory of the crews' helpers */
    size_t helpers, per_help;   /* of each crew, and for each of them, in bytes */
    struct quell_share *shares; /* [workers] */
    char *memory; /* for each worker: registers or scratch, noise, the denoiser's scratch */
    size_t per_worker, per_scratch, scratch_at, constants_at, kept_at;

    size_t transition; /* the number of the first transition in this pass */
    size_t from, to;   /* the operations of this pass */
    struct quell_layout pass;
    size_t pass_workers;
};

/* Checks the caller's draw and run, and what the draw tells the denoiser, and copies from them what
 * does not depend on the plan (run.c). */
quell_status quell_run_prepare(struct quell_job *job, const quell_sampler *sampler,
                               const quell_draw *draw, const quell_run *run, float *x);

/* Allocates the memory of a run for the job's layout and a plan with this number of registers,
 * without touching it. Release it with quell_job_release, also after a failure. */
quell_status quell_job_allocate(struct quell_job *job, unsigned registers, bool evaluates);
void quell_job_release(struct quell_job *job);

/* Finds the streams that the samples belong to, in memory that quell_job_release frees. */
quell_status quell_job_find_streams(struct quell_job *job);

/* Gives each tile of the job's layout a crew with so many helpers, and allocates their memory. */
quell_status quell_job_gather_crews(struct quell_job *job, size_t helpers, int64_t spin);

/* Zeroes a worker's memory. Each worker does so itself, once, so that the pages are near its
 * processor. */
void quell_job_touch(struct quell_job *job, size_t worker);

/* Whether several threads of quell run the pass. If the host runs it on its own threads, how these
 * behave is the host's responsibility. */
static inline bool quell_job_shared(const struct quell_job *job)
{
    return (job->pass_workers > 1 || job->crews) && !job->run.parallel;
}

#endif
