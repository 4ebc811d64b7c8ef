/* SPDX-License-Identifier: MIT */
/* What two cores of this machine take to meet, and to read what the other one has written. */
#ifndef QUELL_BENCHMARKS_TWO_CORES_H
#define QUELL_BENCHMARKS_TWO_CORES_H

#include <stddef.h>

/* Seconds of a meeting of two who have nothing else to do, and of a byte that the other one has
 * just written. Both end the program where there is no second thread. */
double two_cores_meeting(void);
double two_cores_byte(void);

/* Bytes a second that one core reads, again and again, of so many floats. */
double reading_rate(size_t count);

#endif
