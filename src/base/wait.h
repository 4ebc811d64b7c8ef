/* SPDX-License-Identifier: MIT */
/* Waits until a word changes: first by looking at it again and again, then asleep. There are no
 * cancellation points. */
#ifndef QUELL_BASE_WAIT_H
#define QUELL_BASE_WAIT_H

#include <limits.h>
#include <linux/futex.h>
#include <stdatomic.h>
#include <stdint.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

static inline void quell_relax(void)
{
#if defined(__x86_64__) || defined(__i386__)
    __builtin_ia32_pause();
#elif defined(__aarch64__) || defined(__arm__)
    __asm__ volatile("yield");
#endif
}

static inline int64_t quell_nanoseconds(void)
{
    struct timespec time;
    clock_gettime(CLOCK_MONOTONIC, &time);
    return (int64_t)time.tv_sec * 1000000000 + time.tv_nsec;
}

/* Looks at the word for at most `spin` nanoseconds while it equals `value`; returns what it is
 * then. */
static inline unsigned quell_spin_while(atomic_uint *word, unsigned value, int64_t spin)
{
    unsigned now = atomic_load(word);
    if (now != value || spin <= 0) return now;
    int64_t end = quell_nanoseconds() + spin;
    do {
        for (int i = 0; i < 32; i++) {
            if ((now = atomic_load_explicit(word, memory_order_acquire)) != value) return now;
            quell_relax();
        }
    } while (quell_nanoseconds() < end);
    return atomic_load(word);
}

/* The clock that counts how long the calling thread has run. */
clockid_t quell_own_clock(void);

/* The same, but only as long as the thread runs that is to change the word: on a busy machine it
 * may wait for a processor, perhaps for this one. awaited(of): the clock of that thread, which may
 * be another one each time; 0: it is not known. */
unsigned quell_spin_while_runs(atomic_uint *word, unsigned value, int64_t spin,
                               clockid_t (*awaited)(const void *of), const void *of);

/* Sleeps while the word equals `value`, until woken; it may also wake without a reason. */
static inline void quell_sleep_while(atomic_uint *word, unsigned value)
{
    syscall(SYS_futex, word, FUTEX_WAIT_PRIVATE, value, NULL, NULL, 0);
}

/* The same for at most so many nanoseconds, below a second. */
static inline void quell_sleep_while_for(atomic_uint *word, unsigned value, long nanoseconds)
{
    struct timespec time = {0, nanoseconds};
    syscall(SYS_futex, word, FUTEX_WAIT_PRIVATE, value, &time, NULL, 0);
}

static inline void quell_wake(atomic_uint *word)
{
    syscall(SYS_futex, word, FUTEX_WAKE_PRIVATE, INT_MAX, NULL, NULL, 0);
}

#endif
