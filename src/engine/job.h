/* SPDX-License-Identifier: MIT */
/* A run as its workers see it: what to compute, and where the memory is. For tiles see tile.h. */
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
    /* Indices of the streams, if the draw has seeds without indices; else NULL. */
    uint64_t *indices;
    /* The conditions of the samples, and those that guidance leads away from. */
    struct quell_told told, against;
    size_t dim, workers;
    float *x;
    const char *array; /* what messages call x; NULL stands for "run: x" */
    bool given;        /* x comes from the caller and was not drawn */
    size_t before;     /* rows of the whole request before these, for messages */
    struct quell_layout layout;
    struct quell_watch watch;

    float *batch;             /* if op_major: registers 1, 2, ..., each [count][dim] */
    struct quell_crew *crews; /* [layout.tiles], if each tile has a crew; else NULL */
    char *help;               /* scratch memory of the helpers in all crews */
    /* Number of helpers in each crew, and bytes of scratch memory for each. */
    size_t helpers, per_help;
    struct quell_share *shares; /* [workers] */
    char *memory; /* for each worker: registers or scratch, noise, the denoiser's scratch */
    size_t per_worker, per_scratch, scratch_at, constants_at, kept_at;

    size_t transition; /* the index of the first transition in this pass */
    size_t from, to;   /* this pass runs the operations from, ..., to - 1 of the plan */
    struct quell_layout pass;
    size_t pass_workers;
};

/* Checks the caller's draw and run and the classes and conditions in the draw, and copies what does
 * not depend on the plan (run.c). */
quell_status quell_run_prepare(struct quell_job *job, const quell_sampler *sampler,
                               const quell_draw *draw, const quell_run *run, float *x);

/* Allocates the memory of a run for the job's layout and a plan with this number of registers,
 * without touching it. Release it with quell_job_release, also after a failure. */
quell_status quell_job_allocate(struct quell_job *job, unsigned registers, bool evaluates);
void quell_job_release(struct quell_job *job);

/* Finds the streams that the samples belong to. quell_job_release frees the memory for them. */
quell_status quell_job_find_streams(struct quell_job *job);

/* Gives each tile of the job's layout a crew with this many helpers, and allocates their memory. */
quell_status quell_job_gather_crews(struct quell_job *job, size_t helpers, int64_t spin);

/* Zeroes a worker's memory. Each worker does this itself, once, so that the operating system puts
 * the pages near the worker's processor. */
void quell_job_touch(struct quell_job *job, size_t worker);

/* Returns whether several threads of quell run the pass. If the host runs the workers on its own
 * threads, the host is responsible for how these behave. */
static inline bool quell_job_shared(const struct quell_job *job)
{
    return (job->pass_workers > 1 || job->crews) && !job->run.parallel;
}

#endif
