/* SPDX-License-Identifier: MIT */
/* Requests that begin from states of their own, and that are observed: in a run with others each
 * request has the samples, and its observer sees the states, that a run of its own would have. */
#include "asking.h"
#include "drawing.h"
#include "harness.h"
#include "models.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

enum { KINDS = 5, COUNT = 3, STEPS = 5, DIM = 2 };

/* What an observer has seen: the state after each transition, and whom it was told of. */
struct seen {
    float x[STEPS][COUNT][DIM];
    int32_t class[STEPS][COUNT];
    uint64_t index[STEPS][COUNT];
    size_t calls, stop_after;
};

static int look(void *user, size_t transition, const quell_point *s, const quell_call *told,
                const float *x)
{
    struct seen *seen = user;
    size_t first = told->first % 10;
    (void)s;
    for (size_t r = 0; r < told->rows; r++) {
        memcpy(seen->x[transition][first + r], x + r * DIM, DIM * sizeof *x);
        seen->class[transition][first + r] = told->classes ? told->classes[r] : -1;
        seen->index[transition][first + r] = told->indices ? told->indices[r] : told->first + r;
    }
    return __atomic_add_fetch(&seen->calls, 1, __ATOMIC_SEQ_CST) == seen->stop_after;
}

struct setting {
    quell_model *model;
    quell_schedule *schedule;
    quell_sampler *sampler;
    quell_queue *queue;
    struct gate gate;
};

static void set_up(struct setting *at)
{
    MUST(quell_model_load(&at->model, "builtin:rings"));
    at->schedule = must_schedule(quell_model_schedule(at->model));
    at->sampler = must_sampler("ddpm", quell_model_denoiser(at->model), at->schedule, STEPS);
    at->queue = queue_of(2, 0);
    gate_shut(&at->gate, at->queue);
}

static void tear_down(struct setting *at)
{
    gate_free(&at->gate);
    quell_queue_free(at->queue);
    quell_sampler_free(at->sampler);
    quell_schedule_free(at->schedule);
    quell_model_free(at->model);
}

static const int32_t classes[KINDS][COUNT] = {
    {0, 1, 0}, {1, 1, 1}, {-1, 0, -1}, {1, 0, 1}, {1, 1, 0}};

/* Of the last kind each sample has its own seed and index. */
static const uint64_t seeds[COUNT] = {3, 9, 3}, indices[COUNT] = {70, 2, 31};

static quell_draw draw_of(size_t k)
{
    quell_draw draw = quell_draw_defaults();
    draw.count = COUNT;
    draw.first = 10 * k;
    draw.classes = k == 1 ? NULL : classes[k];
    if (k < KINDS - 1) return draw;
    draw.first = 0;
    draw.seeds = seeds;
    draw.indices = indices;
    return draw;
}

static const float states[COUNT][DIM] = {{1, -2}, {0.5f, 0}, {-1, 3}};

/* The same alone, by a run. */
static void draw_alone(const struct setting *at, size_t k, float x[COUNT][DIM], struct seen *seen)
{
    quell_draw draw = draw_of(k);
    quell_run run = quell_run_defaults();
    run.observe = look;
    run.observe_user = seen;
    if (k % 2) {
        memcpy(x, states, sizeof states);
        MUST(quell_sample_from(at->sampler, &draw, &run, x[0]));
    } else {
        MUST(quell_sample(at->sampler, &draw, &run, x[0]));
    }
}

static void compare(const struct setting *at, size_t k, float x[COUNT][DIM],
                    const struct seen *seen)
{
    static struct seen own;
    float alone[COUNT][DIM];
    own = (struct seen){0};
    draw_alone(at, k, alone, &own);
    CHECK(!memcmp(alone, x, sizeof alone), "request %zu has other samples", k);
    CHECK(!memcmp(own.x, seen->x, sizeof own.x), "request %zu saw other states", k);
    CHECK(!memcmp(own.index, seen->index, sizeof own.index), "request %zu: other indices", k);
    CHECK(!memcmp(own.class, seen->class, sizeof own.class), "request %zu: other classes", k);
}

TEST(queue_observed, beside_others)
{
    struct setting at;
    static struct seen seen[KINDS];
    static float x[KINDS][COUNT][DIM];
    quell_draw draws[KINDS];
    quell_ticket *tickets[KINDS];
    memset(seen, 0, sizeof seen);
    set_up(&at);
    for (size_t k = 0; k < KINDS; k++) {
        draws[k] = draw_of(k);
        if (k % 2) memcpy(x[k], states, sizeof states);
        quell_request request = request_for(at.sampler, &draws[k], x[k][0]);
        request.from = k % 2;
        request.observe = look;
        request.observe_user = &seen[k];
        MUST(quell_queue_submit(at.queue, &request, &tickets[k]));
    }
    gate_open(&at.gate);
    for (size_t k = 0; k < KINDS; k++) {
        MUST(quell_ticket_wait(tickets[k], -1));
        quell_ticket_free(tickets[k]);
        compare(&at, k, x[k], &seen[k]);
    }
    quell_queue_state state;
    quell_queue_look(at.queue, &state);
    CHECK(state.runs == 2, "%llu runs, not one for all", (unsigned long long)state.runs);
    tear_down(&at);
}

