/* SPDX-License-Identifier: MIT */
/* Between this question and the region others may make threads: other processes, which ask in the
 * same moment and find the same room, and other threads of this one. So thousands must be free, and
 * for each processor as many as are wanted here. To find that out takes some 40 microseconds, and is
 * done anew after 2 milliseconds, in which others make hundreds of threads at most; or when the
 * process has another user or another limit of its own. */
#include "certain.h"
#include "openmp.h"
#include "probe.h"
#include "room.h"
#include "tasks.h"
#include "wait.h"
#include "base/process.h"

#include <stdint.h>
#include <sys/resource.h>
#include <unistd.h>

#define MARGIN 4096
#define PROBED 4 /* threads more than wanted */
#define MILLISECOND ((int64_t)1000000)

/* What this thread knows. */
struct known {
    unsigned process;
    uid_t user;
    rlim_t limit;
    bool certain, room;
    size_t threads, probed; /* it holds for so many; so many were made to try */
    int64_t until, room_until;
};

static size_t needed(size_t threads)
{
    long processors = sysconf(_SC_NPROCESSORS_ONLN);
    return MARGIN + threads * (size_t)(processors > 0 ? processors : 1);
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

static void find_out(struct known *known, size_t threads, int64_t now)
{
    if (threads > known->probed) known->room_until = now;
    known->threads = threads;
    known->certain = quell_tasks_free() > needed(threads) && has_room(known, now) &&
                     made_to_try(known, threads);
    known->until = now + 2 * MILLISECOND;
}

/* Whether what is known was found in this process, by this user, with this limit. */
static bool is_of_now(struct known *known)
{
    struct known now = {.process = quell_process_number(), .user = geteuid()};
    struct rlimit limit = {0};
    getrlimit(RLIMIT_NPROC, &limit);
    now.limit = limit.rlim_cur;
    if (known->process == now.process && known->user == now.user && known->limit == now.limit)
        return true;
    *known = now;
    return false;
}

bool quell_certain_of(size_t threads)
{
    static _Thread_local struct known known;
    if (quell_process_forked() || !quell_room_for(threads, quell_openmp_stack())) return false;
    int64_t now = quell_nanoseconds();
    bool holds = is_of_now(&known) && now < known.until &&
                 (!known.certain || threads <= known.threads);
    if (!holds) find_out(&known, threads, now);
    return known.certain;
}
