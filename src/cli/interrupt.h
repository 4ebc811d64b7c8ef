/* SPDX-License-Identifier: MIT */
/* Turns Ctrl-C into a flag, so that a run can clean up. */
#ifndef QUELL_CLI_INTERRUPT_H
#define QUELL_CLI_INTERRUPT_H

#include <signal.h>

/* 0, or the number of the signal that asks the run to end. */
extern _Atomic sig_atomic_t interrupt_signal;

/* From here on the signals that would end the process set the flag, unless the parent had them
 * ignored, and a pipe without a reader and a limit on the file's size are errors of the write. The
 * second signal of a kind ends the process. A crash ends it, too, without the files that go. */
void interrupt_catch(void);

/* Like interrupt_catch, but no number of signals ends the process: launchers of MPI jobs, and what
 * started these, each send one, and end the process by SIGKILL themselves. */
void interrupt_catch_all(void);

/* Lets signals end the process again, because all files have their names. */
void interrupt_release(void);

/* From now on the first signal also removes the file of this name, at once: its sender may not
 * leave time for more. At most two files; NULL: none any more. */
void interrupt_removes(const char *path);

/* The name of the signal that arrived, "Ctrl-C" or "a signal (Terminated)". */
const char *interrupt_name(void);

/* Ends the process by the signal that arrived, so that a loop of a shell ends as well. */
void interrupt_end(void);

#endif
