/* SPDX-License-Identifier: MIT */
#include "cli/interrupt.h"

#include <errno.h>
#include <limits.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

_Atomic sig_atomic_t interrupt_signal;

/* The signals by which other processes end this one. Signals from SIGRTMIN on are treated in the
 * same way. */
static const int requests[] = {SIGINT,  SIGTERM, SIGHUP,  SIGQUIT, SIGALRM, SIGVTALRM, SIGPROF,
                               SIGUSR1, SIGUSR2, SIGXCPU, SIGIO,   SIGPWR,  SIGSTKFLT, SIGTRAP};
static const int crashes[] = {SIGSEGV, SIGBUS, SIGILL, SIGFPE, SIGABRT, SIGSYS};

#define COUNT(array) (sizeof(array) / sizeof *(array))
#define MOST_DOOMED 2

/* The names of the files to remove. An element is NULL until its name is complete, because a part
 * of it could be the name of another file. */
static const char *volatile doomed[MOST_DOOMED];

static void remove_doomed(void)
{
    for (int i = 0; i < MOST_DOOMED; i++)
        if (doomed[i]) unlink(doomed[i]);
}

static void note(int number)
{
    int before = errno;
    if (!interrupt_signal) remove_doomed();
    errno = before;
    interrupt_signal = number;
}

/* Removes the files. When this handler returns, the signal's default action follows. */
static void crash(int number)
{
    remove_doomed();
    raise(number);
}

/* Catches one signal, unless it is ignored. `always`: also if it has another handler, as MPI may
 * have set; this is for the three signals that always mean that this command shall end. */
static void catch_one(int number, void (*handler)(int), int flags, bool always)
{
    struct sigaction action = {.sa_handler = handler, .sa_flags = flags}, old;
    sigemptyset(&action.sa_mask);
    if (sigaction(number, NULL, &old) || old.sa_handler == SIG_IGN) return;
    if (always || old.sa_handler == SIG_DFL) sigaction(number, &action, NULL);
}

static void catch_signals(int flags)
{
    for (size_t i = 0; i < COUNT(requests); i++) catch_one(requests[i], note, flags, i < 3);
    for (int number = SIGRTMIN; number <= SIGRTMAX; number++) catch_one(number, note, flags, false);
    for (size_t i = 0; i < COUNT(crashes); i++)
        catch_one(crashes[i], crash, (int)SA_RESETHAND, false);
    signal(SIGPIPE, SIG_IGN);
    signal(SIGXFSZ, SIG_IGN);
}

void interrupt_catch(void) { catch_signals((int)SA_RESETHAND); }

void interrupt_catch_all(void) { catch_signals(0); }

static void release_one(int number)
{
    struct sigaction old;
    if (!sigaction(number, NULL, &old) && old.sa_handler == note) signal(number, SIG_DFL);
}

void interrupt_release(void)
{
    for (size_t i = 0; i < COUNT(requests); i++) release_one(requests[i]);
    for (int number = SIGRTMIN; number <= SIGRTMAX; number++) release_one(number);
}

void interrupt_removes(const char *path)
{
    static char names[MOST_DOOMED][PATH_MAX];
    int i = 0;
    for (; !path && i < MOST_DOOMED; i++) doomed[i] = NULL;
    if (!path) return;
    while (i < MOST_DOOMED - 1 && doomed[i]) i++;
    doomed[i] = NULL;
    atomic_signal_fence(memory_order_seq_cst);
    snprintf(names[i], sizeof names[i], "%s", path);
    atomic_signal_fence(memory_order_seq_cst);
    doomed[i] = names[i];
    if (interrupt_signal) unlink(names[i]);
}

const char *interrupt_name(void)
{
    static char name[64];
    if (interrupt_signal == SIGINT) return "Ctrl-C";
    snprintf(name, sizeof name, "a signal (%s)", strsignal((int)interrupt_signal));
    return name;
}

void interrupt_end(void)
{
    sigset_t all;
    fflush(stdout);
    sigemptyset(&all);
    sigaddset(&all, interrupt_signal);
    signal(interrupt_signal, SIG_DFL);
    sigprocmask(SIG_UNBLOCK, &all, NULL);
    raise(interrupt_signal);
}
