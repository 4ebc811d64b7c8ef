/* SPDX-License-Identifier: MIT */
/* Keeps the host's signals out of quell's threads, so that the host's handlers run only in its own
 * threads. */
#ifndef QUELL_ENGINE_SIGNALS_H
#define QUELL_ENGINE_SIGNALS_H

#include <pthread.h>
#include <signal.h>

/* Blocks all signals in the calling thread, except those for the thread's own faults and for a
 * profiler. Sets *before to the mask until then, for pthread_sigmask(SIG_SETMASK, before, NULL). */
void quell_signals_block(sigset_t *before);

/* Starts a thread that blocks these signals from its first instruction on; the arguments and the
 * result are pthread_create's. */
int quell_signals_start_thread(pthread_t *thread, const pthread_attr_t *attributes,
                               void *(*body)(void *data), void *data);

#endif
