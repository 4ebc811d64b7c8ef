/* SPDX-License-Identifier: MIT */
/* The number is kept in a page that the kernel hands to every child of fork() filled with zeros,
 * whichever call forks. Where the kernel cannot do so (before Linux 4.14, and in some emulators), a
 * handler of fork() clears it. */
#include "process.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stddef.h>
#include <sys/mman.h>
#include <unistd.h>

static _Atomic(atomic_uint *) page;
static atomic_uint last; /* the last number given, here or in a parent */

static void forget(void)
{
    atomic_uint *number = atomic_load(&page);
    if (number) atomic_store(number, 0);
}

/* Returns the page, or NULL if there is no memory. If two threads create one at the same time, one
 * page is used and the other is unmapped. */
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
