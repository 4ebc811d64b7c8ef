/* SPDX-License-Identifier: MIT */
/* The host's settings for OpenMP, which quell's own threads follow: how many there are, on which
 * processors they run, how large their stacks are, and how they wait. */
#ifndef QUELL_ENGINE_OPENMP_H
#define QUELL_ENGINE_OPENMP_H

#include <pthread.h>
#include <stdbool.h>
#include <stddef.h>

/* Returns the upper bound on the number of threads of a run: OMP_THREAD_LIMIT. */
size_t quell_openmp_limit(void);

/* Returns how many processors these threads may use; 0 if that is not known. */
size_t quell_openmp_processors(void);

/* Returns whether idle threads sleep at once: OMP_WAIT_POLICY=passive. */
bool quell_openmp_passive(void);

/* Returns the upper bound on the stacks of OpenMP's threads, in bytes. */
size_t quell_openmp_stack(void);

/* Sets the attributes of a new thread: the stack of OMP_STACKSIZE and, with OMP_PROC_BIND, the
 * processors of its place. It is thread i of a team whose thread 0 is the calling one. */
void quell_openmp_attributes(pthread_attr_t *attributes, size_t i);

#endif
