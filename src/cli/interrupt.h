/* SPDX-License-Identifier: MIT */
/* Turns Ctrl-C into a flag, so that a run can clean up. */
#ifndef QUELL_CLI_INTERRUPT_H
#define QUELL_CLI_INTERRUPT_H

#include <signal.h>

/* 0, or the number of the signal that asks the run to end. */
extern _Atomic sig_atomic_t interrupt_signal;

/* From this call on, signals that would end the process set the flag, unless the parent had them
 * ignored. A pipe without a reader and a limit on the file's size become errors of the write. The
 * second signal of a kind ends the process. A crash ends it as well, and removes the files that
 * must not stay. */
void interrupt_catch(void);

/* Like interrupt_catch, but no number of signals ends the process. The launcher of an MPI job and
 * the program that started the launcher each send one, and end the process by SIGKILL if they have
 * to. */
void interrupt_catch_all(void);

/* Lets signals end the process again, because all files have their names. */
void interrupt_release(void);

/* From this call on, the first signal also removes the file `path` at once, because the sender of
 * the signal may not leave time for more. There can be at most two such files. NULL: no file is
 * removed any more. */
void interrupt_removes(const char *path);

/* The name of the signal that arrived, "Ctrl-C" or "a signal (Terminated)". */
const char *interrupt_name(void);

/* Ends the process by the signal that arrived, so that a loop of a shell ends as well. */
void interrupt_end(void);

#endif
