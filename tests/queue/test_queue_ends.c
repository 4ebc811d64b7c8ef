/* SPDX-License-Identifier: MIT */
/* How requests in a queue end: in which order, failed, cancelled, late, refused; and that a request
 * is not harmed by the failure of another client's request. */
#include "asking.h"
#include "harness.h"
#include "models.h"
#include "queue/queue.h"

#include <math.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

enum { DIM = 2, BAD = 666 };

/* Fails at one sample of one stream. Where there is a gate behind `user`, it waits there, once. */
static int fails_at_bad(void *user, const quell_call *call, const float *input, float *output)
{
    (void)user;
    for (size_t r = 0; r < call->rows; r++) {
        uint64_t index = call->indices ? call->indices[r] : call->first + r;
        for (size_t e = 0; e < DIM; e++) output[r * DIM + e] = input[r * DIM + e] / 2;
        if (index == BAD) {
            quell_error_set(QUELL_DENOISER_FAILED, "sample 666 is cursed");
            return -1;
        }
    }
    return 0;
}

struct setting {
    quell_denoiser *denoiser;
    quell_schedule *schedule;
    quell_sampler *sampler;
    quell_queue *queue;
    struct gate gate;
    struct record record;
};

/* A queue of `rows` samples a run, which stands before a shut gate. */
static void set_up(struct setting *at, size_t rows)
{
    quell_function_options options = quell_function_defaults();
    options.reproducible = 1;
    MUST(quell_denoiser_from_function(&at->denoiser, DIM, fails_at_bad, NULL, &options));
    at->schedule = must_schedule("rectified");
    at->sampler = must_sampler("ddpm", at->denoiser, at->schedule, 4);
    at->queue = queue_of(2, rows);
    record_begin(&at->record);
    gate_shut(&at->gate, at->queue);
}

static void tear_down(struct setting *at)
{
    gate_free(&at->gate);
    quell_queue_free(at->queue);
    quell_sampler_free(at->sampler);
    quell_schedule_free(at->schedule);
    quell_denoiser_free(at->denoiser);
}

/* A request that writes its letter to the record when it ends. */
struct asked {
    struct setting *at;
    char letter;
    quell_draw draw;
    float x[8 * DIM];
    quell_ticket *ticket;
    size_t heard, ends;
    quell_status status;
};

static void hear(void *user, const quell_answer *answer)
{
    struct asked *asked = user;
    asked->heard++;
    asked->ends += (size_t)answer->ended;
    if (answer->ended) {
        asked->status = answer->status;
        record_add(&asked->at->record, asked->letter);
    }
}

static quell_request request_of(struct setting *at, struct asked *asked, char letter, size_t count)
{
    memset(asked, 0, sizeof *asked);
    asked->at = at;
    asked->letter = letter;
    asked->draw = quell_draw_defaults();
    asked->draw.count = count;
    quell_request request = request_for(at->sampler, &asked->draw, asked->x);
    request.answer = hear;
    request.user = asked;
    return request;
}

static void submit(struct setting *at, struct asked *asked, char letter, uint64_t client,
                   int priority)
{
    quell_request request = request_of(at, asked, letter, 1);
    request.client = client;
    request.priority = priority;
    MUST(quell_queue_submit(at->queue, &request, &asked->ticket));
}

/* Opens the gate, and waits until everything has ended. */
static void finish(struct setting *at, struct asked *asked, size_t count)
{
    gate_open(&at->gate);
    for (size_t i = 0; i < count; i++) {
        quell_ticket_wait(asked[i].ticket, -1);
        CHECK(asked[i].ends == 1, "request %zu ended %zu times", i, asked[i].ends);
        quell_ticket_free(asked[i].ticket);
    }
}

/* A clock by which each run takes a second. */
static double by_runs(void)
{
    static atomic_int asked_for;
    return atomic_fetch_add(&asked_for, 1);
}

/* Client 1 asks four times before client 2 does, and both have half of the runs; what is urgent
 * goes first. */
