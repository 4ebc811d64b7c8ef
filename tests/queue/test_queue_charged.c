/* SPDX-License-Identifier: MIT */
/* What clients are charged: the time of each evaluation, when it is made, whatever their samplers
 * are. The shares of one pass are compared exactly, because its seconds are the same for all
 * clients in it. */
#include "turning.h"
#include "harness.h"
#include "models.h"
#include "queue/queue.h"

#include <math.h>
#include <stdatomic.h>
#include <stdlib.h>

/* EACH: of what one client asks for in the test of turns; EVALUATIONS: that it costs. */
enum { STEPS = 120, EACH = 30, EVALUATIONS = 4 * STEPS };

static double served(struct quell_account *account)
{
    pthread_mutex_lock(&account->accounts->lock);
    double seconds = account->served;
    pthread_mutex_unlock(&account->accounts->lock);
    return seconds;
}

/* A queue of one thread with two clients, 1 and 2, and nothing drawn yet. */
struct bank {
    struct quell_accounts accounts;
    struct quell_account *client[2];
    quell_queue *queue;
    struct gate gate;
};

static void bank_open(struct bank *bank, size_t rows)
{
    quell_queue_options options = quell_queue_defaults();
    options.threads = 1;
    options.rows = rows;
    quell_accounts_begin(&bank->accounts);
    MUST(quell_queue_create_with(&bank->queue, &options, &bank->accounts));
    for (uint64_t i = 0; i < 2; i++) {
        bank->client[i] = quell_account_open(&bank->accounts, 1 + i);
        CHECK(bank->client[i], "an account");
    }
    gate_shut(&bank->gate, bank->queue);
}

static void bank_close(struct bank *bank)
{
    gate_free(&bank->gate);
    quell_queue_free(bank->queue);
    for (size_t i = 0; i < 2; i++) quell_account_close(bank->client[i]);
    quell_accounts_end(&bank->accounts);
}

/* ---- In one pass ---- */

static double seen[2][STEPS]; /* what both had at each transition of the second one */
static size_t transitions;

static int look(void *user, size_t transition, const quell_point *s, const quell_call *told,
                const float *x)
{
    struct bank *bank = user;
    (void)transition, (void)s, (void)told, (void)x;
    for (size_t i = 0; i < 2; i++) seen[i][transitions] = served(bank->client[i]);
    transitions++;
    return 0;
}

/* Draws one sample for each client, both in one run, and compares what they were charged, as long
 * as both were in it: the first `ratio` times what the second was. */
static void check_together(const char *what, const quell_sampler *one, const quell_sampler *other,
                           size_t together, double ratio)
{
    static struct bank bank;
    float x[2][MOST_DIM];
    quell_ticket *ticket[2];
    int32_t class = 1;
    quell_draw draw = quell_draw_defaults();
    const quell_sampler *sampler[2] = {one, other};
    draw.classes = &class;
    bank_open(&bank, 0);
    transitions = 0;
    for (uint64_t i = 0; i < 2; i++) {
        quell_request request = request_for(sampler[i], &draw, x[i]);
        request.client = 1 + i;
        if (i) request.observe = look, request.observe_user = &bank;
        MUST(quell_queue_submit(bank.queue, &request, &ticket[i]));
    }
    double begin[2] = {served(bank.client[0]), served(bank.client[1])}, before = 0;
    gate_open(&bank.gate);
    for (size_t i = 0; i < 2; i++) {
        MUST(quell_ticket_wait(ticket[i], -1));
        quell_ticket_free(ticket[i]);
    }
    CHECK(transitions == STEPS, "%s: %zu transitions", what, transitions);
    for (size_t i = 0; i < together; i++) {
        double a = seen[0][i] - begin[0], b = seen[1][i] - begin[1];
        CHECK(b > before, "%s: nothing was charged for evaluation %zu", what, i + 1);
        CHECK(fabs(a - ratio * b) <= 1e-9 * a,
              "%s: after %zu evaluations one has had %g s, the "
              "other %g, must be %g times as much",
              what, i + 1, a, b, ratio);
        before = b;
    }
    bank_close(&bank);
}

