/* SPDX-License-Identifier: MIT */
#include "signals.h"

#include <stddef.h>

void quell_signals_block(sigset_t *before)
{
    static const int own[] = {SIGSEGV, SIGBUS, SIGFPE, SIGILL, SIGTRAP, SIGSYS, SIGPROF};
    sigset_t blocked;
    sigfillset(&blocked);
    for (size_t i = 0; i < sizeof own / sizeof *own; i++) sigdelset(&blocked, own[i]);
    pthread_sigmask(SIG_BLOCK, &blocked, before);
}

/* The new thread inherits the signals that this one blocks. pthread_attr_setsigmask_np would not
 * need to change this thread, but AddressSanitizer, from LLVM 19 on, starts threads with their
 * parent's signals whatever the attributes say, and the program that uses quell may be built with
 * it. */
int quell_signals_start_thread(pthread_t *thread, const pthread_attr_t *attributes,
                               void *(*body)(void *data), void *data)
{
    sigset_t before;
    quell_signals_block(&before);
    int wrong = pthread_create(thread, attributes, body, data);
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    return wrong;
}