TEST(queue_ends, order)
{
    struct setting at;
    struct asked asked[7];
    quell_queue_clock = by_runs;
    set_up(&at, 1);
    for (size_t i = 0; i < 4; i++) submit(&at, &asked[i], (char)('a' + i), 1, 0);
    submit(&at, &asked[4], 'x', 2, 0);
    submit(&at, &asked[5], 'y', 2, 0);
    submit(&at, &asked[6], '!', 1, 1);
    finish(&at, asked, 7);
    CHECK(!strcmp(at.record.text, "!xaybcd") || !strcmp(at.record.text, "!xyabcd") ||
              !strcmp(at.record.text, "!xabycd"),
          "%s", at.record.text);
    CHECK(strchr(at.record.text, 'x') < strchr(at.record.text, 'b'), "%s", at.record.text);
    CHECK(strchr(at.record.text, 'y') < strchr(at.record.text, 'd'), "%s", at.record.text);
    tear_down(&at);
    quell_queue_clock = quell_queue_now;
}

/* Of one client's requests, the one whose time is up first goes first, whatever came first. */
TEST(queue_ends, deadlines_first)
{
    struct setting at;
    struct asked asked[3];
    static const double seconds[] = {0, 900, 600};
    set_up(&at, 1);
    for (size_t i = 0; i < 3; i++) {
        quell_request request = request_of(&at, &asked[i], (char)('a' + i), 1);
        request.seconds = seconds[i];
        MUST(quell_queue_submit(at.queue, &request, &asked[i].ticket));
    }
    finish(&at, asked, 3);
    CHECK(!strcmp(at.record.text, "cba"), "%s", at.record.text);
    tear_down(&at);
}

/* A failure is that of the request with the sample, word for word; those who were drawn with it
 * have their samples. */
TEST(queue_ends, failure)
{
    struct setting at;
    struct asked asked[3];
    char line[512];
    float alone[8 * DIM];
    set_up(&at, 0);
    for (size_t i = 0; i < 3; i++) {
        quell_request request = request_of(&at, &asked[i], (char)('a' + i), 4);
        asked[i].draw.first = i == 1 ? BAD - 2 : 10 * i;
        MUST(quell_queue_submit(at.queue, &request, &asked[i].ticket));
    }
    gate_open(&at.gate);
    for (size_t i = 0; i < 3; i++) {
        quell_status status = quell_ticket_wait(asked[i].ticket, -1);
        snprintf(line, sizeof line, "%s", quell_error_message());
        quell_status expected = quell_sample(at.sampler, &asked[i].draw, NULL, alone);
        CHECK(status == expected && status == asked[i].status, "request %zu: %s, alone %s", i,
              quell_status_name(status), quell_status_name(expected));
        CHECK(!status || !strcmp(line, quell_error_message()), "'%s', alone '%s'", line,
              quell_error_message());
        CHECK(status || !memcmp(alone, asked[i].x, 4 * DIM * sizeof *alone), "request %zu", i);
        CHECK((status != QUELL_OK) == (i == 1), "request %zu: %s", i, quell_status_name(status));
        quell_ticket_free(asked[i].ticket);
    }
    tear_down(&at);
}

/* Cancelled while it waits: it ends without the gate being opened, and the others go on. */
TEST(queue_ends, cancelled)
{
    struct setting at;
    struct asked asked[2];
    set_up(&at, 0);
    for (size_t i = 0; i < 2; i++) submit(&at, &asked[i], (char)('a' + i), 0, 0);
    CHECK(quell_ticket_wait(asked[0].ticket, 0) == QUELL_BUSY, "it has ended before the gate");
    quell_ticket_cancel(asked[0].ticket);
    gate_open(&at.gate);
    CHECK(quell_ticket_wait(asked[0].ticket, -1) == QUELL_STOPPED &&
              !strcmp(quell_error_message(),
                      "queue: the request was cancelled when 0 of 1 samples were drawn"),
          "%s", quell_error_message());
    MUST(quell_ticket_wait(asked[1].ticket, -1));
    quell_ticket_cancel(asked[1].ticket);
    MUST(quell_ticket_wait(asked[1].ticket, 0));
    for (size_t i = 0; i < 2; i++) quell_ticket_free(asked[i].ticket);
    tear_down(&at);
}

