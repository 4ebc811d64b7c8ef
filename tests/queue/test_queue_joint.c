/* SPDX-License-Identifier: MIT */
/* Requests for one network by different samplers, with other guidance and other numbers of steps,
 * some of which begin while others are on their way: all are in one run, and each has the bits, or
 * the failure, that it has alone. */
#include "asking.h"
#include "harness.h"
#include "models.h"
#include "small_networks.h"

#include "denoisers/program_denoiser.h"
#include "programs/kind.h"

#include <math.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

enum { KINDS = 6, REQUESTS = 18, MOST_COUNT = 5, MOST_DIM = SMALL_NETWORK_MOST_DIM };

/* The samplers: of the network itself, and guided by itself with two weights. */
struct setting {
    quell_denoiser *plain, *guided[2];
    quell_schedule *schedule;
    quell_sampler *sampler[KINDS];
    size_t dim;
};

static quell_denoiser *guide(const quell_denoiser *plain, double weight)
{
    quell_denoiser *guided;
    quell_guidance guidance = quell_guidance_defaults();
    guidance.weight = weight;
    guidance.high = 0.8;
    MUST(quell_denoiser_from_guidance(&guided, plain, NULL, &guidance));
    return guided;
}

/* A network, or one that is guided by another one. */
static quell_denoiser *basis(const char *network, const char *other)
{
    quell_denoiser *plain = small_network_denoiser(network), *second, *guided;
    if (!other) return plain;
    second = small_network_denoiser(other);
    quell_guidance guidance = quell_guidance_defaults();
    guidance.weight = 1.5;
    MUST(quell_denoiser_from_guidance(&guided, plain, second, &guidance));
    quell_denoiser_free(plain);
    quell_denoiser_free(second);
    return guided;
}

static void set_up(struct setting *at, const char *network, const char *other)
{
    at->plain = basis(network, other);
    at->guided[0] = guide(at->plain, 2);
    at->guided[1] = guide(at->plain, 3.5);
    at->schedule = must_schedule("vp");
    at->dim = quell_denoiser_dim(at->plain);
    at->sampler[0] = must_sampler("ddim", at->plain, at->schedule, 5);
    at->sampler[1] = must_sampler("dpmpp_2m", at->guided[0], at->schedule, 7);
    at->sampler[2] = must_sampler("ddpm", at->plain, at->schedule, 4);
    at->sampler[3] = must_sampler("heun", at->guided[1], at->schedule, 3);
    at->sampler[4] = must_sampler("euler_a", at->guided[0], at->schedule, 2);
    at->sampler[5] = must_sampler("unipc", at->guided[1], at->schedule, 9);
}

static void tear_down(struct setting *at)
{
    for (size_t i = 0; i < KINDS; i++) quell_sampler_free(at->sampler[i]);
    for (size_t i = 0; i < 2; i++) quell_denoiser_free(at->guided[i]);
    quell_denoiser_free(at->plain);
    quell_schedule_free(at->schedule);
}

/* Requests, the first of which are submitted by the test, and the others by its observer. */
struct asking {
    const struct setting *at;
    quell_queue *queue;
    quell_draw draw[REQUESTS];
    int32_t classes[REQUESTS][MOST_COUNT];
    float x[REQUESTS][MOST_COUNT * MOST_DIM];
    quell_ticket *ticket[REQUESTS];
    size_t submitted;
    pthread_mutex_t lock;
};

static int submit_one(struct asking *asking);

/* Submits another request at each transition. */
static int look(void *user, size_t transition, const quell_point *s, const quell_call *told,
                const float *x)
{
    (void)transition, (void)s, (void)told, (void)x;
    return submit_one(user);
}

static int submit_one(struct asking *asking)
{
    pthread_mutex_lock(&asking->lock);
    size_t i = asking->submitted;
    asking->submitted += i < REQUESTS;
    pthread_mutex_unlock(&asking->lock);
    if (i == REQUESTS) return 0;
    quell_request request =
        request_for(asking->at->sampler[i % KINDS], &asking->draw[i], asking->x[i]);
    request.client = i % 4;
    request.observe = look;
    request.observe_user = asking;
    MUST(quell_queue_submit(asking->queue, &request, &asking->ticket[i]));
    return 0;
}

