/* SPDX-License-Identifier: MIT */
/* Which process this is: a child of fork() has its parent's memory, but not its threads. */
#ifndef QUELL_BASE_PROCESS_H
#define QUELL_BASE_PROCESS_H

#include <stdbool.h>

/* A number that differs from that of every ancestor at the time of its fork(). Data that was stored
 * with another number was made by an ancestor. Thread-safe; takes no lock, and makes no system call
 * once the number is known. It is not the process id: ids are used again, as 1 is in each new
 * namespace. */
unsigned quell_process_number(void);

/* Returns whether this process may be a child of fork() that has not executed a program since,
 * whoever forked and when; such a child has inherited whatever its parents had begun. Returns true
 * if this cannot be found out. The answer is computed once. */
bool quell_process_forked(void);

#endif