/* Takes long for rows of odd numbers, and counts who is inside. */
static int slow(void *user, const quell_call *call, const float *input, float *output)
{
    atomic_int *inside = user;
    atomic_fetch_add(inside, 1);
    memset(output, 0, call->rows * call->dim * sizeof *output);
    (void)input;
    usleep((call->indices ? call->indices[0] : call->first) % 2 ? 300000 : 1000);
    atomic_fetch_sub(inside, 1);
    return 0;
}

/* Both of a run are cancelled while a thread still works for one of them: they end when it has
 * returned, for their sampler may be freed then. */
TEST(queue_ends, all_cancelled)
{
    atomic_int inside = 0;
    quell_denoiser *denoiser;
    quell_ticket *tickets[2];
    float x[2][DIM];
    struct setting at;
    quell_draw draws[2] = {quell_draw_defaults(), quell_draw_defaults()};
    set_up(&at, 0);
    MUST(quell_denoiser_from_function(&denoiser, DIM, slow, &inside, NULL));
    quell_sampler *sampler = must_sampler("ddim", denoiser, at.schedule, 200);
    for (size_t i = 0; i < 2; i++) {
        draws[i].first = i;
        quell_request request = request_for(sampler, &draws[i], x[i]);
        MUST(quell_queue_submit(at.queue, &request, &tickets[i]));
    }
    gate_open(&at.gate);
    while (!atomic_load(&inside)) usleep(1000);
    for (size_t i = 0; i < 2; i++) quell_ticket_cancel(tickets[i]);
    for (size_t i = 0; i < 2; i++) {
        CHECK(quell_ticket_wait(tickets[i], -1) == QUELL_STOPPED, "request %zu was drawn", i);
        quell_ticket_free(tickets[i]);
    }
    CHECK(!atomic_load(&inside), "both have ended, and %d calls go on", atomic_load(&inside));
    quell_sampler_free(sampler);
    quell_denoiser_free(denoiser);
    tear_down(&at);
}

/* Late: nothing is drawn for a request whose time is up. */
TEST(queue_ends, late)
{
    struct setting at;
    struct asked asked;
    set_up(&at, 0);
    quell_request request = request_of(&at, &asked, 'a', 3);
    request.seconds = 1e-3;
    MUST(quell_queue_submit(at.queue, &request, &asked.ticket));
    usleep(5000);
    gate_open(&at.gate);
    CHECK(quell_ticket_wait(asked.ticket, -1) == QUELL_STOPPED &&
              strstr(quell_error_message(), "the time of the request was up"),
          "%s", quell_error_message());
    quell_ticket_free(asked.ticket);
    tear_down(&at);
}

/* More samples than one run has: the answers tell of each run. */
TEST(queue_ends, in_parts)
{
    struct setting at;
    struct asked asked;
    set_up(&at, 3);
    quell_request request = request_of(&at, &asked, 'a', 8);
    MUST(quell_queue_submit(at.queue, &request, &asked.ticket));
    gate_open(&at.gate);
    MUST(quell_ticket_wait(asked.ticket, -1));
    CHECK(quell_ticket_drawn(asked.ticket) == 8 && asked.heard == 3 && asked.ends == 1,
          "%zu answers, %zu ends", asked.heard, asked.ends);
    quell_ticket_free(asked.ticket);
    tear_down(&at);
}

static void check_refused(struct setting *at, const quell_request *request, quell_status status,
                          const char *part)
{
    quell_ticket *ticket = NULL;
    CHECK(quell_queue_submit(at->queue, request, &ticket) == status && !ticket &&
              strstr(quell_error_message(), part),
          "'%s' is not '%s'", quell_error_message(), part);
}

