/* SPDX-License-Identifier: MIT */
/* The number is kept in a page that the kernel hands to every child of fork() filled with zeros,
 * whichever call forks. Where the kernel cannot do so (before Linux 4.14, and in some emulators), a
 * handler of fork() clears it. */
#include "process.h"

#include <fcntl.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
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

#define FORKED 0x40u /* the kernel's PF_FORKNOEXEC */

/* Returns the flags of the process, read from its first thread. An emulator that does not provide
 * them has no threads, either. */
static bool read_forked(void)
{
    char text[1024], state = '0';
    unsigned flags = FORKED;
    long threads = 0;
    int file = open("/proc/self/stat", O_RDONLY | O_CLOEXEC);
    if (file < 0) return true;
    long length = (long)read(file, text, sizeof text - 1);
    close(file);
    text[length > 0 ? length : 0] = '\0';
    const char *after_name = strrchr(text, ')');
    if (!after_name || sscanf(after_name + 1,
                              " %c %*d %*d %*d %*d %*d %u %*u %*u %*u %*u %*u %*u %*d %*d %*d %*d "
                              "%ld",
                              &state, &flags, &threads) != 3)
        return true;
    return state == '0' || threads < 1 || flags & FORKED;
}

bool quell_process_forked(void)
{
    static _Atomic uint64_t known; /* the process's number, and 1 if it is a child */
    uint64_t number = (uint64_t)quell_process_number() << 1;
    uint64_t found = atomic_load(&known);
    if ((found & ~(uint64_t)1) != number) {
        found = number | read_forked();
        atomic_store(&known, found);
    }
    return found & 1;
}
