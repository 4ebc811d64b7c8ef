/* SPDX-License-Identifier: MIT */
#include "host_state.h"
#include "harness.h"

#include <cblas.h>
#include <fenv.h>
#include <pthread.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#if defined(__x86_64__)
#include <immintrin.h>
#define STICKY 0x3Fu /* the exception flags */
unsigned long host_float_control(void) { return _mm_getcsr(); }
void host_set_float_control(unsigned long value) { _mm_setcsr((unsigned)value); }
static unsigned short x87_control(void)
{
    unsigned short value;
    __asm__ volatile("fnstcw %0" : "=m"(value));
    return value;
}
#elif defined(__aarch64__)
#define STICKY 0u
unsigned long host_float_control(void)
{
    unsigned long value;
    __asm__ volatile("mrs %0, fpcr" : "=r"(value));
    return value;
}
void host_set_float_control(unsigned long value) { __asm__ volatile("msr fpcr, %0" ::"r"(value)); }
static unsigned short x87_control(void) { return 0; }
#endif

static unsigned sum_environment(void)
{
    unsigned sum = 0;
    for (char **entry = environ; entry && *entry; entry++)
        for (const char *c = *entry; *c; c++) sum = 31 * sum + (unsigned char)*c;
    return sum;
}

void host_look(struct host *host)
{
    memset(host, 0, sizeof *host);
    snprintf(host->locale, sizeof host->locale, "%s", setlocale(LC_ALL, NULL));
    if (!getcwd(host->folder, sizeof host->folder)) *host->folder = '\0';
    host->own_locale = uselocale((locale_t)0);
    host->rounding = fegetround();
    host->exceptions = fetestexcept(FE_ALL_EXCEPT & ~FE_INEXACT);
    host->float_control = host_float_control() & ~(unsigned long)STICKY;
    host->x87 = x87_control();
    host->threads = omp_get_max_threads();
    host->dynamic = omp_get_dynamic();
    host->levels = omp_get_max_active_levels();
    omp_get_schedule(&host->schedule, &host->chunk);
    host->blas_threads = openblas_get_num_threads();
    sched_getaffinity(0, sizeof host->affinity, &host->affinity);
    pthread_sigmask(SIG_BLOCK, NULL, &host->blocked);
    for (int i = 1; i < 32; i++) {
        struct sigaction action;
        if (sigaction(i, NULL, &action)) continue;
        host->handlers[i] = action.sa_handler;
        host->flags[i] = action.sa_flags;
    }
    host->mask = umask(0);
    umask(host->mask);
    host->environment = sum_environment();
}

void host_same(const char *what, const struct host *before, const struct host *after)
{
    CHECK(before->rounding == after->rounding, "%s: the rounding mode has changed", what);
    CHECK(before->exceptions == after->exceptions, "%s: exception flags %x, then %x", what,
          (unsigned)before->exceptions, (unsigned)after->exceptions);
    CHECK(before->float_control == after->float_control, "%s: float control %lx, then %lx", what,
          before->float_control, after->float_control);
    CHECK(before->blas_threads == after->blas_threads, "%s: OpenBLAS had %d threads, now %d", what,
          before->blas_threads, after->blas_threads);
    CHECK(!strcmp(before->locale, after->locale), "%s: the locale has changed", what);
    CHECK(!memcmp(before, after, sizeof *before), "%s: a setting has changed", what);
}
