/* SPDX-License-Identifier: MIT */
/* Queues: whatever other requests there are, a request has the samples that quell_sample draws for
 * it alone, and the same status. */
#include "asking.h"
#include "conditioned.h"
#include "drawing.h"
#include "harness.h"
#include "models.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* ---- The same bits ---- */

enum { REQUESTS = 24, ASKERS = 3, MOST_COUNT = 40 };

/* What is asked for, at random but the same each time: streams of their own, lists of seeds and
 * indices, and a few samples or many. */
struct wish {
    quell_draw draw;
    uint64_t seeds[MOST_COUNT], indices[MOST_COUNT];
};

static void make_wish(struct wish *wish, uint64_t *state)
{
    wish->draw = quell_draw_defaults();
    wish->draw.count = (size_t)(uniform(state) * MOST_COUNT);
    for (size_t i = 0; i < MOST_COUNT; i++) {
        wish->seeds[i] = (uint64_t)(4 * uniform(state));
        wish->indices[i] = (uint64_t)(1e6 * uniform(state));
    }
    wish->draw.seed = wish->seeds[0];
    wish->draw.first = wish->indices[0];
    if (uniform(state) < 0.3) {
        wish->draw.seed = 0;
        wish->draw.seeds = wish->seeds;
    }
    if (uniform(state) < 0.3) {
        wish->draw.first = 0;
        wish->draw.indices = wish->indices;
    }
}

/* Some threads ask for the same samplers at the same time; each compares what it gets. */
struct asker {
    quell_queue *queue;
    quell_sampler **samplers;
    size_t number, kinds;
    char wrong[200];
};

static void compare(struct asker *asker, const quell_sampler *sampler, const quell_draw *draw,
                    const float *x)
{
    size_t bytes = draw->count * quell_sampler_dim(sampler) * sizeof *x;
    float *alone = malloc(bytes + 1);
    quell_run run = quell_run_defaults();
    run.threads = 1;
    if (quell_sample(sampler, draw, &run, alone) || memcmp(alone, x, bytes) != 0)
        snprintf(asker->wrong, sizeof asker->wrong, "%zu samples of seed %llu from %llu differ",
                 draw->count, (unsigned long long)draw->seed, (unsigned long long)draw->first);
    free(alone);
}

static void *ask(void *data)
{
    struct asker *asker = data;
    uint64_t state = 77 + asker->number;
    struct wish *wishes = calloc(REQUESTS, sizeof *wishes);
    quell_ticket *tickets[REQUESTS];
    const quell_sampler *samplers[REQUESTS];
    float *x[REQUESTS];
    for (size_t i = 0; i < REQUESTS; i++) {
        make_wish(&wishes[i], &state);
        samplers[i] = asker->samplers[(size_t)(uniform(&state) * (double)asker->kinds)];
        x[i] = calloc(MOST_COUNT * quell_sampler_dim(samplers[i]), sizeof(float));
        quell_request request = request_for(samplers[i], &wishes[i].draw, x[i]);
        request.client = asker->number;
        if (quell_queue_submit(asker->queue, &request, &tickets[i]))
            snprintf(asker->wrong, sizeof asker->wrong, "%.190s", quell_error_message());
    }
    for (size_t i = 0; i < REQUESTS && !*asker->wrong; i++) {
        if (quell_ticket_wait(tickets[i], -1))
            snprintf(asker->wrong, sizeof asker->wrong, "%.190s", quell_error_message());
        if (quell_ticket_drawn(tickets[i]) != wishes[i].draw.count)
            snprintf(asker->wrong, sizeof asker->wrong, "not all samples were drawn");
        compare(asker, samplers[i], &wishes[i].draw, x[i]);
        quell_ticket_free(tickets[i]);
    }
    for (size_t i = 0; i < REQUESTS; i++) free(x[i]);
    free(wishes);
    return NULL;
}

