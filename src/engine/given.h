/* SPDX-License-Identifier: MIT */
/* The caller's draw and run, as every call that takes them reads them. */
#ifndef QUELL_ENGINE_GIVEN_H
#define QUELL_ENGINE_GIVEN_H

#include <stdbool.h>
#include <quell/run.h>

/* Copies what the caller gave, or the defaults for NULL, and checks what each of its members can
 * be alone. */
quell_status quell_given(const quell_draw *draw, const quell_run *run, quell_draw *own_draw,
                         quell_run *own_run);

/* Whether two arrays of so many bytes have some in common. */
bool quell_overlap(const void *a, size_t bytes_of_a, const void *b, size_t bytes_of_b);

#endif