static void ask(struct asking *asking, size_t first)
{
    pthread_mutex_init(&asking->lock, NULL);
    for (size_t i = 0; i < REQUESTS; i++) {
        quell_draw *draw = &asking->draw[i];
        *draw = quell_draw_defaults();
        draw->seed = i;
        draw->first = 3 * i;
        draw->count = 1 + i * 7 % MOST_COUNT;
        for (size_t k = 0; k < MOST_COUNT; k++)
            asking->classes[i][k] = (int32_t)((i + k) % SMALL_NETWORK_CLASSES);
        draw->classes = asking->classes[i];
    }
    struct gate gate;
    gate_shut(&gate, asking->queue);
    for (size_t i = 0; i < first; i++) submit_one(asking);
    gate_open(&gate);
    gate_free(&gate);
    for (size_t i = 0; i < REQUESTS; i++) {
        for (bool there = false; !there;) {
            pthread_mutex_lock(&asking->lock);
            there = asking->submitted > i && asking->ticket[i];
            pthread_mutex_unlock(&asking->lock);
        }
        MUST(quell_ticket_wait(asking->ticket[i], -1));
        quell_ticket_free(asking->ticket[i]);
    }
    pthread_mutex_destroy(&asking->lock);
}

static void check_requests(const char *network, const char *other, size_t threads, size_t rows,
                           size_t first)
{
    struct setting at;
    static struct asking asking;
    float alone[MOST_COUNT * MOST_DIM];
    set_up(&at, network, other);
    memset(&asking, 0, sizeof asking);
    asking.at = &at;
    asking.queue = queue_of(threads, rows);
    ask(&asking, first);
    quell_queue_state state;
    quell_queue_look(asking.queue, &state);
    CHECK(state.runs == 2 || first == 1, "%s: %llu runs, not one for all", network,
          (unsigned long long)state.runs);
    for (size_t i = 0; i < REQUESTS; i++) {
        MUST(quell_sample(at.sampler[i % KINDS], &asking.draw[i], NULL, alone));
        CHECK(!memcmp(alone, asking.x[i], asking.draw[i].count * at.dim * sizeof *alone),
              "%s, %zu threads: request %zu has other bits than alone", network, threads, i);
    }
    quell_queue_free(asking.queue);
    tear_down(&at);
}

TEST(queue_joint, has_the_bits_of_each)
{
    check_requests("mlp", NULL, 1, 0, 5);
    check_requests("mlp", NULL, 2, 0, 7);
    check_requests("dit", NULL, 2, 0, 6);
    check_requests("unet", NULL, 2, 4, 9);
    check_requests("unet", NULL, 3, 0, 1);
    check_requests("mlp", "mlp_bf16", 2, 0, 7);
    check_requests("unet", "unet_int8", 2, 0, 6);
}

/* One request fails and one is cancelled on its way; the others have their samples. */
static int cancel(void *user, size_t transition, const quell_point *s, const quell_call *told,
                  const float *x)
{
    (void)user, (void)s, (void)told, (void)x;
    return transition == 2;
}

TEST(queue_joint, faults_are_each_ones_own)
{
    enum { COUNT = 2 };
    struct setting at;
    set_up(&at, "dit", NULL);
    float x[3][COUNT * MOST_DIM], alone[COUNT * MOST_DIM], failing[COUNT * MOST_DIM];
    quell_draw draw = quell_draw_defaults();
    int32_t classes[COUNT] = {1, 2};
    quell_queue *queue = queue_of(2, 0);
    quell_ticket *ticket[3];
    struct gate gate;
    draw.count = COUNT, draw.classes = classes, draw.first = 8;
    for (size_t i = 0; i < COUNT * at.dim; i++) x[0][i] = failing[i] = i ? 0.5f : NAN;
    gate_shut(&gate, queue);
    for (size_t i = 0; i < 3; i++) {
        quell_request request = request_for(at.sampler[2 * i], &draw, x[i]);
        request.from = i == 0;
        if (i == 1) request.sampler = at.sampler[5], request.observe = cancel;
        MUST(quell_queue_submit(queue, &request, &ticket[i]));
    }
    gate_open(&gate);
    gate_free(&gate);
    char message[512];
    CHECK(quell_sample_from(at.sampler[0], &draw, NULL, failing) == QUELL_NOT_FINITE, "not failed");
    strcpy(message, quell_error_message());
    CHECK(quell_ticket_wait(ticket[0], -1) == QUELL_NOT_FINITE &&
              !strcmp(message, quell_error_message()),
          "'%s', not '%s'", quell_error_message(), message);
    CHECK(quell_ticket_wait(ticket[1], -1) == QUELL_STOPPED, "%s", quell_error_message());
    MUST(quell_ticket_wait(ticket[2], -1));
    MUST(quell_sample(at.sampler[4], &draw, NULL, alone));
    CHECK(!memcmp(alone, x[2], COUNT * at.dim * sizeof *alone), "it has other bits than alone");
    for (size_t i = 0; i < 3; i++) quell_ticket_free(ticket[i]);
    quell_queue_free(queue);
    tear_down(&at);
}

