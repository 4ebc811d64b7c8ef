/* SPDX-License-Identifier: MIT */
/* Every allocation made to fail, one after the other: a status, no leak, handles still usable.
 *
 * A scenario is run with its first allocation failing, then its second, and so on until it gets
 * through without a failure. An executable of its own, because of wrap_malloc.c. */
#include "harness.h"
#include "wrap_malloc.h"
#include "memory_parts.h"
#include "names.h"

#include <quell/quell.h>

#include <stdio.h>
#include <string.h>

/* A handle that a failing constructor must leave as it was. */
#define UNTOUCHED(type) ((type *)(void *)untouched)
static char untouched[1];

#define MADE(type, handle, call)            \
    do {                                    \
        type *handle = UNTOUCHED(type);     \
        quell_status status = call;         \
        if (!status)                        \
            type##_free(handle);            \
        else if (handle != UNTOUCHED(type)) \
            return QUELL_OK;                \
        return status;                      \
    } while (0)

static quell_status denoiser_scenario(void *data)
{
    MADE(quell_denoiser, denoiser, make_denoiser(*(size_t *)data, &denoiser));
}

TEST(memory, denoisers)
{
    for (size_t kind = 0; kind < DENOISERS; kind++) {
        char name[32];
        snprintf(name, sizeof name, "denoiser %zu", kind);
        every_allocation_fails(name, denoiser_scenario, &kind);
    }
}

static quell_status named_schedule(void *data)
{
    MADE(quell_schedule, schedule, quell_schedule_create(&schedule, data));
}

static quell_status table_schedule(void *data)
{
    MADE(quell_schedule, schedule, quell_schedule_from_betas(&schedule, 3, data));
}

static int straight(void *user, double t, double *alpha, double *sigma)
{
    (void)user;
    *alpha = 1 - t;
    *sigma = t;
    return 0;
}

static quell_status function_schedule(void *data)
{
    MADE(quell_schedule, schedule, quell_schedule_from_function(&schedule, straight, data, NULL));
}

TEST(memory, schedules)
{
    double betas[] = {0.1, 0.2, 0.3};
    char spec[64];
    const char *name;
    for (size_t i = 0; (name = schedule_name(i)); i++) {
        snprintf(spec, sizeof spec, "%s", name);
        every_allocation_fails(name, named_schedule, spec);
    }
    every_allocation_fails("from_betas", table_schedule, betas);
    every_allocation_fails("from_function", function_schedule, NULL);
}

static quell_status named_sampler(void *data)
{
    struct parts *p = data;
    MADE(quell_sampler, sampler,
         quell_sampler_create(&sampler, p->spec, p->denoiser, p->schedule, &p->options));
}

static int still(void *user, quell_plan *plan, const quell_point *grid, size_t steps)
{
    (void)user;
    for (size_t i = 0; i < steps; i++) {
        quell_point t = grid[i], s = grid[i + 1];
        quell_register_id x0 = quell_plan_denoise(plan, QUELL_STATE, &t);
        quell_term terms[] = {{0.5, QUELL_STATE}, {0.5, x0}};
        quell_plan_combine(plan, QUELL_STATE, 2, terms, 0, NULL);
        quell_plan_release(plan, x0);
        quell_plan_step(plan, &t, &s);
    }
    return 0;
}

static quell_status built_sampler(void *data)
{
    struct parts *p = data;
    MADE(quell_sampler, sampler,
         quell_sampler_from_builder(&sampler, still, NULL, NULL, p->denoiser, p->schedule,
                                    &p->options));
}

static quell_status stepped_sampler(void *data)
{
    struct parts *p = data;
    MADE(quell_sampler, sampler,
         quell_sampler_from_step(&sampler, restless, NULL, NULL, p->denoiser, p->schedule,
                                 &p->options));
}

TEST(memory, samplers)
{
    quell_denoiser *denoiser = NULL;
    CHECK(!make_denoiser(4, &denoiser), "%s", quell_error_message());
    struct parts parts = parts_new(denoiser);
    for (size_t i = 0; (parts.spec = sampler_name(i)); i++)
        for (int mode = 0; mode < 2; mode++) {
            parts.options.brownian = mode;
            parts.options.steps = strcmp(parts.spec, "dpm_adaptive") ? 5 : 0;
            /* Methods without noise, or with noise that is no part of a path, refuse. */
            if (mode && named_sampler(&parts) == QUELL_BAD_ARGUMENT) continue;
            every_allocation_fails(parts.spec, named_sampler, &parts);
        }
    parts.options.brownian = 0, parts.options.steps = 5;
    every_allocation_fails("from_builder", built_sampler, &parts);
    every_allocation_fails("from_step", stepped_sampler, &parts);
    parts_free(&parts);
}
