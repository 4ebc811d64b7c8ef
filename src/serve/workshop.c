/* SPDX-License-Identifier: MIT */
#include "serve/workshop.h"
#include "base/fail.h"
#include "engine/signals.h"
#include "queue/queue.h"

#include <stddef.h>

/* ---- Choosing the next piece of work ---- */

/* Whether one of the threads works for this client. */
static bool is_busy(const struct serve_workshop *workshop, const struct quell_account *account)
{
    for (size_t i = 0; account && i < workshop->threads; i++)
        if (workshop->now[i] == account) return true;
    return false;
}

/* Whether `a`, which was added later, goes before `b`. */
static bool goes_before(const struct serve_work *a, const struct serve_work *b)
{
    if (!a->account || !b->account) return b->account;
    return quell_account_before(a->account, b->account);
}

/* Returns the place in the list of the work that goes next; NULL if there is none. Called under the
 * lock, and that of the accounts. */
static struct serve_work **find_next(struct serve_workshop *workshop)
{
    struct serve_work **best = NULL;
    for (struct serve_work **at = &workshop->first; *at; at = &(*at)->next)
        if (!is_busy(workshop, (*at)->account) && (!best || goes_before(*at, *best))) best = at;
    return best;
}

static struct serve_work *take_next(struct serve_workshop *workshop)
{
    struct quell_accounts *accounts = NULL;
    for (struct serve_work *one = workshop->first; one && !accounts; one = one->next)
        if (one->account) accounts = one->account->accounts;
    if (accounts) pthread_mutex_lock(&accounts->lock);
    struct serve_work **place = find_next(workshop), *work = place ? *place : NULL;
    if (work) *place = work->next;
    if (accounts) pthread_mutex_unlock(&accounts->lock);
    return work;
}

static void append(struct serve_workshop *workshop, struct serve_work *work)
{
    struct serve_work **end = &workshop->first;
    while (*end) end = &(*end)->next;
    work->next = NULL;
    *end = work;
    pthread_cond_broadcast(&workshop->news);
}

/* ---- Threads ---- */

/* Waits for work, and takes it from the list. Returns NULL when the workshop ends. */
static struct serve_work *take(struct serve_workshop *workshop, size_t thread)
{
    struct serve_work *work;
    pthread_mutex_lock(&workshop->lock);
    while (!(work = take_next(workshop)) && (workshop->first || !workshop->ends))
        pthread_cond_wait(&workshop->news, &workshop->lock);
    workshop->now[thread] = work ? work->account : NULL;
    pthread_mutex_unlock(&workshop->lock);
    return work;
}

/* Makes one call of work(user), charges the client for its time, and adds the work to the list
 * again if it is not finished. When it is finished, `work` must not be used any more. */
static void do_piece(struct serve_workshop *workshop, size_t thread, struct serve_work *work)
{
    struct quell_account *account = work->account;
    double begin = quell_queue_now();
    bool more = work->work(work->user);
    if (account) quell_account_charge(account, quell_queue_now() - begin);
    pthread_mutex_lock(&workshop->lock);
    workshop->now[thread] = NULL;
    workshop->pieces++;
    if (more) append(workshop, work);
    pthread_cond_broadcast(&workshop->news);
    pthread_mutex_unlock(&workshop->lock);
    if (more || !account) return;
    quell_account_rest(account);
    quell_account_close(account);
}

static void *run(void *data)
{
    struct serve_workshop *workshop = data;
    pthread_mutex_lock(&workshop->lock);
    size_t thread = 0;
    while (!pthread_equal(workshop->thread[thread], pthread_self())) thread++;
    pthread_mutex_unlock(&workshop->lock);
    for (struct serve_work *work; (work = take(workshop, thread));)
        do_piece(workshop, thread, work);
    return NULL;
}

/* Signals are blocked in these threads, so that they go to the thread that called quell_serve. Each
 * thread waits for the lock to find its index, when all of them have been started. */
quell_status serve_workshop_begin(struct serve_workshop *workshop, size_t threads)
{
    pthread_mutex_init(&workshop->lock, NULL);
    pthread_cond_init(&workshop->news, NULL);
    pthread_mutex_lock(&workshop->lock);
    size_t made = 0;
    while (made < threads &&
           !quell_signals_start_thread(&workshop->thread[made], NULL, run, workshop))
        made++;
    workshop->threads = made;
    pthread_mutex_unlock(&workshop->lock);
    if (made == threads) return QUELL_OK;
    serve_workshop_end(workshop);
    return quell_fail(QUELL_UNSUPPORTED, "serve: a thread could not be started: the process has as "
                                         "many threads as it may have");
}

void serve_workshop_add(struct serve_workshop *workshop, struct serve_work *work)
{
    if (work->account) quell_account_want(quell_account_hold(work->account));
    pthread_mutex_lock(&workshop->lock);
    append(workshop, work);
    pthread_mutex_unlock(&workshop->lock);
}

bool serve_workshop_take_back(struct serve_workshop *workshop, struct serve_work *work)
{
    pthread_mutex_lock(&workshop->lock);
    struct serve_work **at = &workshop->first;
    while (*at && *at != work) at = &(*at)->next;
    bool waits = *at;
    if (waits) *at = work->next;
    pthread_mutex_unlock(&workshop->lock);
    if (waits && work->account) {
        quell_account_rest(work->account);
        quell_account_close(work->account);
    }
    return waits;
}

uint64_t serve_workshop_pieces(struct serve_workshop *workshop)
{
    pthread_mutex_lock(&workshop->lock);
    uint64_t pieces = workshop->pieces;
    pthread_mutex_unlock(&workshop->lock);
    return pieces;
}

void serve_workshop_end(struct serve_workshop *workshop)
{
    if (!workshop->threads) return;
    pthread_mutex_lock(&workshop->lock);
    workshop->ends = true;
    pthread_cond_broadcast(&workshop->news);
    pthread_mutex_unlock(&workshop->lock);
    for (size_t i = 0; i < workshop->threads; i++) pthread_join(workshop->thread[i], NULL);
    pthread_cond_destroy(&workshop->news);
    pthread_mutex_destroy(&workshop->lock);
    workshop->threads = 0;
}
