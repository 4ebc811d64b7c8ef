/* SPDX-License-Identifier: MIT */
/* OpenBLAS is loaded when the first covariance needs it, and not linked, for two reasons: most
 * programs never need it, and it takes much memory. When it is loaded, it maps a buffer for every
 * thread that it might use, and another one at its first call; if a limit (ulimit -v) refuses the
 * buffer, it tries again for ever. So the code below first checks that there is enough room. It
 * cannot exclude two cases: another thread may take the room between the check and the loading; and
 * Fortran's runtime, which is loaded with OpenBLAS, ends the process if its malloc fails at that
 * moment. */
#include "denoisers/lapack.h"
#include "base/fail.h"
#include "base/serial.h"

#include <dlfcn.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#define MEGABYTE ((size_t)1 << 20)

/* Sizes in megabytes for OpenBLAS 0.3.21, rounded up: its code with Fortran's runtime; a buffer
 * (128 MB on x86-64) and the stack of its thread; and the greatest number of threads with which any
 * distribution builds it. */
enum { CODE = 64, BUFFER = 136, MOST_THREADS = 128 };

/* The number of threads for which OpenBLAS allocates as it is loaded. */
static size_t threads_prepared(void)
{
    static const char *const names[] = {"OPENBLAS_NUM_THREADS", "GOTO_NUM_THREADS",
                                        "OMP_NUM_THREADS"};
    long count = 0;
    for (size_t i = 0; i < sizeof names / sizeof *names && count < 1; i++)
        if (getenv(names[i])) count = strtol(getenv(names[i]), NULL, 10);
    if (count < 1) count = sysconf(_SC_NPROCESSORS_CONF);
    return count < 1 ? 1 : count > MOST_THREADS ? MOST_THREADS : (size_t)count;
}

/* Checks limits of address space and data, and strict accounting of memory, by mapping that much
 * memory. The pages are never touched. */
