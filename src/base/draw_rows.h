/* SPDX-License-Identifier: MIT */
/* Rows of a draw. All that a draw tells its samples one by one, their classes, conditions, negative
 * ones, seeds and indices, is cut here and nowhere else. This file is also compiled into the
 * libraries beside quell. */
#ifndef QUELL_BASE_DRAW_ROWS_H
#define QUELL_BASE_DRAW_ROWS_H

#include <stdbool.h>
#include <quell/run.h>

/* The sizes that a quell_draw has had: before it had `part` (quell_sized.earlier). */
extern const size_t quell_earlier_draws[];

/* A draw of some rows of another one, whose arrays it views. It must not be copied: draw points to
 * the conditions. */
struct quell_draw_rows {
    quell_draw draw;
    quell_condition conditions[QUELL_MAX_CONDITIONS], negative_conditions[QUELL_MAX_CONDITIONS];
};

/* Makes the draw of samples number row, ..., row + rows - 1 of `whole`, which has at most
 * QUELL_MAX_CONDITIONS conditions. They have the bits that they have in the whole. */
void quell_draw_rows(struct quell_draw_rows *part, const quell_draw *whole, size_t row,
                     size_t rows);

/* Whether each sample has a seed or an index of its own. */
static inline bool quell_draw_lists(const quell_draw *draw) { return draw->seeds || draw->indices; }

#endif