/* Alone in its run, in parts of two samples. */
TEST(queue_observed, alone)
{
    struct setting at;
    static struct seen seen;
    static float x[COUNT][DIM];
    set_up(&at);
    quell_queue *queue = queue_of(1, 2);
    for (size_t k = 2; k < KINDS; k++) {
        quell_ticket *ticket;
        quell_draw draw = draw_of(k);
        quell_request request = request_for(at.sampler, &draw, x[0]);
        memcpy(x, states, sizeof states);
        memset(&seen, 0, sizeof seen);
        request.from = k % 2;
        request.observe = look;
        request.observe_user = &seen;
        MUST(quell_queue_submit(queue, &request, &ticket));
        MUST(quell_ticket_wait(ticket, -1));
        quell_ticket_free(ticket);
        compare(&at, k, x, &seen);
    }
    quell_queue_free(queue);
    gate_open(&at.gate);
    tear_down(&at);
}

/* An observer that stops ends its own request, and no other. */
TEST(queue_observed, stops)
{
    struct setting at;
    static struct seen seen[2];
    static float x[2][COUNT][DIM];
    quell_draw draws[2] = {draw_of(0), draw_of(2)};
    quell_ticket *tickets[2];
    memset(seen, 0, sizeof seen);
    seen[0].stop_after = 2;
    set_up(&at);
    for (size_t k = 0; k < 2; k++) {
        quell_request request = request_for(at.sampler, &draws[k], x[k][0]);
        request.observe = look;
        request.observe_user = &seen[k];
        MUST(quell_queue_submit(at.queue, &request, &tickets[k]));
    }
    gate_open(&at.gate);
    MUST(quell_ticket_wait(tickets[1], -1));
    compare(&at, 2, x[1], &seen[1]);
    quell_status status = quell_ticket_wait(tickets[0], -1);
    CHECK(seen[0].calls == 2, "%zu calls, not 2", seen[0].calls);
    CHECK(status == QUELL_STOPPED || status == QUELL_OK, "%s", quell_error_message());
    for (size_t k = 0; k < 2; k++) quell_ticket_free(tickets[k]);
    tear_down(&at);
}

static int fail(void *user, size_t transition, const quell_point *s, const quell_call *told,
                const float *x)
{
    (void)s, (void)told, (void)x;
    const bool *by_status = user;
    if (transition < 1) return 0;
    quell_status status = quell_error_set(QUELL_IO_FAILED, "the disk is full");
    return *by_status ? (int)status : -1;
}

/* One that fails ends its own request with what it said, in a joint run and in others. */
TEST(queue_observed, fails)
{
    struct setting at;
    float x[2][COUNT][DIM];
    quell_denoiser *denoiser = NULL;
    quell_ticket *tickets[2];
    set_up(&at);
    MUST(quell_denoiser_from_isotropic(&denoiser, DIM, NULL, 1));
    quell_sampler *other = must_sampler("ddpm", denoiser, at.schedule, STEPS);
    gate_open(&at.gate);
    for (int i = 0; i < 4; i++) {
        bool by_status = i & 1, joint = i & 2;
        quell_draw draw = draw_of(1);
        for (size_t k = 0; k < 2; k++) {
            quell_request request = request_for(joint ? at.sampler : other, &draw, x[k][0]);
            if (!k) request.observe = fail, request.observe_user = &by_status;
            MUST(quell_queue_submit(at.queue, &request, &tickets[k]));
        }
        quell_status status = quell_ticket_wait(tickets[0], -1);
        CHECK(status == QUELL_DENOISER_FAILED, "%d: %s", i, quell_status_name(status));
        CHECK(!strcmp(quell_error_message(), "run: sample 10, transition 1: the disk is full"),
              "%d: %s", i, quell_error_message());
        MUST(quell_ticket_wait(tickets[1], -1));
        for (size_t k = 0; k < 2; k++) quell_ticket_free(tickets[k]);
    }
    quell_sampler_free(other);
    quell_denoiser_free(denoiser);
    tear_down(&at);
}

/* From the middle of the way x depends on the law of X, which a request that has its states need
 * not give. */
TEST(queue_observed, half_way)
{
    struct setting at;
    static float x[COUNT][DIM], alone[COUNT][DIM];
    quell_sampler_options options = quell_sampler_defaults();
    quell_sampler *sampler = NULL;
    quell_draw draw = quell_draw_defaults();
    quell_ticket *ticket;
    set_up(&at);
    options.start = 0.5, options.steps = STEPS;
    MUST(quell_sampler_create(&sampler, "ddim", quell_model_denoiser(at.model), at.schedule,
                              &options));
    draw.count = COUNT;
    memcpy(x, states, sizeof states);
    memcpy(alone, states, sizeof states);
    MUST(quell_sample_from(sampler, &draw, NULL, alone[0]));
    quell_request request = request_for(sampler, &draw, x[0]);
    CHECK(quell_queue_submit(at.queue, &request, NULL) == QUELL_BAD_ARGUMENT, "without states");
    request.from = 1;
    gate_open(&at.gate);
    MUST(quell_queue_submit(at.queue, &request, &ticket));
    MUST(quell_ticket_wait(ticket, -1));
    CHECK(!memcmp(x, alone, sizeof x), "other samples than alone");
    quell_ticket_free(ticket);
    tear_down(&at);
    quell_sampler_free(sampler);
}

TEST(queue_observed, refused)
{
    struct setting at;
    float x[COUNT][DIM];
    set_up(&at);
    quell_request request = request_for(at.sampler, NULL, x[0]);
    request.observe_user = x;
    CHECK(quell_queue_submit(at.queue, &request, NULL) == QUELL_BAD_ARGUMENT &&
              strstr(quell_error_message(), "observe_user is set"),
          "%s", quell_error_message());
    request.observe_user = NULL;
    request.from = 2;
    CHECK(quell_queue_submit(at.queue, &request, NULL) == QUELL_BAD_ARGUMENT &&
              strstr(quell_error_message(), "from is 2, must be 0 or 1"),
          "%s", quell_error_message());
    gate_open(&at.gate);
    tear_down(&at);
}
