/* SPDX-License-Identifier: MIT */
/* Each helper has one word, its state. The helper and the team's owner change it:
 *
 *     state    meaning                   the helper sets   the owner sets
 *     IDLE     it looks for work         ASLEEP            WORK
 *     ASLEEP   it sleeps                                   WORK, and wakes it
 *     WORK     there is work             RUN               IDLE, and does the work itself
 *     RUN      it works                  IDLE              AWAITED, and sleeps
 *     AWAITED  it works, owner asleep    IDLE, and wakes
 *     END      it must end
 *
 * There is no lock that a child of fork() could inherit, and no cancellation point: a thread that
 * is cancelled during a run would leave its helpers with pointers into a stack that is gone. */
#include "team.h"
#include "limits.h"
#include "openmp.h"
#include "signals.h"
#include "threads.h"
#include "base/memory.h"
#include "base/process.h"
#include "base/wait.h"

#include <dlfcn.h>
#include <link.h>
#include <pthread.h>
#include <stdlib.h>

enum state { IDLE, ASLEEP, WORK, RUN, AWAITED, END };

#define SPIN 200000 /* the greatest number of nanoseconds that a thread spins before it sleeps */

struct helper {
    _Alignas(QUELL_CACHE_LINE) atomic_uint state;
    _Atomic clockid_t clock; /* the clock of its processor time */
    size_t i;
    struct quell_team *team;
    pthread_t thread;
};

struct quell_team {
    unsigned process; /* the process that made the helpers */
    clockid_t clock;  /* the clock of the owner's processor time */
    bool busy;
    _Atomic int64_t spin; /* read by waiting helpers while the team grows */
    quell_part_fn *part;
    void *data;
    size_t count, room;
    struct helper **helpers;
};

/* The team of each thread; for a helper it is `of_helpers`, which is always busy. */
static pthread_key_t key;
static struct quell_team of_helpers = {.busy = true};

static void end_team(void *data);

/* Keeps this library loaded: a team's threads sleep in its code, even after the host has unloaded a
 * library that contains this code. (libquell.so is linked so that it stays loaded.) */
static void stay_loaded(void)
{
    Dl_info own;
    struct link_map *map = NULL;
    if (dladdr1(&of_helpers, &own, (void **)&map, RTLD_DL_LINKMAP) && map && *map->l_name)
        dlopen(map->l_name, RTLD_NOW | RTLD_NOLOAD | RTLD_NODELETE);
}

static bool has_key;

static void make_key(void)
{
    has_key = !pthread_key_create(&key, end_team);
    if (has_key) stay_loaded();
}

static bool began(void)
{
    static pthread_once_t once = PTHREAD_ONCE_INIT;
    return !pthread_once(&once, make_key) && has_key;
}

static bool step(struct helper *helper, unsigned from, unsigned to)
{
    return atomic_compare_exchange_strong(&helper->state, &from, to);
}

static clockid_t owner(const void *of) { return ((const struct quell_team *)of)->clock; }

static clockid_t helpers_own(const void *of)
{
    return atomic_load(&((const struct helper *)of)->clock);
}

/* Waits for WORK or END. */
static unsigned await_work(struct helper *helper)
{
    const struct quell_team *team = helper->team;
    unsigned state = quell_spin_while_runs(&helper->state, IDLE, team->spin, owner, team);
    while (state == IDLE || state == ASLEEP) {
        if (state == ASLEEP || step(helper, IDLE, ASLEEP))
            quell_sleep_while(&helper->state, ASLEEP);
        state = atomic_load(&helper->state);
    }
    return state;
}

static void *help(void *data)
{
    struct helper *helper = data;
    pthread_setspecific(key, &of_helpers);
    atomic_store(&helper->clock, quell_own_clock());
    while (await_work(helper) != END) {
        if (!step(helper, WORK, RUN)) continue;
        helper->team->part(helper->team->data, helper->i);
        if (atomic_exchange(&helper->state, IDLE) == AWAITED) quell_wake(&helper->state);
    }
    return NULL;
}

static bool start(struct helper *helper)
{
    pthread_attr_t attributes;
    if (pthread_attr_init(&attributes)) return false;
    quell_openmp_attributes(&attributes, helper->i);
    int wrong = quell_signals_start_thread(&helper->thread, &attributes, help, helper);
    pthread_attr_destroy(&attributes);
    return !wrong;
}

