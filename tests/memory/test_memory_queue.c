/* SPDX-License-Identifier: MIT */
/* A queue without memory, and what may happen to a request and its network just as its run begins
 * or ends: moments that an allocation, or its absence, makes certain. */
#include "asking.h"
#include "harness.h"
#include "models.h"
#include "small_networks.h"
#include "wrap_malloc.h"

#include <stdatomic.h>
#include <string.h>

/* After so many refusals there is memory again, so that a queue that tries for ever is told from
 * one that fails. */
#define MANY 2000

#define LONG 120 /* seconds after which a request that has not ended hangs */

/* A network, and a request for one sample of it. */
struct setting {
    quell_denoiser *denoiser;
    quell_schedule *schedule;
    quell_sampler *sampler;
    quell_queue *queue;
    quell_draw draw;
    int32_t class;
    float x[SMALL_NETWORK_MOST_DIM], alone[SMALL_NETWORK_MOST_DIM];
    size_t bytes;
};

static void set_up(struct setting *at, size_t threads, const char *network, size_t steps)
{
    memset(at, 0, sizeof *at);
    at->denoiser = small_network_denoiser(network);
    at->schedule = must_schedule("vp");
    at->sampler = must_sampler("ddim", at->denoiser, at->schedule, steps);
    at->draw = quell_draw_defaults();
    at->draw.classes = &at->class;
    at->bytes = quell_denoiser_dim(at->denoiser) * sizeof *at->x;
    MUST(quell_sample(at->sampler, &at->draw, NULL, at->alone));
    at->queue = queue_of(threads, 0);
}

static void tear_down(struct setting *at)
{
    quell_queue_free(at->queue);
    quell_sampler_free(at->sampler);
    quell_schedule_free(at->schedule);
    quell_denoiser_free(at->denoiser);
}

static quell_ticket *submit(struct setting *at)
{
    quell_ticket *ticket;
    quell_request request = request_for(at->sampler, &at->draw, at->x);
    MUST(quell_queue_submit(at->queue, &request, &ticket));
    return ticket;
}

/* Without any memory a request fails, as in a run alone, and is not tried again and again. */
static void check_no_memory(size_t threads)
{
    struct setting at;
    struct gate gate;
    set_up(&at, threads, "mlp", 3);
    gate_shut(&gate, at.queue);
    quell_ticket *ticket = submit(&at);
    wrap_fail_next(MANY);
    gate_open(&gate);
    quell_status status = quell_ticket_wait(ticket, LONG);
    long refused = wrap_refused();
    wrap_failed();
    CHECK(status == QUELL_NO_MEMORY && strstr(quell_error_message(), "run: no memory for"),
          "%zu threads: %s, '%s'", threads, quell_status_name(status), quell_error_message());
    CHECK(refused && refused < 20, "%zu threads: %ld times it asked for memory", threads, refused);
    quell_ticket_free(ticket);
    ticket = submit(&at);
    MUST(quell_ticket_wait(ticket, LONG));
    CHECK(!memcmp(at.x, at.alone, at.bytes), "it has other bits than alone");
    quell_ticket_free(ticket);
    gate_free(&gate);
    tear_down(&at);
}

TEST(memory_queue, fails_without_any)
{
    check_no_memory(1);
    check_no_memory(2);
}

/* Of one allocation that fails a queue may make do; the request then has its bits. */
TEST(memory_queue, one_is_missing)
{
    struct setting at;
    bool failed = true;
    set_up(&at, 1, "mlp", 3);
    long before = wrap_live();
    for (long n = 1; failed; n++) {
        struct gate gate;
        gate_shut(&gate, at.queue);
        quell_ticket *ticket = submit(&at);
        wrap_fail_at(n);
        gate_open(&gate);
        quell_status status = quell_ticket_wait(ticket, LONG);
        failed = wrap_failed();
        CHECK(!status || (failed && status == QUELL_NO_MEMORY), "allocation %ld: %s (%s)", n,
              quell_status_name(status), quell_error_message());
        CHECK(status || !memcmp(at.x, at.alone, at.bytes), "allocation %ld: other bits", n);
        quell_ticket_free(ticket);
        gate_free(&gate);
        CHECK(n < 1000, "it never gets through");
        CHECK(n > 1 || failed, "no allocation was seen");
    }
    tear_down(&at);
    CHECK(wrap_live() < before, "blocks leaked");
}

static void cancel(void *ticket) { quell_ticket_cancel(ticket); }

/* Cancelled when the queue has chosen it, and has not begun its run yet: it is told of at once,
 * though nothing else happens in the queue. */