static void ask_together(quell_queue *queue, quell_sampler **samplers, size_t kinds)
{
    struct asker askers[ASKERS];
    pthread_t threads[ASKERS];
    for (size_t i = 0; i < ASKERS; i++) {
        askers[i] = (struct asker){queue, samplers, i, kinds, ""};
        CHECK(!pthread_create(&threads[i], NULL, ask, &askers[i]), "no thread");
    }
    for (size_t i = 0; i < ASKERS; i++) pthread_join(threads[i], NULL);
    for (size_t i = 0; i < ASKERS; i++)
        CHECK(!*askers[i].wrong, "asker %zu: %s", i, askers[i].wrong);
}

TEST(queue, same_bits)
{
    static const char *const specs[] = {"ddpm",         "dpmpp_2m", "unipc",
                                        "dpm_adaptive", "restart",  "pc"};
    struct model model = model_new("mixture", 5);
    quell_denoiser *denoiser = model_denoiser(&model);
    quell_schedule *schedule = must_schedule("vp");
    quell_sampler *samplers[sizeof specs / sizeof *specs];
    size_t kinds = sizeof specs / sizeof *specs;
    for (size_t i = 0; i < kinds; i++)
        samplers[i] = must_sampler(specs[i], denoiser, schedule, steps_for(specs[i], 6));
    for (size_t rows = 0; rows < 12; rows += 7) {
        quell_queue *queue = queue_of(2, rows);
        ask_together(queue, samplers, kinds);
        quell_queue_state state;
        quell_queue_look(queue, &state);
        CHECK(!state.requests && !state.samples && !state.busy, "%zu samples are left in the queue",
              state.samples);
        quell_queue_free(queue);
    }
    for (size_t i = 0; i < kinds; i++) quell_sampler_free(samplers[i]);
    quell_denoiser_free(denoiser);
    quell_schedule_free(schedule);
    model_free(&model);
}

/* ---- Classes and conditions ---- */

/* Requests with one value for all and one for each of two conditions, `rows` samples at a time. */
static void ask_with_conditions(size_t rows, size_t runs)
{
    enum { EACH = 3, KINDS = 3, DIM = CONDITIONED_DIM };
    quell_model *model = conditioned_model("");
    quell_sampler *sampler = conditioned_sampler(quell_model_denoiser(model), "ddpm", 5);
    quell_queue *queue = queue_of(2, rows);
    struct gate gate;
    gate_shut(&gate, queue);
    float means[2 * EACH * DIM], variances[EACH] = {0.5f, 1, 2}, x[KINDS][EACH * DIM];
    for (size_t i = 0; i < sizeof means / sizeof *means; i++) means[i] = (float)i / 4;
    quell_condition told[KINDS][2];
    quell_draw draws[KINDS];
    quell_ticket *tickets[KINDS];
    for (size_t k = 0; k < KINDS; k++) {
        told[k][0] = (quell_condition){"mean", means + k * DIM, k == 1 ? 0 : EACH, DIM};
        told[k][1] =
            (quell_condition){"variance", k == 2 ? variances : variances + k, k == 2 ? EACH : 0, 1};
        draws[k] = quell_draw_defaults();
        draws[k].count = EACH;
        draws[k].seed = k;
        draws[k].conditions = told[k];
        draws[k].condition_count = 2;
        quell_request request = request_for(sampler, &draws[k], x[k]);
        MUST(quell_queue_submit(queue, &request, &tickets[k]));
    }
    gate_open(&gate);
    for (size_t k = 0; k < KINDS; k++) {
        float alone[EACH * DIM];
        MUST(quell_ticket_wait(tickets[k], -1));
        MUST(quell_sample(sampler, &draws[k], NULL, alone));
        CHECK(!memcmp(alone, x[k], sizeof alone), "request %zu differs", k);
        quell_ticket_free(tickets[k]);
    }
    quell_queue_state state;
    quell_queue_look(queue, &state);
    CHECK(state.runs == 1 + runs && state.drawn == 1 + KINDS * EACH,
          "%llu samples in %llu runs: they were not drawn together",
          (unsigned long long)state.drawn, (unsigned long long)state.runs);
    gate_free(&gate);
    quell_queue_free(queue);
    quell_sampler_free(sampler);
    quell_model_free(model);
}

