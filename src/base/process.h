/* SPDX-License-Identifier: MIT */
/* Which process this is: a child of fork() has its parent's memory, but not its threads. */
#ifndef QUELL_BASE_PROCESS_H
#define QUELL_BASE_PROCESS_H

#include <stdbool.h>

/* A number that no process before this one in the line of parents had when it asked; what was noted
 * with another number belongs to a parent. Thread-safe; takes no lock, calls no system once it is
 * known. Not a process's id: these come again, as 1 in each new namespace. */
unsigned quell_process_number(void);

/* Whether it may be a child of fork() that has not executed a program since, whoever forked and when:
 * it has whatever its parents had begun. True where that cannot be found out. Found out once. */
bool quell_process_forked(void);

#endif