TEST(queue_ends, refused)
{
    struct setting at;
    struct asked asked;
    int32_t class = 0;
    set_up(&at, 0);
    quell_request request = request_of(&at, &asked, 'a', 1);
    request.sampler = NULL;
    check_refused(&at, &request, QUELL_BAD_ARGUMENT, "the sampler is NULL");
    request = request_of(&at, &asked, 'a', 1);
    request.x = NULL;
    check_refused(&at, &request, QUELL_BAD_ARGUMENT, "x is NULL");
    request = request_of(&at, &asked, 'a', 1);
    request.seconds = NAN;
    check_refused(&at, &request, QUELL_BAD_ARGUMENT, "seconds is nan");
    request = request_of(&at, &asked, 'a', 1);
    request.answer = NULL;
    check_refused(&at, &request, QUELL_BAD_ARGUMENT, "answer is NULL");
    request = request_of(&at, &asked, 'a', 1);
    asked.draw.classes = &class;
    check_refused(&at, &request, QUELL_BAD_ARGUMENT, "classes are given");
    request = request_of(&at, &asked, 'a', 70000);
    check_refused(&at, &request, QUELL_BAD_ARGUMENT, "at most its capacity, 65536");
    request = request_of(&at, &asked, 'a', 65536);
    check_refused(&at, &request, QUELL_BUSY, "1 of 65536 samples are there");
    CHECK(quell_queue_close(at.queue, 0) == QUELL_BUSY, "%s", quell_error_message());
    request = request_of(&at, &asked, 'a', 1);
    check_refused(&at, &request, QUELL_BAD_ARGUMENT, "it is closed");
    gate_open(&at.gate);
    MUST(quell_queue_close(at.queue, -1));
    tear_down(&at);
}

static void check_options(size_t threads, size_t rows, size_t capacity, const char *part)
{
    quell_queue *queue = NULL;
    quell_queue_options options = quell_queue_defaults();
    options.threads = threads;
    options.rows = rows;
    options.capacity = capacity;
    CHECK(quell_queue_create(&queue, &options) == QUELL_BAD_ARGUMENT && !queue &&
              strstr(quell_error_message(), part),
          "'%s' is not '%s'", quell_error_message(), part);
}

TEST(queue_ends, wrong_options)
{
    check_options(70000, 0, 1, "threads is 70000, must be at most 65536");
    check_options(0, 0, 0, "capacity is 0, must be at least 1");
    check_options(0, 9, 8, "rows is 9, must be at most the capacity, 8");
}

/* Freed while requests wait: they are stopped, their tickets tell so, and outlast the queue. */
TEST(queue_ends, freed)
{
    struct setting at;
    struct asked asked[2];
    set_up(&at, 0);
    for (size_t i = 0; i < 2; i++) submit(&at, &asked[i], (char)('a' + i), i, 0);
    quell_ticket_cancel(asked[0].ticket);
    gate_open(&at.gate);
    quell_queue_free(at.queue);
    at.queue = NULL;
    for (size_t i = 0; i < 2; i++) {
        quell_status status = quell_ticket_wait(asked[i].ticket, -1);
        CHECK(status == QUELL_STOPPED || (i && !status), "%s", quell_error_message());
        CHECK(asked[i].ends == 1, "request %zu ended %zu times", i, asked[i].ends);
        quell_ticket_free(asked[i].ticket);
    }
    tear_down(&at);
}

/* A child of fork() has no conductor: everything says so, and nothing hangs. */
TEST(queue_ends, after_fork)
{
    struct setting at;
    struct asked asked;
    set_up(&at, 0);
    submit(&at, &asked, 'a', 0, 0);
    pid_t child = fork();
    if (!child) {
        quell_request request = request_of(&at, &asked, 'b', 1);
        quell_ticket *ticket = asked.ticket;
        alarm(20);
        _exit(quell_queue_submit(at.queue, &request, NULL) != QUELL_AFTER_FORK ||
              strcmp(quell_error_message(), "queue: it was made before fork() and goes on in the "
                                            "parent alone: make one in the child") ||
              quell_queue_close(at.queue, -1) != QUELL_AFTER_FORK ||
              (ticket && quell_ticket_wait(ticket, -1) != QUELL_AFTER_FORK));
    }
    int how = -1;
    CHECK(child > 0 && waitpid(child, &how, 0) == child && !how, "the child ended with %d", how);
    finish(&at, &asked, 1);
    tear_down(&at);
}
