/* SPDX-License-Identifier: MIT */
/* What a host has set, all that a library might be tempted to change, and whether it is still
 * so. */
#ifndef QUELL_TESTS_HOST_STATE_H
#define QUELL_TESTS_HOST_STATE_H

#include <locale.h>
#include <omp.h>
#include <sched.h>
#include <signal.h>

#if defined(__x86_64__)
#define HOST_FLUSHES 0x8040u /* FTZ and DAZ of MXCSR */
#elif defined(__aarch64__)
#define HOST_FLUSHES 0x1000000u /* FZ of FPCR */
#endif

/* MXCSR, or FPCR. */
unsigned long host_float_control(void);
void host_set_float_control(unsigned long value);

/* Not the flag of inexact results, which every computation sets. x87: its control word. */
struct host {
    char locale[256], folder[4096];
    locale_t own_locale; /* of this thread */
    int rounding, exceptions;
    unsigned long float_control;
    unsigned short x87;
    int threads, dynamic, levels, chunk, blas_threads;
    omp_sched_t schedule;
    cpu_set_t affinity;
    sigset_t blocked;
    void (*handlers[32])(int);
    int flags[32];
    unsigned mask;        /* of new files */
    unsigned environment; /* a checksum */
};

void host_look(struct host *host);

/* Ends the test if they differ. */
void host_same(const char *what, const struct host *before, const struct host *after);

#endif
