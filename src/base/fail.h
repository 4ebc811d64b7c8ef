/* SPDX-License-Identifier: MIT */
/* How quell fails: a status for the program, and one line of text for its user. */
#ifndef QUELL_BASE_FAIL_H
#define QUELL_BASE_FAIL_H

#include <quell/status.h>

/* Records the line for quell_error_message() in this thread and returns the status. Numbers are
 * written with a decimal point whatever the locale. */
__attribute__((format(printf, 2, 3))) quell_status quell_fail(quell_status status,
                                                              const char *format, ...);

/* Records "PATH: WHAT: " and the text of errno. Returns QUELL_NO_MEMORY for ENOMEM, else
 * QUELL_IO_FAILED. */
quell_status quell_fail_file(const char *path, const char *what);

/* Returns how many messages this thread has recorded. If a function of the caller's fails and this
 * number has grown during its call, the message is that function's own. */
unsigned quell_fail_count(void);

/* What a function of the caller's has returned: > 0 asks for a stop, < 0 is an error, and so is the
 * status of the last quell call that failed in it, which becomes -1. `before`: quell_fail_count()
 * before it was called. */
int quell_fail_result(int result, unsigned before);

/* Says in which sample the last failure of this thread was (quell_error_sample). Exported for
 * quell_mpi; no part of the public interface. */
QUELL_API void quell_fail_sample(uint64_t sample, size_t transition);

#endif
