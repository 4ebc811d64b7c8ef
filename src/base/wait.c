/* SPDX-License-Identifier: MIT */
#include "base/wait.h"

#define BRIEF 5000 /* nanoseconds of spinning between two looks at the other thread's clock */

/* The kernel makes a clock's number of a thread's in this way (clock_getcpuclockid(3) does it for
 * processes; glibc has no function for thread ids). */
clockid_t quell_own_clock(void) { return (clockid_t)(~(unsigned)syscall(SYS_gettid) << 3 | 6); }

/* The nanoseconds for which a thread has run, or -1 if the kernel does not say. */
static int64_t has_run(clockid_t clock)
{
    struct timespec time;
    if (!clock || clock_gettime(clock, &time)) return -1;
    return (int64_t)time.tv_sec * 1000000000 + time.tv_nsec;
}

unsigned quell_spin_while_runs(atomic_uint *word, unsigned value, int64_t spin,
                               clockid_t (*awaited)(const void *of), const void *of)
{
    int64_t brief = spin < BRIEF ? spin : BRIEF;
    unsigned now = quell_spin_while(word, value, brief);
    if (now != value || spin <= BRIEF) return now;
    int64_t begin = quell_nanoseconds(), last = begin, ran = 0;
    clockid_t clock = 0;
    while (last - begin < spin) {
        clockid_t next = awaited(of);
        int64_t before = clock == next ? ran : -1, then = last;
        clock = next;
        ran = has_run(clock);
        last = quell_nanoseconds();
        if (before >= 0 && ran >= 0 && ran - before < (last - then) / 4) return atomic_load(word);
        if ((now = quell_spin_while(word, value, BRIEF)) != value) return now;
    }
    return now;
}
