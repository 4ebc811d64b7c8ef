/* SPDX-License-Identifier: MIT */
/* Reads the caller's draw and run, for every public function that takes them. */
#ifndef QUELL_ENGINE_GIVEN_H
#define QUELL_ENGINE_GIVEN_H

#include <stdbool.h>
#include <quell/run.h>

/* Copies what the caller gave, or the defaults for NULL, and checks each member by itself. */
quell_status quell_given(const quell_draw *draw, const quell_run *run, quell_draw *own_draw,
                         quell_run *own_run);

/* Returns whether two arrays of these sizes overlap. */
bool quell_overlap(const void *a, size_t bytes_of_a, const void *b, size_t bytes_of_b);

#endif
