/* SPDX-License-Identifier: MIT */
/* What the host has set in OpenMP, which holds for quell's threads too: how many, on which
 * processors, how large their stacks are, and how they wait. */
#ifndef QUELL_ENGINE_OPENMP_H
#define QUELL_ENGINE_OPENMP_H

#include <pthread.h>
#include <stdbool.h>
#include <stddef.h>

/* At most how many threads a run may have: OMP_THREAD_LIMIT. */
size_t quell_openmp_limit(void);

/* How many processors they may use; 0 if that is not known. */
size_t quell_openmp_processors(void);

/* Whether idle threads sleep at once: OMP_WAIT_POLICY=passive. */
bool quell_openmp_passive(void);

/* How large the stacks of OpenMP's threads are, at most. */
size_t quell_openmp_stack(void);

/* Sets what a new thread should have: the stack of OMP_STACKSIZE, and, under OMP_PROC_BIND, the
 * processors of its place; thread i of a team whose thread 0 is the calling one. */
void quell_openmp_attributes(pthread_attr_t *attributes, size_t i);

#endif
