/* SPDX-License-Identifier: MIT */
/* How many processors there seem to be to the library, which has no more helpers for a sample; 0:
 * those that there are (test_passes.c). */
#ifndef QUELL_TESTS_PROCESSORS_H
#define QUELL_TESTS_PROCESSORS_H

#include <stddef.h>

extern size_t seeming_processors;

#endif