TEST(memory_queue, cancelled_as_its_run_begins)
{
    struct setting at;
    struct gate gate;
    set_up(&at, 1, "mlp", 3);
    gate_shut(&gate, at.queue);
    quell_ticket *ticket = submit(&at);
    wrap_call_when_asked(cancel, ticket);
    gate_open(&gate);
    quell_status status = quell_ticket_wait(ticket, LONG);
    CHECK(status == QUELL_STOPPED, "%s: %s", quell_status_name(status), quell_error_message());
    quell_queue_state state;
    quell_queue_look(at.queue, &state);
    CHECK(state.runs == 2 && state.drawn == 1, "%llu runs, %llu drawn: it was cancelled before",
          (unsigned long long)state.runs, (unsigned long long)state.drawn);
    wrap_call_when_asked(NULL, NULL);
    quell_ticket_free(ticket);
    gate_free(&gate);
    tear_down(&at);
}

/* A long request pauses for another one; when that has ended, there is no memory to go on. */
struct long_one {
    struct setting *at, *other;
    quell_ticket *ticket;
    _Atomic(quell_ticket *) other_ticket;
};

static void fail_from_now_on(void *user, const quell_answer *answer)
{
    (void)user;
    if (answer->ended) wrap_fail_next(MANY);
}

static int ask_the_other(void *user, size_t transition, const quell_point *s,
                         const quell_call *told, const float *x)
{
    struct long_one *one = user;
    quell_ticket *ticket;
    (void)s, (void)told, (void)x;
    if (transition != 3) return 0;
    quell_request request = request_for(one->other->sampler, &one->other->draw, one->other->x);
    request.answer = fail_from_now_on;
    MUST(quell_queue_submit(one->at->queue, &request, &ticket));
    atomic_store(&one->other_ticket, ticket);
    return 0;
}

TEST(memory_queue, none_to_go_on)
{
    struct setting at, other;
    set_up(&at, 1, "mlp", 400);
    set_up(&other, 1, "dit", 2);
    struct long_one one = {.at = &at, .other = &other};
    quell_request request = request_for(at.sampler, &at.draw, at.x);
    request.observe = ask_the_other;
    request.observe_user = &one;
    MUST(quell_queue_submit(at.queue, &request, &one.ticket));
    quell_status status = quell_ticket_wait(one.ticket, LONG);
    long refused = wrap_refused();
    wrap_failed();
    CHECK(status == QUELL_NO_MEMORY && !strcmp(quell_error_message(), "run: no memory to go on"),
          "%s, '%s'", quell_status_name(status), quell_error_message());
    CHECK(refused && refused < 20, "%ld times it asked for memory", refused);
    MUST(quell_ticket_wait(atomic_load(&one.other_ticket), LONG));
    CHECK(!memcmp(other.x, other.alone, other.bytes), "the other one has other bits than alone");
    quell_ticket_free(one.ticket);
    quell_ticket_free(atomic_load(&one.other_ticket));
    tear_down(&at);
    tear_down(&other);
}

/* What the answer function of the last request for a network finds when it has freed all of it. */
struct last {
    struct setting *at;
    bool in_a_run, held;
    atomic_bool ended;
};

static void free_all(void *user, const quell_answer *answer)
{
    struct last *last = user;
    struct setting *at = last->at;
    quell_queue_state state;
    if (!answer->ended) return;
    quell_queue_look(at->queue, &state);
    const quell_denoiser *denoiser = at->denoiser;
    quell_sampler_free(at->sampler);
    quell_denoiser_free(at->denoiser);
    at->sampler = NULL;
    at->denoiser = NULL;
    last->in_a_run = state.busy;
    last->held = wrap_holds(denoiser);
    atomic_store(&last->ended, true);
}

/* A request's answer may free its network, while its run looks for others for this network: it
 * stays until the run has ended, so that no other one comes to its address. */
TEST(memory_queue, a_run_holds_its_network)
{
    struct setting at;
    struct last last = {.at = &at};
    set_up(&at, 2, "mlp", 3);
    const void *address = at.denoiser;
    quell_request request = request_for(at.sampler, &at.draw, at.x);
    request.answer = free_all;
    request.user = &last;
    MUST(quell_queue_submit(at.queue, &request, NULL));
    MUST(quell_queue_close(at.queue, LONG));
    CHECK(atomic_load(&last.ended) && last.in_a_run, "the answer came when the run had ended");
    CHECK(last.held, "the network went within its run");
    CHECK(!memcmp(at.x, at.alone, at.bytes), "it has other bits than alone");
    quell_queue_free(at.queue);
    at.queue = NULL;
    CHECK(!wrap_holds(address), "the network is held for ever");
    tear_down(&at);
}