static bool add_helper(struct quell_team *team)
{
    struct helper *helper = quell_new(1, sizeof *helper);
    if (!helper) return false;
    helper->i = team->count + 1;
    helper->team = team;
    if (!start(helper)) {
        free(helper);
        return false;
    }
    team->helpers[team->count++] = helper;
    return true;
}

static bool make_room(struct quell_team *team, size_t wanted)
{
    if (wanted <= team->room) return true;
    struct helper **grown = realloc(team->helpers, wanted * sizeof *grown);
    if (!grown) return false;
    team->helpers = grown;
    team->room = wanted;
    return true;
}

/* Adds helpers. If there are then more threads than processors, helpers no longer spin, because
 * they would take processor time from threads that work. */
static void grow(struct quell_team *team, size_t wanted)
{
    size_t before = team->count, processors = quell_openmp_processors();
    if (wanted > before && make_room(team, wanted))
        while (team->count < wanted && add_helper(team)) continue;
    if (team->count == before) return;
    atomic_store(&team->spin, quell_openmp_passive() || team->count >= processors ? 0 : SPIN);
}

/* Returns this thread's team, or makes one. A child of fork() makes a new one, because its parent's
 * helpers do not exist in the child. It does not touch the parent's struct, which may have been in
 * the middle of a change at the fork. */
static struct quell_team *own_team(void)
{
    struct quell_team *team = pthread_getspecific(key);
    if (team && (team->busy || team->process == quell_process_number())) return team;
    team = quell_new(1, sizeof *team);
    if (!team) return NULL;
    team->process = quell_process_number();
    team->clock = quell_own_clock();
    if (!pthread_setspecific(key, team)) return team;
    free(team);
    return NULL;
}

struct quell_team *quell_team_take(size_t wanted)
{
    struct quell_team *team = began() ? own_team() : NULL;
    if (!team || team->busy) return NULL;
    grow(team, wanted);
    return team;
}

size_t quell_team_size(const struct quell_team *team) { return team->count; }

bool quell_team_busy(void)
{
    const struct quell_team *team = began() ? pthread_getspecific(key) : NULL;
    return team && team->busy;
}

bool quell_team_prepared(void) { return began(); }

struct quell_team *quell_team_set_busy(void)
{
    struct quell_team *before = pthread_getspecific(key);
    pthread_setspecific(key, &of_helpers);
    return before;
}

void quell_team_set_back(struct quell_team *before) { pthread_setspecific(key, before); }

static void send(struct helper *helper)
{
    if (atomic_exchange(&helper->state, WORK) == ASLEEP) quell_wake(&helper->state);
}

/* Does the work of a helper that has not begun, or waits until the helper is done. */
static void finish(struct quell_team *team, struct helper *helper)
{
    if (step(helper, WORK, IDLE)) {
        team->part(team->data, helper->i);
        return;
    }
    if (quell_spin_while_runs(&helper->state, RUN, team->spin, helpers_own, helper) == RUN)
        step(helper, RUN, AWAITED);
    while (atomic_load(&helper->state) == AWAITED) quell_sleep_while(&helper->state, AWAITED);
}

bool quell_team_run(struct quell_team *team, size_t helpers, quell_part_fn *part, void *data)
{
    team->busy = true;
    team->part = part;
    team->data = data;
    for (size_t i = 0; i < helpers; i++) send(team->helpers[i]);
    part(data, 0);
    bool here = team->process == quell_process_number();
    for (size_t i = 0; i < helpers && here; i++) finish(team, team->helpers[i]);
    team->busy = false;
    return here;
}

/* Ends a team, when the thread that owns it ends. */
static void end_team(void *data)
{
    struct quell_team *team = data;
    if (team == &of_helpers || team->busy || team->process != quell_process_number()) return;
    for (size_t i = 0; i < team->count; i++) {
        struct helper *helper = team->helpers[i];
        if (atomic_exchange(&helper->state, END) == ASLEEP) quell_wake(&helper->state);
    }
    for (size_t i = 0; i < team->count; i++) {
        pthread_join(team->helpers[i]->thread, NULL);
        free(team->helpers[i]);
    }
    free(team->helpers);
    free(team);
}
