/* SPDX-License-Identifier: MIT */
/* Work in a queue that is no drawing: in slices, in turn with other clients, charged to its own. */
#include "asking.h"
#include "harness.h"
#include "models.h"
#include "queue/queue.h"

#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

enum { ROWS = 40 };

static void sleep_for(double seconds)
{
    struct timespec time = {(time_t)seconds, (long)(1e9 * (seconds - (double)(time_t)seconds))};
    nanosleep(&time, NULL);
}

/* Work whose rows take so many seconds each, and what came of it. */
struct work {
    struct record *record;
    double seconds;
    size_t bad;       /* the row that fails */
    size_t cancel_at; /* the row that cancels its own request; 0: none */
    _Atomic(quell_ticket *) ticket;
    size_t most;
    atomic_int done[ROWS];
    quell_status status;
    char message[200];
    bool ended;
};

/* Its ticket is there soon: the call that puts it into the queue may not have returned yet. */
static void cancel_own(struct work *work)
{
    quell_ticket *ticket = NULL;
    while (!(ticket = atomic_load(&work->ticket))) continue;
    quell_ticket_cancel(ticket);
}

static quell_status do_rows(void *worker, const quell_run *run, size_t row, size_t rows)
{
    struct work *work = worker;
    CHECK(run->threads == 2 && run->progress, "the run");
    if (rows > work->most) work->most = rows;
    for (size_t i = row; i < row + rows; i++) {
        if (work->cancel_at && i == work->cancel_at) cancel_own(work);
        if (i == work->bad) return quell_error_set(QUELL_NO_MEMORY, "row 7 is heavy");
        sleep_for(work->seconds);
        const quell_progress progress = {0};
        if (run->progress(run->progress_user, &progress))
            return quell_error_set(QUELL_STOPPED, "stopped");
        work->done[i]++;
    }
    if (work->record) record_add(work->record, 'w');
    return QUELL_OK;
}

static void hear(void *user, const quell_answer *answer)
{
    struct work *work = user;
    if (!answer->ended) return;
    work->ended = true;
    work->status = answer->status;
    strncpy(work->message, answer->message, sizeof work->message - 1);
}

static quell_ticket *put(quell_queue *queue, struct work *work, uint64_t client, double seconds)
{
    quell_draw draw = quell_draw_defaults();
    quell_request request = quell_request_defaults();
    quell_ticket *ticket;
    draw.count = ROWS;
    request.draw = &draw;
    request.client = client;
    request.seconds = seconds;
    request.answer = hear;
    request.user = work;
    MUST(quell_queue_work(queue, &request, do_rows, work, &ticket));
    atomic_store(&work->ticket, ticket);
    return ticket;
}

static void check_done(const struct work *work, int times)
{
    for (size_t i = 0; i < ROWS; i++)
        CHECK(work->done[i] == times, "row %zu was done %d times", i, work->done[i]);
}

TEST(queue_work, slices)
{
    quell_queue *queue = queue_of(2, 0);
    struct work fast = {.bad = ROWS}, slow = {.bad = ROWS, .seconds = 0.02};
    quell_ticket *one = put(queue, &fast, 1, 0), *other = put(queue, &slow, 1, 0);
    MUST(quell_ticket_wait(one, -1));
    MUST(quell_ticket_wait(other, -1));
    CHECK(fast.ended && slow.ended && quell_ticket_drawn(one) == ROWS, "they have not ended");
    check_done(&fast, 1);
    check_done(&slow, 1);
    CHECK(fast.most > 10, "%zu rows at a time, of what is fast", fast.most);
    CHECK(slow.most <= 2, "%zu rows at a time, of what is slow", slow.most);
    quell_queue_state state;
    quell_queue_look(queue, &state);
    CHECK(!state.samples && !state.drawn && !state.runs && !state.requests, "it counts as samples");
    quell_ticket_free(one);
    quell_ticket_free(other);
    quell_queue_free(queue);
}

static int halve(void *user, const quell_call *call, const float *input, float *output)
{
    (void)user;
    for (size_t i = 0; i < call->rows * call->dim; i++) output[i] = input[i] / 2;
    return 0;
}

struct drawn {
    struct record *record;
    float x[2];
};

static void note(void *user, const quell_answer *answer)
{
    struct drawn *drawn = user;
    if (answer->ended) record_add(drawn->record, 'd');
}

/* Another client's samples do not wait for the end of the work, and neither do this one's of a
 * client that has worked for long, when the other one has had less. */
TEST(queue_work, turns)
{
    quell_denoiser *denoiser;
    struct gate gate;
    struct record record;
    quell_queue *queue = queue_of(2, 0);
    quell_function_options options = quell_function_defaults();
    MUST(quell_denoiser_from_function(&denoiser, 2, halve, NULL, &options));
    quell_schedule *schedule = must_schedule("rectified");
    quell_sampler *sampler = must_sampler("ddim", denoiser, schedule, 2);
    record_begin(&record);
    gate_shut(&gate, queue);
    struct work work = {.record = &record, .bad = ROWS, .seconds = 0.03};
    struct drawn drawn = {.record = &record};
    quell_ticket *long_one = put(queue, &work, 1, 0), *short_one;
    quell_request request = request_for(sampler, NULL, drawn.x);
    request.client = 2;
    request.answer = note;
    request.user = &drawn;
    MUST(quell_queue_submit(queue, &request, &short_one));
    gate_open(&gate);
    MUST(quell_ticket_wait(short_one, -1));
    MUST(quell_ticket_wait(long_one, -1));
    check_done(&work, 1);
    CHECK(!strncmp(record.text, "wdw", 3), "%s, must be wdw...", record.text);
    quell_ticket_free(long_one);
    quell_ticket_free(short_one);
    gate_free(&gate);
    quell_queue_free(queue);
    quell_sampler_free(sampler);
    quell_schedule_free(schedule);
    quell_denoiser_free(denoiser);
}

TEST(queue_work, ends)
{
    quell_queue *queue = queue_of(2, 0);
    struct work fails = {.bad = 7}, late = {.bad = ROWS, .seconds = 0.02},
                cancelled = {.bad = ROWS, .cancel_at = 5}, freed = {.bad = ROWS, .seconds = 0.02};
    quell_ticket *ticket = put(queue, &fails, 1, 0);
    CHECK(quell_ticket_wait(ticket, -1) == QUELL_NO_MEMORY, "it must fail");
    CHECK(!strcmp(fails.message, "row 7 is heavy"), "%s", fails.message);
    quell_ticket_free(ticket);
    ticket = put(queue, &late, 1, 0.1);
    CHECK(quell_ticket_wait(ticket, -1) == QUELL_STOPPED, "its time was up");
    CHECK(late.done[ROWS - 1] == 0 && strstr(late.message, "the time of the request was up"), "%s",
          late.message);
    quell_ticket_free(ticket);
    ticket = put(queue, &cancelled, 1, 0);
    CHECK(quell_ticket_wait(ticket, -1) == QUELL_STOPPED && cancelled.done[4] == 1 &&
              cancelled.done[6] == 0,
          "it was cancelled");
    quell_ticket_free(ticket);
    MUST(quell_queue_close(queue, -1));
    ticket = put(queue, &freed, 1, 0); /* what follows from a request that was there */
    quell_queue_free(queue);
    CHECK(freed.ended && freed.status == QUELL_STOPPED, "it was not ended");
    quell_ticket_free(ticket);
}
