/* SPDX-License-Identifier: MIT */
/* Rows of a draw. A draw has arrays with an entry for each sample (classes, conditions, negative
 * classes and conditions, seeds, indices); they are cut into parts here and nowhere else. This file
 * is also compiled into the libraries beside quell. */
#ifndef QUELL_BASE_DRAW_ROWS_H
#define QUELL_BASE_DRAW_ROWS_H

#include <stdbool.h>
#include <quell/run.h>

/* The earlier sizes of quell_draw (quell_sized.earlier): that before it had the member `part`. */
extern const size_t quell_earlier_draws[];

/* A draw of some rows of another draw, into whose arrays it points. It must not be copied, because
 * draw.conditions points to the member of this struct. */
struct quell_draw_rows {
    quell_draw draw;
    quell_condition conditions[QUELL_MAX_CONDITIONS], negative_conditions[QUELL_MAX_CONDITIONS];
};

/* Makes a draw of the samples row, ..., row + rows - 1 of `whole`, which has at most
 * QUELL_MAX_CONDITIONS conditions. These samples have the same bits in both draws. */
void quell_draw_rows(struct quell_draw_rows *part, const quell_draw *whole, size_t row,
                     size_t rows);

/* Whether each sample has a seed or an index of its own. */
static inline bool quell_draw_lists(const quell_draw *draw) { return draw->seeds || draw->indices; }

#endif
