/* SPDX-License-Identifier: MIT */
#include "cli/interrupt.h"

#include <errno.h>
#include <limits.h>
#include <stdatomic.h>
#include <stddef.h>
#include <stdio.h>
#include <unistd.h>

volatile sig_atomic_t interrupt_signal;

/* NULL until the name is there as a whole: a part of it may be the name of another file. */
static const char *volatile doomed;

static void note(int number)
{
    int before = errno;
    if (!interrupt_signal && doomed) unlink(doomed);
    errno = before;
    interrupt_signal = number;
}

static void catch_signals(int flags)
{
    static const int signals[] = {SIGINT, SIGTERM, SIGHUP};
    for (size_t i = 0; i < sizeof signals / sizeof *signals; i++) {
        struct sigaction action = {.sa_handler = note, .sa_flags = flags}, old;
        sigemptyset(&action.sa_mask);
        if (!sigaction(signals[i], NULL, &old) && old.sa_handler != SIG_IGN)
            sigaction(signals[i], &action, NULL);
    }
    signal(SIGPIPE, SIG_IGN);
    signal(SIGXFSZ, SIG_IGN);
}

void interrupt_catch(void) { catch_signals((int)SA_RESETHAND); }

void interrupt_catch_all(void) { catch_signals(0); }

void interrupt_removes(const char *path)
{
    static char name[PATH_MAX];
    doomed = NULL;
    atomic_signal_fence(memory_order_seq_cst);
    snprintf(name, sizeof name, "%s", path);
    atomic_signal_fence(memory_order_seq_cst);
    doomed = name;
    if (interrupt_signal) unlink(name);
}
