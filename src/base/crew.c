/* SPDX-License-Identifier: MIT */
#include "base/crew.h"
#include "base/process.h"
#include "base/wait.h"

#define WORKERS 0xffu
#define NEXT (WORKERS + 1)

void quell_crew_begin(struct quell_crew *crew, size_t most, int64_t spin)
{
    crew->most = most < QUELL_MOST_CREW ? most : QUELL_MOST_CREW;
    crew->spin = spin;
}

/* Waits for the one that should lead: it calls the host's functions, which may have to be called in
 * its thread. */
static void await_leader(struct quell_crew *crew)
{
    if (quell_spin_while(&crew->came, 0, crew->spin)) return;
    for (int i = 0; i < 100 && !atomic_load(&crew->came); i++)
        quell_sleep_while_for(&crew->came, 0, 1000000);
}

bool quell_crew_lead(struct quell_crew *crew, bool meant)
{
    if (!meant) await_leader(crew);
    if (atomic_fetch_add(&crew->came, 1)) return false;
    crew->process = quell_process_number();
    return true;
}

/* Waits until the word is no longer `value`. asleep: how many sleep for it. */
static void wait_for(atomic_uint *word, unsigned value, atomic_uint *asleep, int64_t spin)
{
    if (quell_spin_while(word, value, spin) != value) return;
    atomic_fetch_add(asleep, 1);
    while (atomic_load(word) == value) quell_sleep_while(word, value);
    atomic_fetch_sub(asleep, 1);
}

static void wake(atomic_uint *word, atomic_uint *asleep)
{
    if (atomic_load(asleep)) quell_wake(word);
}

void quell_crew_meet(struct quell_crew *crew, size_t workers)
{
    if (workers < 2) return;
    unsigned phase = atomic_load(&crew->phase);
    if (atomic_fetch_add(&crew->arrived, 1) + 1 < workers) {
        wait_for(&crew->phase, phase, &crew->phase_asleep, crew->spin);
        return;
    }
    atomic_store(&crew->arrived, 0);
    atomic_fetch_add(&crew->phase, 1);
    wake(&crew->phase, &crew->phase_asleep);
}

/* A helper that has come during a round is not among its workers, and waits for the next. */
void quell_crew_help(struct quell_crew *crew)
{
    unsigned seen = atomic_load(&crew->round), worker = atomic_fetch_add(&crew->helpers, 1) + 1;
    while (worker < crew->most) {
        if (atomic_load(&crew->closed)) return;
        wait_for(&crew->round, seen, &crew->round_asleep, crew->spin);
        seen = atomic_load(&crew->round);
        size_t workers = seen & WORKERS;
        if (worker >= workers) continue;
        crew->work(crew->data, worker, workers);
        quell_crew_meet(crew, workers);
    }
}

static unsigned next_round(struct quell_crew *crew, size_t workers)
{
    return (atomic_load(&crew->round) & ~WORKERS) + NEXT + (unsigned)workers;
}

/* Looks for some time whether helpers come; only once, before the first piece of work. */
static void await_helpers(struct quell_crew *crew)
{
    if (!crew->spin || crew->awaited) return;
    crew->awaited = true;
    int64_t end = quell_nanoseconds() + crew->spin;
    while (atomic_load(&crew->helpers) + 1 < crew->most && quell_nanoseconds() < end) quell_relax();
}

void quell_crew_work(struct quell_crew *crew, quell_crew_fn *work, void *data)
{
    await_helpers(crew);
    size_t workers = (size_t)atomic_load(&crew->helpers) + 1;
    if (workers > crew->most) workers = crew->most;
    if (crew->process != quell_process_number()) workers = 1;
    if (workers > 1) {
        crew->work = work;
        crew->data = data;
        atomic_store(&crew->round, next_round(crew, workers));
        wake(&crew->round, &crew->round_asleep);
    }
    work(data, 0, workers);
    quell_crew_meet(crew, workers);
}

void quell_crew_end(struct quell_crew *crew)
{
    atomic_store(&crew->closed, 1);
    if (crew->process != quell_process_number()) return;
    atomic_store(&crew->round, next_round(crew, 0));
    wake(&crew->round, &crew->round_asleep);
}
