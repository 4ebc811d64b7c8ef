/* SPDX-License-Identifier: MIT */
/* For LD_PRELOAD: an allocator of which one allocation fails, whoever asks: the program, a library
 * or the C library itself. The script check_allocations says which, in a file that both have mapped
 * (QUELL_ALLOCATIONS), and finds there how many there were and who asked for what failed. */
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <stdatomic.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

/* fail: the number of the allocation that fails, from 1 on; 0: none does. seen: how many there
 * were. asker: the file that the code which asked is in. spared: it may not fail. */
struct allocations {
    int64_t fail;
    _Atomic int64_t seen;
    int64_t failed, spared;
    char asker[256];
};

void *__libc_malloc(size_t size);
void *__libc_calloc(size_t count, size_t size);
void *__libc_realloc(void *old, size_t size);
void *__libc_memalign(size_t alignment, size_t size);

static struct allocations *shared;

__attribute__((constructor)) static void begin(void)
{
    const char *path = getenv("QUELL_ALLOCATIONS");
    int file = path ? open(path, O_RDWR | O_CLOEXEC) : -1;
    if (file < 0) return;
    void *mapped = (void *)syscall(SYS_mmap, NULL, sizeof *shared, PROT_READ | PROT_WRITE,
                                   MAP_SHARED, file, 0);
    close(file);
    unsetenv("QUELL_ALLOCATIONS"); /* a program that this one starts is another matter */
    if (mapped != MAP_FAILED) shared = mapped;
}

/* What cannot be helped: the runtimes of OpenMP and, as it is loaded with OpenBLAS, of Fortran end
 * the process, and so does the loader. The library of C++ throws: quell has no C++, so it was asked
 * by ONNX Runtime, which catches nothing while it is being loaded. */
static int is_spared(const char *asker)
{
    return strstr(asker, "libgomp") || strstr(asker, "libomp") || strstr(asker, "/ld-linux") ||
           strstr(asker, "libgfortran") || strstr(asker, "libstdc++");
}

static int refuse(const void *caller)
{
    Dl_info info;
    if (!shared || atomic_fetch_add(&shared->seen, 1) + 1 != shared->fail) return 0;
    const char *asker = dladdr(caller, &info) && info.dli_fname ? info.dli_fname : "?";
    strncpy(shared->asker, asker, sizeof shared->asker - 1);
    shared->spared = is_spared(asker);
    shared->failed = !shared->spared;
    errno = ENOMEM;
    return !shared->spared;
}

#define REFUSED refuse(__builtin_return_address(0))

void *malloc(size_t size) { return REFUSED ? NULL : __libc_malloc(size); }

void *calloc(size_t count, size_t size) { return REFUSED ? NULL : __libc_calloc(count, size); }

void *realloc(void *old, size_t size) { return REFUSED ? NULL : __libc_realloc(old, size); }

void *memalign(size_t alignment, size_t size)
{
    return REFUSED ? NULL : __libc_memalign(alignment, size);
}

void *aligned_alloc(size_t alignment, size_t size)
{
    return REFUSED ? NULL : __libc_memalign(alignment, size);
}

int posix_memalign(void **block, size_t alignment, size_t size)
{
    int before = errno;
    void *made = REFUSED ? NULL : __libc_memalign(alignment, size);
    errno = before;
    if (!made) return ENOMEM;
    *block = made;
    return 0;
}
