/* SPDX-License-Identifier: MIT */
/* Failing: a status for the caller's program, and one line for its reader. */
#ifndef QUELL_BASE_FAIL_H
#define QUELL_BASE_FAIL_H

#include <quell/status.h>

/* Records the line for quell_error_message() in this thread and returns the status. Numbers are
 * written with a decimal point whatever the locale. */
__attribute__((format(printf, 2, 3))) quell_status quell_fail(quell_status status,
                                                              const char *format, ...);

#endif
