/* SPDX-License-Identifier: MIT */
/* A request of many steps pauses for others: these have their turn within so many evaluations of
 * its network, as the queue promises, and all have the bits that they have alone. Evaluations are
 * counted by observers, one for each transition of these samplers. */
#include "turning.h"
#include "harness.h"
#include "models.h"
#include "queue/queue.h"

#include <string.h>

/* The other one, at its first transition, looks how far the long one is. */
static void note(struct asked *asked) { asked->when_begun = atomic_load(&asked->other->seen); }

/* A long request, and, when it is on its way, another one. */
struct pair {
    struct asked one, other;
};

static void draw_pair(struct pair *pair, quell_queue *queue, const struct kind *one, size_t count,
                      const struct kind *other, int priority, uint64_t client)
{
    prepare(&pair->one, queue, one, count);
    prepare(&pair->other, queue, other, 1);
    pair->one.other = &pair->other;
    pair->one.when = COMES;
    pair->one.act = bring;
    pair->other.other = &pair->one;
    pair->other.when = 1;
    pair->other.act = note;
    pair->other.request.priority = priority;
    pair->other.request.client = client;
    submit(&pair->one);
    finish(&pair->one, QUELL_OK);
    finish(&pair->other, QUELL_OK);
    check_bits(&pair->one);
    check_bits(&pair->other);
}

static void check_turn(const char *network, const char *other, size_t threads, size_t rows,
                       size_t count, uint64_t client)
{
    static struct pair pair;
    struct kind one = kind_new(network, "ddpm", LONG), two = kind_new(other, "ddim", SHORT);
    if (!strcmp(network, other)) {
        kind_free(&two);
        two = (struct kind){one.denoiser, one.schedule, NULL, one.bytes};
        two.sampler = must_sampler("ddim", one.denoiser, one.schedule, SHORT);
    }
    quell_queue *queue = queue_of(threads, rows);
    draw_pair(&pair, queue, &one, count, &two, 0, client);
    size_t waited = pair.other.when_begun - pair.other.when_asked;
    CHECK(waited <= TURN * count,
          "%s waits for %zu evaluations of %s, of which a turn has %d (%zu threads, %zu rows)",
          other, waited, network, TURN, threads, rows);
    quell_queue_free(queue);
    if (two.denoiser == one.denoiser)
        quell_sampler_free(two.sampler);
    else
        kind_free(&two);
    kind_free(&one);
}

/* Of the same client, and of another one. */
TEST(queue_turns, another_network)
{
    for (uint64_t client = 0; client < 2; client++) {
        check_turn("mlp", "dit", 1, 0, 1, client);
        check_turn("mlp", "plane", 2, 0, 1, client);
        check_turn("unet", "mlp", 2, 0, 3, client);
        check_turn("plane", "unet", 3, 2, 2, client);
    }
}

/* Where a long request has all the places of its network. */
TEST(queue_turns, the_same_network)
{
    for (uint64_t client = 0; client < 2; client++) {
        check_turn("mlp", "mlp", 1, 1, 1, client);
        check_turn("unet", "unet", 2, 1, 1, client);
        check_turn("mlp", "mlp", 1, 2, 2, client);
    }
}

/* A request of a higher priority has its turn, too, and one of a lower one has none before the long
 * one is done. */
TEST(queue_turns, priorities)
{
    static struct pair pair;
    struct kind one = kind_new("mlp", "ddim", LONG), two = kind_new("dit", "ddim", SHORT);
    quell_queue *queue = queue_of(2, 0);
    draw_pair(&pair, queue, &one, 1, &two, 1, 0);
    CHECK(pair.other.when_begun - pair.other.when_asked <= TURN, "the urgent one waits for %zu",
          pair.other.when_begun - pair.other.when_asked);
    draw_pair(&pair, queue, &one, 1, &two, -1, 0);
    CHECK(pair.other.when_begun == LONG, "what is less urgent began after %zu",
          pair.other.when_begun);
    quell_queue_free(queue);
    kind_free(&one);
    kind_free(&two);
}