/* A row of a list is named by its number in the request, whatever parts it was drawn in. */
TEST(queue_joint, names_the_row_that_fails)
{
    enum { COUNT = 5 };
    struct setting at;
    set_up(&at, "mlp", NULL);
    float x[COUNT * MOST_DIM], same[COUNT * MOST_DIM];
    const uint64_t seeds[COUNT] = {4, 9, 4, 30, 31}, indices[COUNT] = {0, 1, 7, 0, 8};
    quell_draw draw = quell_draw_defaults();
    quell_queue *queue = queue_of(1, 3);
    quell_ticket *ticket;
    char message[512];
    draw.count = COUNT, draw.seeds = seeds, draw.indices = indices;
    for (size_t i = 0; i < COUNT * at.dim; i++) x[i] = same[i] = i / at.dim == 4 ? NAN : 0.5f;
    CHECK(quell_sample_from(at.sampler[0], &draw, NULL, same) == QUELL_NOT_FINITE, "not failed");
    strcpy(message, quell_error_message());
    CHECK(strstr(message, "x[4][0] is nan"), "'%s'", message);
    quell_request request = request_for(at.sampler[0], &draw, x);
    request.from = 1;
    MUST(quell_queue_submit(queue, &request, &ticket));
    CHECK(quell_ticket_wait(ticket, -1) == QUELL_NOT_FINITE &&
              !strcmp(message, quell_error_message()),
          "'%s', not '%s'", quell_error_message(), message);
    quell_ticket_free(ticket);
    quell_queue_free(queue);
    tear_down(&at);
}

/* Calls of the first linear map of the samples, and their samples. */
static atomic_size_t passes, computed;

static void observe(const struct quell_program *program, const struct quell_instruction *now,
                    const struct quell_room *room, size_t samples, size_t workers)
{
    (void)room, (void)workers;
    for (const struct quell_instruction *i = program->instruction; i < now; i++)
        if (i->kind == now->kind && program->value[i->result].stage == QUELL_FROM_SAMPLE) return;
    if (now->kind != &quell_kind_linear || program->value[now->result].stage != QUELL_FROM_SAMPLE)
        return;
    atomic_fetch_add(&passes, 1);
    atomic_fetch_add(&computed, samples);
}

/* Requests of 5, 4 and 5 steps go over the weights 5 times, although each is at its own time. */
TEST(queue_joint, goes_over_the_weights_once)
{
    enum { COUNT = 2, ALL = 3 };
    struct setting at;
    set_up(&at, "mlp", NULL);
    float x[ALL][COUNT * MOST_DIM];
    int32_t classes[COUNT] = {1, 2};
    quell_draw draw = quell_draw_defaults();
    quell_queue *queue = queue_of(1, 0);
    quell_ticket *ticket[ALL];
    struct gate gate;
    draw.count = COUNT, draw.classes = classes;
    gate_shut(&gate, queue);
    for (size_t i = 0; i < ALL; i++) {
        quell_request request = request_for(at.sampler[i == 1 ? 2 : 0], &draw, x[i]);
        MUST(quell_queue_submit(queue, &request, &ticket[i]));
    }
    atomic_store(&passes, 0);
    atomic_store(&computed, 0);
    quell_program_observe = observe;
    gate_open(&gate);
    gate_free(&gate);
    for (size_t i = 0; i < ALL; i++) {
        MUST(quell_ticket_wait(ticket[i], -1));
        quell_ticket_free(ticket[i]);
    }
    quell_queue_free(queue);
    quell_program_observe = NULL;
    CHECK(atomic_load(&passes) == 5, "%zu passes, not 5", atomic_load(&passes));
    CHECK(atomic_load(&computed) == 14 * COUNT, "%zu samples computed, not %d",
          atomic_load(&computed), 14 * COUNT);
    tear_down(&at);
}