/* A sampler that evaluates twice in a step is charged for each evaluation, and so has half as many
 * steps in the same time; guidance asks the network twice. */
TEST(queue_charged, by_evaluations)
{
    struct kind kind = kind_new("mlp", "ddim", STEPS);
    quell_sampler *twice = must_sampler("heun", kind.denoiser, kind.schedule, STEPS / 2);
    check_together("heun beside ddim", twice, kind.sampler, STEPS - 1, 1);
    quell_sampler_free(twice);
    quell_denoiser *guided;
    quell_guidance guidance = quell_guidance_defaults();
    guidance.weight = 2;
    MUST(quell_denoiser_from_guidance(&guided, kind.denoiser, NULL, &guidance));
    twice = must_sampler("ddim", guided, kind.schedule, STEPS);
    check_together("with guidance beside without", twice, kind.sampler, STEPS, 2);
    quell_sampler_free(twice);
    quell_denoiser_free(guided);
    kind_free(&kind);
}

/* ---- In turns ---- */

/* What a client had after each evaluation of its own, and by how much more than the other one. */
struct line {
    struct bank *bank;
    size_t client, count;
    double had[EVALUATIONS], ahead[EVALUATIONS];
    bool both[EVALUATIONS]; /* the other one has not had all that it wants */
    struct line *other;
};

static int note(void *user, size_t transition, const quell_point *s, const quell_call *told,
                const float *x)
{
    struct line *line = user;
    (void)transition, (void)s, (void)told, (void)x;
    line->had[line->count] = served(line->bank->client[line->client]);
    line->ahead[line->count] = line->had[line->count] - served(line->bank->client[!line->client]);
    line->both[line->count] = line->other->count < EVALUATIONS;
    line->count++;
    return 0;
}

/* What a client's last evaluations cost, as many as a turn has. */
static double turn_of(const struct line *line, size_t i, double begin)
{
    return line->had[i] - (i < TURN ? begin : line->had[i - TURN]);
}

/* A client with one long request and one with many short ones, which have one place: neither is
 * ever ahead of the other one by more than its last turn. */
TEST(queue_charged, in_turns)
{
    static struct bank bank;
    static struct line line[2];
    static float x[EACH + 1][MOST_DIM];
    quell_ticket *ticket[EACH + 1];
    int32_t class = 1;
    struct kind kind = kind_new("mlp", "ddim", EVALUATIONS);
    quell_sampler *brief = must_sampler("ddim", kind.denoiser, kind.schedule, EVALUATIONS / EACH);
    quell_draw draw = quell_draw_defaults();
    draw.classes = &class;
    bank_open(&bank, 1);
    for (size_t i = 0; i < 2; i++)
        line[i] = (struct line){.bank = &bank, .client = i, .other = &line[!i]};
    for (size_t i = 0; i <= EACH; i++) {
        quell_request request = request_for(i ? brief : kind.sampler, &draw, x[i]);
        request.client = i ? 2 : 1;
        request.observe = note;
        request.observe_user = &line[!!i];
        MUST(quell_queue_submit(bank.queue, &request, &ticket[i]));
    }
    double begin = served(bank.client[0]);
    CHECK(begin == served(bank.client[1]), "they begin alike");
    gate_open(&bank.gate);
    for (size_t i = 0; i <= EACH; i++) {
        MUST(quell_ticket_wait(ticket[i], -1));
        quell_ticket_free(ticket[i]);
    }
    for (size_t i = 0; i < 2; i++) {
        CHECK(line[i].count == EVALUATIONS, "%zu evaluations", line[i].count);
        for (size_t j = 0; j < EVALUATIONS; j++) {
            CHECK(line[i].had[j] > (j ? line[i].had[j - 1] : begin),
                  "client %zu: nothing was charged for evaluation %zu", i + 1, j + 1);
            double turn = turn_of(&line[i], j, begin);
            CHECK(!line[i].both[j] || line[i].ahead[j] <= 1.000001 * turn,
                  "client %zu is ahead by %g s after %zu evaluations; its turn took %g s", i + 1,
                  line[i].ahead[j], j + 1, turn);
        }
    }
    quell_sampler_free(brief);
    kind_free(&kind);
    bank_close(&bank);
}
