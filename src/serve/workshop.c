/* SPDX-License-Identifier: MIT */
#include "serve/workshop.h"
#include "base/fail.h"
#include "engine/team.h"

#include <signal.h>
#include <stddef.h>

/* The piece that goes next: the oldest one of another client than the last one, if there is any. */
static struct serve_work **next_place(struct serve_workshop *workshop)
{
    for (struct serve_work **at = &workshop->first; *at; at = &(*at)->next)
        if ((*at)->client != workshop->client) return at;
    return &workshop->first;
}

/* Waits for the next piece, and takes it; NULL when there will be none. */
static struct serve_work *take(struct serve_workshop *workshop)
{
    pthread_mutex_lock(&workshop->lock);
    while (!workshop->first && !workshop->ends) pthread_cond_wait(&workshop->news, &workshop->lock);
    struct serve_work **place = next_place(workshop), *work = *place;
    if (work) {
        *place = work->next;
        workshop->client = work->client;
    }
    pthread_mutex_unlock(&workshop->lock);
    return work;
}

static void *run(void *data)
{
    struct serve_workshop *workshop = data;
    for (struct serve_work *work; (work = take(workshop));) work->work(work->user);
    return NULL;
}

/* Signals go to the thread that called quell_serve. */
quell_status serve_workshop_begin(struct serve_workshop *workshop)
{
    sigset_t blocked, before;
    pthread_mutex_init(&workshop->lock, NULL);
    pthread_cond_init(&workshop->news, NULL);
    quell_team_signals(&blocked);
    pthread_sigmask(SIG_BLOCK, &blocked, &before);
    workshop->runs = !pthread_create(&workshop->thread, NULL, run, workshop);
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    if (workshop->runs) return QUELL_OK;
    pthread_cond_destroy(&workshop->news);
    pthread_mutex_destroy(&workshop->lock);
    return quell_fail(QUELL_UNSUPPORTED, "serve: a thread could not be started: the process has as "
                                         "many threads as it may have");
}

bool serve_workshop_add(struct serve_workshop *workshop, struct serve_work *work)
{
    size_t own = 0;
    pthread_mutex_lock(&workshop->lock);
    struct serve_work **end = &workshop->first;
    for (; *end; end = &(*end)->next) own += (*end)->client == work->client;
    bool fits = !work->client || own < SERVE_MOST_WORK;
    work->next = NULL;
    if (fits) *end = work;
    pthread_cond_signal(&workshop->news);
    pthread_mutex_unlock(&workshop->lock);
    return fits;
}

bool serve_workshop_take_back(struct serve_workshop *workshop, struct serve_work *work)
{
    pthread_mutex_lock(&workshop->lock);
    struct serve_work **at = &workshop->first;
    while (*at && *at != work) at = &(*at)->next;
    bool waits = *at;
    if (waits) *at = work->next;
    pthread_mutex_unlock(&workshop->lock);
    return waits;
}

void serve_workshop_end(struct serve_workshop *workshop)
{
    if (!workshop->runs) return;
    pthread_mutex_lock(&workshop->lock);
    workshop->ends = true;
    pthread_cond_signal(&workshop->news);
    pthread_mutex_unlock(&workshop->lock);
    pthread_join(workshop->thread, NULL);
    pthread_cond_destroy(&workshop->news);
    pthread_mutex_destroy(&workshop->lock);
    workshop->runs = false;
}
