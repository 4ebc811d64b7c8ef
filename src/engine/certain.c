/* SPDX-License-Identifier: MIT */
/* A region must not be opened unless all its threads can be had. Between this check and the
 * opening, other threads of this process and other processes may start threads; the latter may
 * check at the same moment and find the same room. So the limits must leave room for thousands of
 * threads, and for each processor as many as are wanted here.
 *
 * The limits of the process are checked for each region. The host may have opened a smaller region
 * in the meantime: libgomp then ends the threads that are not needed, and all of them must be made
 * again. The limits of the whole machine are checked every 2 milliseconds, in which other processes
 * start hundreds of threads at most. */
#include "certain.h"
#include "openmp.h"
#include "probe.h"
#include "room.h"
#include "tasks.h"
#include "base/process.h"
#include "base/wait.h"

#include <stdatomic.h>
#include <stdint.h>
#include <sys/resource.h>
#include <unistd.h>

#define MARGIN 4096
#define PROBED 4 /* so many more threads than wanted are started to try */
#define MILLISECOND ((int64_t)1000000)

/* What this thread has found out. */
struct known {
    unsigned process;
    uid_t user;
    rlim_t limit;
    size_t machine, probed; /* free tasks on the machine; threads that were started to try */
    bool room;
    int64_t machine_until, room_until;
};

static size_t needed(size_t threads)
{
    static atomic_long known; /* processors; a file must be read to count them */
    long processors = atomic_load(&known);
    if (!processors) atomic_store(&known, processors = sysconf(_SC_NPROCESSORS_ONLN));
    return MARGIN + threads * (size_t)(processors > 0 ? processors : 1);
}

static bool machine_leaves(struct known *known, size_t tasks, int64_t now)
{
    if (now >= known->machine_until) {
        known->machine = quell_tasks_of_machine();
        known->machine_until = now + 2 * MILLISECOND;
    }
    return known->machine > tasks;
}

static bool has_room(struct known *known, int64_t now)
{
    if (now >= known->room_until) {
        known->room = quell_room_at_all();
        known->room_until = now + 100 * MILLISECOND;
    }
    return known->room;
}

static bool made_to_try(struct known *known, size_t threads)
{
    if (threads <= known->probed) return true;
    if (!quell_probe_threads(threads - 1 + PROBED, quell_openmp_stack())) return false;
    known->probed = threads;
    return true;
}

/* Forgets what was found out in another process, for another user or under another limit. */
static void forget_another(struct known *known)
{
    struct known now = {.process = quell_process_number(), .user = geteuid()};
    struct rlimit limit = {0};
    getrlimit(RLIMIT_NPROC, &limit);
    now.limit = limit.rlim_cur;
    now.machine_until = now.room_until = INT64_MIN;
    if (known->process != now.process || known->user != now.user || known->limit != now.limit)
        *known = now;
}

bool quell_certain_of(size_t threads)
{
    static _Thread_local struct known known;
    if (quell_process_forked() || !quell_room_for(threads, quell_openmp_stack())) return false;
    int64_t now = quell_nanoseconds();
    size_t tasks = needed(threads);
    forget_another(&known);
    return machine_leaves(&known, tasks, now) && has_room(&known, now) &&
           quell_tasks_of_groups() > tasks && made_to_try(&known, threads);
}
