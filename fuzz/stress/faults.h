/* SPDX-License-Identifier: MIT */
/* Calls of quell's own that fail now and then: the linker puts these before the system's. */
#ifndef QUELL_STRESS_FAULTS_H
#define QUELL_STRESS_FAULTS_H

#include <stdatomic.h>

/* One call in so many fails; 0: none. */
extern atomic_uint faults_of_memory, faults_of_threads;

#endif
