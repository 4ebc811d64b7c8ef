/* SPDX-License-Identifier: MIT */
/* The number lies in a page that the kernel gives to a child of fork() as zeros, whoever forks and
 * by what call; where it cannot (before Linux 4.14, some emulators), fork()'s handler clears it. */
#include "process.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stddef.h>
#include <sys/mman.h>
#include <unistd.h>

static _Atomic(atomic_uint *) page;
static atomic_uint last; /* of the numbers that were given, in this process and in its parents */

static void forget(void)
{
    atomic_uint *number = atomic_load(&page);
    if (number) atomic_store(number, 0);
}

/* The page; NULL if there is no memory for it. Of two threads that make one, one keeps its own. */
static atomic_uint *map_page(void)
{
    size_t size = (size_t)sysconf(_SC_PAGESIZE);
    atomic_uint *none = NULL;
    void *made = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (made == MAP_FAILED) return NULL;
    madvise(made, size, MADV_WIPEONFORK);
    if (!atomic_compare_exchange_strong(&page, &none, made)) {
        munmap(made, size);
        return none;
    }
    pthread_atfork(NULL, NULL, forget);
    return made;
}

unsigned quell_process_number(void)
{
    atomic_uint *number = atomic_load(&page);
    if (!number) number = map_page();
    if (!number) return (unsigned)getpid() | 1u << 31;
    unsigned known = atomic_load(number);
    if (known) return known;
    unsigned fresh = atomic_fetch_add(&last, 1) + 1;
    return atomic_compare_exchange_strong(number, &known, fresh) ? fresh : known;
}