TEST(queue, conditions)
{
    ask_with_conditions(0, 1);
    ask_with_conditions(4, 1);
    ask_with_conditions(2, 1);
}

/* Points with a class, without one, and guided away from another. */
TEST(queue, classes)
{
    enum { COUNT = 3, KINDS = 4 };
    quell_model *model;
    MUST(quell_model_load(&model, "builtin:rings"));
    quell_denoiser *guided;
    quell_guidance guidance = quell_guidance_defaults();
    guidance.weight = 2;
    MUST(quell_denoiser_from_guidance(&guided, quell_model_denoiser(model), NULL, &guidance));
    quell_schedule *schedule = must_schedule(quell_model_schedule(model));
    quell_sampler *sampler = must_sampler("dpmpp_2m", guided, schedule, 4);
    size_t dim = quell_sampler_dim(sampler);
    quell_queue *queue = queue_of(2, 0);
    struct gate gate;
    gate_shut(&gate, queue);
    static const int32_t classes[KINDS][COUNT] = {{0, 1, 0}, {1, 1, 1}, {-1, 0, -1}, {1, 0, 1}};
    static const int32_t negative[COUNT] = {0, 1, -1};
    float *x = calloc((KINDS + 1) * COUNT * dim, sizeof *x), *alone = x + KINDS * COUNT * dim;
    quell_draw draws[KINDS];
    quell_ticket *tickets[KINDS];
    for (size_t k = 0; k < KINDS; k++) {
        draws[k] = quell_draw_defaults();
        draws[k].count = COUNT;
        draws[k].first = 10 * k;
        draws[k].classes = classes[k];
        if (k == 3) draws[k].negative_classes = negative;
        quell_request request = request_for(sampler, &draws[k], x + k * COUNT * dim);
        MUST(quell_queue_submit(queue, &request, &tickets[k]));
    }
    gate_open(&gate);
    for (size_t k = 0; k < KINDS; k++) {
        MUST(quell_ticket_wait(tickets[k], -1));
        MUST(quell_sample(sampler, &draws[k], NULL, alone));
        CHECK(!memcmp(alone, x + k * COUNT * dim, COUNT * dim * sizeof *x), "request %zu differs",
              k);
        quell_ticket_free(tickets[k]);
    }
    quell_queue_state state;
    quell_queue_look(queue, &state);
    CHECK(state.runs == 2, "%llu runs, not one for all", (unsigned long long)state.runs);
    gate_free(&gate);
    quell_queue_free(queue);
    free(x);
    quell_sampler_free(sampler);
    quell_schedule_free(schedule);
    quell_denoiser_free(guided);
    quell_model_free(model);
}

/* One sample that all threads compute together: any of them may hear that it is cancelled. */
TEST(queue, one_cancelled)
{
    quell_model *model;
    quell_ticket *ticket;
    MUST(quell_model_load(&model, "builtin:glyphs"));
    quell_schedule *schedule = must_schedule(quell_model_schedule(model));
    quell_sampler *sampler = must_sampler("ddim", quell_model_denoiser(model), schedule, 3000);
    float *x = calloc(quell_sampler_dim(sampler), sizeof *x);
    quell_queue *queue = queue_of(2, 0);
    quell_request request = request_for(sampler, NULL, x);
    MUST(quell_queue_submit(queue, &request, &ticket));
    quell_queue_state state = {0};
    while (!state.busy) quell_queue_look(queue, &state);
    quell_ticket_cancel(ticket);
    CHECK(quell_ticket_wait(ticket, -1) == QUELL_STOPPED, "all of it was drawn");
    quell_ticket_free(ticket);
    quell_queue_free(queue);
    free(x);
    quell_sampler_free(sampler);
    quell_schedule_free(schedule);
    quell_model_free(model);
}