/* Work that is no drawing, and a denoiser that is no network, have their turn as well. */
static quell_status work(void *worker, const quell_run *run, size_t row, size_t rows)
{
    struct asked *asked = worker;
    (void)run, (void)row, (void)rows;
    note(asked);
    return QUELL_OK;
}

static void bring_work(struct asked *asked)
{
    quell_ticket *ticket;
    quell_request request = quell_request_defaults();
    asked->other->when_asked = atomic_load(&asked->seen);
    MUST(quell_queue_work(asked->queue, &request, work, asked->other, &ticket));
    atomic_store(&asked->other->ticket, ticket);
}

static void check_stranger(void (*brings)(struct asked *), const struct kind *stranger)
{
    static struct pair pair;
    struct kind one = kind_new("mlp", "ddim", LONG);
    quell_queue *queue = queue_of(2, 0);
    prepare(&pair.one, queue, &one, 1);
    prepare(&pair.other, queue, stranger, 1);
    pair.one.other = &pair.other;
    pair.one.when = COMES;
    pair.one.act = brings;
    pair.other.other = &pair.one;
    pair.other.when = 1;
    pair.other.act = note;
    pair.other.draw.classes = NULL;
    submit(&pair.one);
    finish(&pair.one, QUELL_OK);
    finish(&pair.other, QUELL_OK);
    check_bits(&pair.one);
    CHECK(pair.other.when_begun - pair.other.when_asked <= TURN, "it waits for %zu evaluations",
          pair.other.when_begun - pair.other.when_asked);
    quell_queue_free(queue);
    kind_free(&one);
}

TEST(queue_turns, strangers)
{
    struct kind stranger = {.schedule = must_schedule("vp"), .bytes = 2 * sizeof(float)};
    MUST(quell_denoiser_from_isotropic(&stranger.denoiser, 2, NULL, 1));
    stranger.sampler = must_sampler("ddim", stranger.denoiser, stranger.schedule, SHORT);
    check_stranger(bring, &stranger);
    check_stranger(bring_work, &stranger);
    kind_free(&stranger);
}

/* Two long ones take turns, until one of them is done. */
static char line[2 * LONG + 1];
static atomic_size_t written;

static int write_letter(void *user, size_t transition, const quell_point *s, const quell_call *told,
                        const float *x)
{
    struct asked *asked = user;
    line[atomic_fetch_add(&written, 1)] = asked->other ? 'a' : 'b';
    return turning_look(user, transition, s, told, x);
}

TEST(queue_turns, alternate)
{
    static struct asked one, other;
    struct kind first = kind_new("mlp", "ddim", LONG), second = kind_new("dit", "ddim", LONG);
    quell_queue *queue = queue_of(2, 0);
    prepare(&one, queue, &first, 1);
    prepare(&other, queue, &second, 1);
    one.other = &other;
    one.when = COMES;
    one.act = bring;
    one.request.observe = other.request.observe = write_letter;
    submit(&one);
    finish(&one, QUELL_OK);
    finish(&other, QUELL_OK);
    CHECK(atomic_load(&written) == 2 * LONG, "%zu transitions", atomic_load(&written));
    size_t longest = 0, streak = 0, left[2] = {LONG, LONG};
    for (size_t i = 0; i < 2 * LONG && left[0] && left[1]; i++) {
        streak = i && line[i] == line[i - 1] ? streak + 1 : 1;
        if (i > COMES && streak > longest) longest = streak;
        left[line[i] == 'b']--;
    }
    CHECK(longest <= TURN, "one of them had %zu evaluations in a turn of %d", longest, TURN);
    check_bits(&one);
    check_bits(&other);
    quell_queue_free(queue);
    kind_free(&first);
    kind_free(&second);
}
