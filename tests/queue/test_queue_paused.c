/* SPDX-License-Identifier: MIT */
/* What becomes of requests that pause: cancelled, freed with their queue, and many of them. */
#include "turning.h"
#include "harness.h"
#include "models.h"

#include <pthread.h>

/* A request that is cancelled while it is paused is not continued, and ends. */
/* The thread that submits may not have had the time yet to note its ticket. */
static void cancel_other(struct asked *asked)
{
    quell_ticket *ticket;
    while (!(ticket = atomic_load(&asked->other->ticket))) continue;
    quell_ticket_cancel(ticket);
}

TEST(queue_paused, cancelled_while_it_pauses)
{
    static struct asked one, other;
    struct kind first = kind_new("mlp", "ddim", LONG), second = kind_new("dit", "ddim", SHORT);
    quell_queue *queue = queue_of(2, 0);
    prepare(&one, queue, &first, 2);
    prepare(&other, queue, &second, 1);
    one.other = &other;
    one.when = COMES;
    one.act = bring;
    other.other = &one;
    other.when = 1;
    other.act = cancel_other;
    submit(&one);
    finish(&one, QUELL_STOPPED);
    finish(&other, QUELL_OK);
    CHECK(atomic_load(&one.seen) < 2 * LONG, "it went on");
    check_bits(&other);
    prepare(&one, queue, &first, 2);
    submit(&one);
    finish(&one, QUELL_OK);
    check_bits(&one);
    quell_queue_free(queue);
    kind_free(&first);
    kind_free(&second);
}

/* The queue is freed while one pauses for another, which says so, and waits until it is. */
static struct {
    pthread_mutex_t lock;
    pthread_cond_t change;
    bool reached;
} freeing = {PTHREAD_MUTEX_INITIALIZER, PTHREAD_COND_INITIALIZER, false};

static void reach(struct asked *asked)
{
    (void)asked;
    pthread_mutex_lock(&freeing.lock);
    freeing.reached = true;
    pthread_cond_broadcast(&freeing.change);
    pthread_mutex_unlock(&freeing.lock);
}

TEST(queue_paused, freed_while_one_pauses)
{
    static struct asked one, other;
    struct kind first = kind_new("mlp", "ddim", LONG), second = kind_new("dit", "ddim", 30000);
    quell_queue *queue = queue_of(1, 0);
    prepare(&one, queue, &first, 2);
    prepare(&other, queue, &second, 1);
    one.other = &other;
    one.when = COMES;
    one.act = bring;
    other.when = 1;
    other.act = reach;
    submit(&one);
    pthread_mutex_lock(&freeing.lock);
    while (!freeing.reached) pthread_cond_wait(&freeing.change, &freeing.lock);
    pthread_mutex_unlock(&freeing.lock);
    quell_queue_free(queue);
    finish(&other, QUELL_STOPPED);
    while (!atomic_load(&one.ticket)) continue;
    quell_ticket_wait(one.ticket, -1);
    quell_ticket_free(one.ticket);
    kind_free(&first);
    kind_free(&second);
}

/* Many long ones for three networks: all have their bits, and those that have begun are never many
 * more than are drawn at a time. */
enum { MANY = 20, NETWORKS = 3, STEPS = 100, ROWS = 2, PAUSED = 4 };

struct crowd {
    atomic_size_t begun, most;
};
static struct crowd crowds[NETWORKS];

static int count_begun(void *user, size_t transition, const quell_point *s, const quell_call *told,
                       const float *x)
{
    struct crowd *crowd = &crowds[(size_t)user % NETWORKS];
    (void)s, (void)told, (void)x;
    if (transition == 0) {
        size_t begun = atomic_fetch_add(&crowd->begun, 1) + 1, most = atomic_load(&crowd->most);
        while (begun > most && !atomic_compare_exchange_weak(&crowd->most, &most, begun)) continue;
    }
    if (transition == STEPS - 1) atomic_fetch_sub(&crowd->begun, 1);
    return 0;
}

TEST(queue_paused, many)
{
    static const char *const names[NETWORKS] = {"mlp", "dit", "plane"};
    static struct asked asked[NETWORKS * MANY];
    struct kind kinds[NETWORKS];
    struct gate gate;
    for (size_t i = 0; i < NETWORKS; i++) kinds[i] = kind_new(names[i], "ddpm", STEPS);
    quell_queue *queue = queue_of(2, ROWS);
    gate_shut(&gate, queue);
    for (size_t i = 0; i < NETWORKS * MANY; i++) {
        prepare(&asked[i], queue, &kinds[i % NETWORKS], 1);
        asked[i].draw.seed = i;
        asked[i].request.client = i % 5;
        asked[i].request.observe = count_begun;
        asked[i].request.observe_user = (void *)i;
        submit(&asked[i]);
    }
    gate_open(&gate);
    for (size_t i = 0; i < NETWORKS * MANY; i++) finish(&asked[i], QUELL_OK);
    for (size_t i = 0; i < NETWORKS * MANY; i++) check_bits(&asked[i]);
    for (size_t i = 0; i < NETWORKS; i++)
        CHECK(atomic_load(&crowds[i].most) <= (PAUSED + 2) * ROWS, "%zu of %s had begun at a time",
              atomic_load(&crowds[i].most), names[i]);
    gate_free(&gate);
    quell_queue_free(queue);
    for (size_t i = 0; i < NETWORKS; i++) kind_free(&kinds[i]);
}
