/* SPDX-License-Identifier: MIT */
#include "guard.h"
#include "harness.h"

#include <sys/mman.h>
#include <unistd.h>

struct guard guard_new(size_t count)
{
    size_t page = (size_t)sysconf(_SC_PAGESIZE);
    size_t room = (count * sizeof(float) + page - 1) / page * page, size = room + 2 * page;
    char *map = mmap(NULL, size, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    CHECK(map != MAP_FAILED, "mmap of %zu bytes failed", size);
    /* qemu 7.2 refuses to protect 0 bytes */
    CHECK(!room || mprotect(map + page, room, PROT_READ | PROT_WRITE) == 0, "mprotect failed");
    return (struct guard){(void *)(map + page), (void *)(map + page + room), map, size};
}

void guard_free(struct guard *guard) { munmap(guard->map, guard->size); }
