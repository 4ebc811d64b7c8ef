/* SPDX-License-Identifier: MIT */
/* Keeps the host's signals out of threads that work for quell: handlers of the host's run in its
 * own threads alone. */
#ifndef QUELL_ENGINE_SIGNALS_H
#define QUELL_ENGINE_SIGNALS_H

#include <pthread.h>
#include <signal.h>

/* Blocks, in the calling thread, all signals except those for its own faults and a profiler's, and
 * fills in what it blocked before, for pthread_sigmask(SIG_SETMASK, before, NULL). */
void quell_signals_block(sigset_t *before);

/* Starts a thread that blocks these signals from its first instruction on; the arguments and the
 * result are pthread_create's. */
int quell_signals_start_thread(pthread_t *thread, const pthread_attr_t *attributes,
                               void *(*body)(void *data), void *data);

#endif
