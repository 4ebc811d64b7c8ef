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

/* Waits for the thread that should lead, because the leader calls the host's functions, which may
 * have to be called in that thread. */
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
    atomic_store(&crew->member[0].clock, quell_own_clock());
    return true;
}

/* Waits until the word is no longer `value`. asleep: the number of threads that sleep until then.
 * awaited(of): the clock of the thread that will change the word (base/wait.h). */
static void wait_for(struct quell_crew *crew, atomic_uint *word, unsigned value,
                     atomic_uint *asleep, clockid_t (*awaited)(const void *of), const void *of)
{
    if (quell_spin_while_runs(word, value, crew->spin, awaited, of) != value) return;
    atomic_fetch_add(asleep, 1);
    while (atomic_load(word) == value) quell_sleep_while(word, value);
    atomic_fetch_sub(asleep, 1);
}

static void wake(atomic_uint *word, atomic_uint *asleep)
{
    if (atomic_load(asleep)) quell_wake(word);
}

/* A phase: the work between two meetings of a crew. */
struct phase {
    const struct quell_crew *crew;
    unsigned phase;
    size_t workers;
};

/* Returns the clock of a worker that has not reached the end of the phase; 0 if none is known. A
 * worker that is still in an earlier phase is not counted. */
static clockid_t missing(const void *of)
{
    const struct phase *at = of;
    for (size_t i = 0; i < at->workers; i++)
        if (atomic_load(&at->crew->member[i].phase) == at->phase)
            return atomic_load(&at->crew->member[i].clock);
    return 0;
}

static clockid_t leader(const void *of)
{
    return atomic_load(&((const struct quell_crew *)of)->member[0].clock);
}

void quell_crew_meet(struct quell_crew *crew, size_t worker, size_t workers)
{
    if (workers < 2) return;
    struct phase at = {crew, atomic_load(&crew->phase), workers};
    atomic_store(&crew->member[worker].phase, at.phase + 1);
    if (atomic_fetch_add(&crew->arrived, 1) + 1 < workers) {
        int64_t begin = worker ? 0 : quell_nanoseconds();
        wait_for(crew, &crew->phase, at.phase, &crew->phase_asleep, missing, &at);
        if (!worker) crew->waited += quell_nanoseconds() - begin;
        return;
    }
    atomic_store(&crew->arrived, 0);
    atomic_fetch_add(&crew->phase, 1);
    wake(&crew->phase, &crew->phase_asleep);
}

/* The two numbers of a member are used in turn, so that a worker may give the next one while others
 * still read this one: before it overwrites this one, two phases later, it has met all readers. */
uint32_t quell_crew_greatest(struct quell_crew *crew, size_t worker, size_t workers, uint32_t given)
{
    if (workers < 2) return given;
    unsigned odd = atomic_load(&crew->phase) & 1;
    crew->member[worker].given[odd] = given;
    quell_crew_meet(crew, worker, workers);
    for (size_t i = 0; i < workers; i++)
        if (crew->member[i].given[odd] > given) given = crew->member[i].given[odd];
    return given;
}

/* A helper that comes during a round is not one of its workers, and waits for the next round. */
void quell_crew_help(struct quell_crew *crew)
{
    unsigned seen = atomic_load(&crew->round), worker = atomic_fetch_add(&crew->helpers, 1) + 1;
    if (worker < crew->most) atomic_store(&crew->member[worker].clock, quell_own_clock());
    while (worker < crew->most) {
        if (atomic_load(&crew->closed)) return;
        wait_for(crew, &crew->round, seen, &crew->round_asleep, leader, crew);
        seen = atomic_load(&crew->round);
        size_t workers = seen & WORKERS;
        if (worker >= workers) continue;
        crew->work(crew->data, worker, workers);
        quell_crew_meet(crew, worker, workers);
    }
}

static unsigned next_round(struct quell_crew *crew, size_t workers)
{
    return (atomic_load(&crew->round) & ~WORKERS) + NEXT + (unsigned)workers;
}

/* Spins for a while until helpers come, but only once, before the first piece of work. */
static void await_helpers(struct quell_crew *crew)
{
    if (!crew->spin || crew->awaited) return;
    crew->awaited = true;
    int64_t end = quell_nanoseconds() + crew->spin;
    while (atomic_load(&crew->helpers) + 1 < crew->most && quell_nanoseconds() < end) quell_relax();
}

/* How many pieces of work the leader does alone before it tries with helpers again; each failed try
 * in a row makes it four times as many. */
#define FIRST_ALONE 4
#define LONGEST_ALONE 256

/* Decides whether the leader works alone for a while: it does if it waited for longer than it would
 * have taken to compute the parts of all the others. */
static void judge(struct quell_crew *crew, size_t workers, int64_t took)
{
    bool sooner = (took - crew->waited) * (int64_t)workers < took;
    if (!sooner)
        crew->longer = 0;
    else if (crew->longer < LONGEST_ALONE)
        crew->longer = crew->longer ? 4 * crew->longer : FIRST_ALONE;
    crew->alone = crew->longer;
}

static size_t workers_now(struct quell_crew *crew)
{
    await_helpers(crew);
    size_t workers = (size_t)atomic_load(&crew->helpers) + 1;
    if (crew->process != quell_process_number()) return 1;
    if (crew->alone && workers > 1) {
        crew->alone--;
        return 1;
    }
    return workers < crew->most ? workers : crew->most;
}

static void work_by(struct quell_crew *crew, size_t workers, quell_crew_fn *work, void *data)
{
    if (workers < 2) {
        work(data, 0, 1);
        return;
    }
    crew->work = work;
    crew->data = data;
    crew->waited = 0;
    atomic_store(&crew->round, next_round(crew, workers));
    wake(&crew->round, &crew->round_asleep);
    work(data, 0, workers);
    quell_crew_meet(crew, 0, workers);
}

void quell_crew_work(struct quell_crew *crew, quell_crew_fn *work, void *data)
{
    size_t workers = workers_now(crew);
    int64_t begin = quell_nanoseconds();
    work_by(crew, workers, work, data);
    if (workers > 1) judge(crew, workers, quell_nanoseconds() - begin);
}

void quell_crew_work_briefly(struct quell_crew *crew, quell_crew_fn *work, void *data)
{
    work_by(crew, crew->alone ? 1 : workers_now(crew), work, data);
}

void quell_crew_end(struct quell_crew *crew)
{
    atomic_store(&crew->closed, 1);
    if (crew->process != quell_process_number()) return;
    atomic_store(&crew->round, next_round(crew, 0));
    wake(&crew->round, &crew->round_asleep);
}
