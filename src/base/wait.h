/* SPDX-License-Identifier: MIT */
/* Waiting until a word changes: first spinning, which is reading it again and again, and then
 * asleep. There are no cancellation points. */
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

/* Spins for at most `spin` nanoseconds while the word equals `value`; returns the word. */
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

/* Returns the clock of the calling thread's processor time. */
clockid_t quell_own_clock(void);

/* Spins in the same way, but stops as soon as the thread that will change the word is not running:
 * on a busy machine that thread may be waiting for a processor, perhaps for this one. awaited(of)
 * returns that thread's clock, which may be another one with each call; 0: it is not known. */
unsigned quell_spin_while_runs(atomic_uint *word, unsigned value, int64_t spin,
                               clockid_t (*awaited)(const void *of), const void *of);

/* Sleeps while the word equals `value`, until woken; it may also wake without a reason. */
static inline void quell_sleep_while(atomic_uint *word, unsigned value)
{
    syscall(SYS_futex, word, FUTEX_WAIT_PRIVATE, value, NULL, NULL, 0);
}

/* Does the same for at most this many nanoseconds, less than a second. */
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