static quell_status see_room(size_t megabytes, const char *instead)
{
    void *room = mmap(NULL, megabytes * MEGABYTE, PROT_READ | PROT_WRITE,
                      MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    if (room == MAP_FAILED)
        return quell_fail(QUELL_NO_MEMORY,
                          "OpenBLAS, which decomposes a covariance, may need %zu MB of address "
                          "space, more than the process may have (ulimit -v)%s",
                          megabytes, instead);
    munmap(room, megabytes * MEGABYTE);
    return QUELL_OK;
}

#ifdef QUELL_LAPACK_LINKED

void dsyevd_(const char *job, const char *triangle, const int *n, double *a, const int *lda,
             double *values, double *work, const int *work_size, int *integers,
             const int *integers_size, int *info);
void dsyrk_(const char *triangle, const char *transpose, const int *n, const int *k,
            const double *alpha, const double *a, const int *lda, const double *beta, double *c,
            const int *ldc);
/* Weak, because another LAPACK than OpenBLAS may be linked, which has no such function. */
__attribute__((weak)) char *openblas_get_config(void);

static quell_status load(struct quell_lapack *lapack)
{
    *lapack =
        (struct quell_lapack){.dsyevd = dsyevd_, .dsyrk = dsyrk_, .config = openblas_get_config};
    return QUELL_OK;
}

#else

/* The loader reports a lack of memory only in the text of its message. */
static bool lacks_memory(const char *said)
{
    return strcasestr(said, "cannot allocate") || strcasestr(said, "out of memory");
}

/* Opens OpenBLAS under the names that distributions give it (Fedora: o with OpenMP, p with its own
 * threads; PyPI, in scipy-openblas32: with a prefix to its functions' names), or else any library
 * that provides LAPACK, but not after a failure for lack of memory. reason[size] gets the loader's
 * message on that failure, or on the first name. */
static void *open_library(int how, const char **prefix, char *reason, size_t size)
{
    static const struct {
        const char *name, *prefix;
    } libraries[] = {{"libopenblas.so.0", ""},
                     {"libopenblaso.so.0", ""},
                     {"libopenblasp.so.0", ""},
                     {"libscipy_openblas.so", "scipy_"},
                     {"liblapack.so.3", ""}};
    for (size_t i = 0; i < sizeof libraries / sizeof *libraries; i++) {
        void *library = dlopen(libraries[i].name, RTLD_NOW | RTLD_LOCAL | how);
        *prefix = libraries[i].prefix;
        if (library) return library;
        const char *said = dlerror();
        bool memory = said && lacks_memory(said);
        if (said && (memory || i == 0)) snprintf(reason, size, "%s", said);
        if (memory) return NULL;
    }
    return NULL;
}

static quell_status cannot_load(const char *reason)
{
    return quell_fail(lacks_memory(reason) ? QUELL_NO_MEMORY : QUELL_UNSUPPORTED,
                      "a covariance needs OpenBLAS, which is not installed (Debian: "
                      "libopenblas0-openmp; pip: scipy-openblas32) or cannot be loaded: %s",
                      reason);
}

static quell_status see_room_to_load(void)
{
    size_t count = threads_prepared();
    return see_room(CODE + (count + 1) * BUFFER,
                    count > 1 ? "; less with OPENBLAS_NUM_THREADS=1 in the environment" : "");
}

static void *find(void *library, const char *prefix, const char *name)
{
    char whole[64];
    snprintf(whole, sizeof whole, "%s%s", prefix, name);
    return dlsym(library, whole);
}

/* The library stays loaded: its functions and threads may be in use after any denoiser is gone. */
static quell_status load(struct quell_lapack *lapack)
{
    char reason[300] = "";
    const char *prefix = "";
    void *library = open_library(RTLD_NOLOAD, &prefix, reason, sizeof reason);
    if (!library) {
        quell_status status = see_room_to_load();
        if (status) return status;
        library = open_library(0, &prefix, reason, sizeof reason);
    }
    if (!library) return cannot_load(reason);
    *(void **)&lapack->dsyevd = find(library, prefix, "dsyevd_");
    *(void **)&lapack->dsyrk = find(library, prefix, "dsyrk_");
    *(void **)&lapack->config = find(library, prefix, "openblas_get_config");
    *(void **)&lapack->most_threads = dlsym(library, "omp_get_max_threads");
    *(void **)&lapack->set_threads = dlsym(library, "omp_set_num_threads");
    if (lapack->dsyevd && lapack->dsyrk) return QUELL_OK;
    return quell_fail(QUELL_UNSUPPORTED,
                      "a covariance needs OpenBLAS (Debian: libopenblas0-openmp): the LAPACK that "
                      "is installed lacks dsyevd or dsyrk");
}

#endif

/* OpenBLAS keeps its buffers, and maps a new one only if more callers are inside it than ever
 * before. In a child of fork() the parent's callers stay counted, because their buffers stay taken.
 * There is no lock here, because another thread could fork while it is held. */
static atomic_uint callers, most_callers;

static quell_status see_buffer(unsigned callers_now)
{
    unsigned most = atomic_load(&most_callers);
    quell_status status = callers_now > most ? see_room(BUFFER, "") : QUELL_OK;
    while (!status && most < callers_now &&
           !atomic_compare_exchange_weak(&most_callers, &most, callers_now))
        continue;
    return status;
}

/* Calls body on one thread of the OpenMP runtime that LAPACK also uses. */
static void call(const struct quell_lapack *lapack,
                 void (*body)(const struct quell_lapack *lapack, void *data), void *data)
{
    QUELL_SERIAL_OPENMP(true);
    bool both = lapack->most_threads && lapack->set_threads;
    int threads = both ? lapack->most_threads() : 1;
    if (threads > 1) lapack->set_threads(1);
    body(lapack, data);
    if (threads > 1) lapack->set_threads(threads);
}

/* Calls OpenBLAS with OpenMP's number of threads set to one. Then OpenBLAS uses the calling thread
 * alone, and has no reason to change its number of threads for the whole process. With several
 * threads it would open a parallel region, whose runtime ends the process if a thread cannot be
 * created; and it would wait for a buffer which, in a child of fork(), a thread of the parent may
 * hold for ever. Nothing is lost on a busy machine: 2000 x 2000 took 3.6 s on one thread of a
 * machine of two cores, and 40 s on two, which wait for each other; in processor time 1.2 s and 12
 * s. 100 x 100 took 0.0006 s and 0.0008 s. */
quell_status quell_with_lapack(void (*body)(const struct quell_lapack *lapack, void *data),
                               void *data)
{
    struct quell_lapack lapack;
    quell_status status = load(&lapack);
    if (status) return status;
    status = see_buffer(atomic_fetch_add(&callers, 1) + 1);
    if (!status) call(&lapack, body, data);
    atomic_fetch_sub(&callers, 1);
    return status;
}

const char *quell_lapack_about(void)
{
    struct quell_lapack lapack;
    if (load(&lapack)) return quell_error_message();
    return lapack.config ? lapack.config() : "LAPACK, not OpenBLAS";
}
