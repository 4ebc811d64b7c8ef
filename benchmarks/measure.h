/* SPDX-License-Identifier: MIT */
/* Timing: the median of several repeats, with its spread. */
#ifndef QUELL_BENCHMARKS_MEASURE_H
#define QUELL_BENCHMARKS_MEASURE_H

/* Seconds of one call: the least, the median and the greatest of `repeats`. */
struct measure {
    double least, median, greatest;
};

/* Calls body(data) once to warm up, then `repeats` (at most 64) times, each for at least
 * `seconds` in all by calling it again and again. */
struct measure measure(void (*body)(void *data), void *data, int repeats, double seconds);

#endif
