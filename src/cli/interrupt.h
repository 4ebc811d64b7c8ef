/* SPDX-License-Identifier: MIT */
/* Ctrl-C as a flag, so that a run can clear up after itself. */
#ifndef QUELL_CLI_INTERRUPT_H
#define QUELL_CLI_INTERRUPT_H

#include <signal.h>

/* 0, or the number of the signal that asks the run to end. */
extern _Atomic sig_atomic_t interrupt_signal;

/* From here on the signals that would end the process set the flag, unless the parent had them
 * ignored, and a pipe without a reader and a limit on the file's size are errors of the write. The
 * second signal of a kind ends the process. A crash ends it, too, without the files that go. */
void interrupt_catch(void);

/* The same, but no number of them ends the process: launchers of MPI jobs, and what started these,
 * each send one, and end with SIGKILL by themselves. */
void interrupt_catch_all(void);

/* Signals end the process again: all files have their names. */
void interrupt_release(void);

/* From now on the first signal also removes the file of this name, at once: what sent it may not
 * leave the time for more. At most two files; NULL: none any more. */
void interrupt_removes(const char *path);

/* The name of the signal that was had, "Ctrl-C" or "a signal (Terminated)". */
const char *interrupt_name(void);

/* Ends the process by the signal that it has had, so that a shell's loop ends, too. */
void interrupt_end(void);

#endif
